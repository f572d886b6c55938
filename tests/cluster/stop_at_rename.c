// Loaded into a worker by commits.py: the process stops before it gives a file a name that holds $STOP_AT_RENAME.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

int rename(const char *from, const char *to) {
  int (*go_on)(const char *, const char *) = (int (*)(const char *, const char *))dlsym(RTLD_NEXT, "rename");
  const char *name = getenv("STOP_AT_RENAME");
  if (name != NULL && strstr(to, name) != NULL) raise(SIGSTOP);
  return go_on(from, to);
}
