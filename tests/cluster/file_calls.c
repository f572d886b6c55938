// Loaded into processes by commits.py: they stop before they give a file a name that holds $STOP_AT_RENAME, and take
// seconds to bring one to the disk whose name holds $SLOW_FSYNC.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int rename(const char *from, const char *to) {
  int (*go_on)(const char *, const char *) = (int (*)(const char *, const char *))dlsym(RTLD_NEXT, "rename");
  const char *name = getenv("STOP_AT_RENAME");
  if (name != NULL && strstr(to, name) != NULL) raise(SIGSTOP);
  return go_on(from, to);
}

int fsync(int file) {
  int (*go_on)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  const char *name = getenv("SLOW_FSYNC");
  char link[64], path[4096] = "";
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  if (name != NULL && readlink(link, path, sizeof path - 1) > 0 && strstr(path, name) != NULL) sleep(5);
  return go_on(file);
}
