// OutputFile: a file that appears under its name only when it is complete. Until then its bytes are in a file with a
// temporary name in the same directory.
//
// The temporary name tells job and attempt. Whoever opens a file for an attempt takes away what attempts before left
// there, before it makes its own. An attempt is told to commit only when all of its files are made, and the next one
// begins after that: so nothing of an attempt before can get a name any more once this one is complete, however late
// its worker wakes up, because the file system gives either the file its name or takes it away (decisions/0018).
//
// Of a job that keeps checkpoints the temporary name is the same in every life of the job, so that a later one goes on
// in the file and nothing is left of attempts that ended early.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "lang/support/result.h"
#include "runtime/io/connector.h"

namespace sluice {

// Writes all of `bytes`. `name` for messages.
[[nodiscard]] Status write_all(int file, std::string_view bytes, const std::string& name);

class OutputFile {
 public:
  // Makes the temporary file. Where `path` is a named pipe, waits for its reader, until `attempt.stop`.
  // `id`: tells the temporary file from those of others, now and in later lives; empty: it is of this attempt alone.
  [[nodiscard]] static Result<OutputFile> create(const std::string& path, const JobAttempt& attempt,
                                                 const std::string& id = {});
  // Goes on where prepare() of an earlier life was, with the same path and id: what was written behind it is cut off.
  // Where that life had committed the file already, there is nothing left to do, and the file is as committed.
  [[nodiscard]] static Result<OutputFile> resume(const std::string& path, const std::string& id,
                                                 std::string_view position);
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;
  ~OutputFile();  // aborts unless committed or prepared

  // Where it is a pipe that is full, waits for its reader, until `attempt.stop`.
  [[nodiscard]] Status write(std::string_view bytes);
  // Makes the bytes durable, and the file's temporary name, and returns what resume() needs. From then on the file
  // outlives this object unless it is aborted.
  [[nodiscard]] Result<std::string> prepare();
  // Makes the bytes durable and gives the file its name, replacing what had it.
  [[nodiscard]] Status commit();
  // A pipe or a device, where what was written has gone. Before commit().
  [[nodiscard]] bool is_device() const { return temporary_.empty() && committed_.empty(); }
  [[nodiscard]] const std::string& path() const { return path_; }
  void abort() noexcept;
  // Leaves the temporary file as it is.
  void suspend() noexcept;

 private:
  class Patience;  // with the reader of a pipe

  [[nodiscard]] static Result<OutputFile> open_device(const std::string& path, const JobAttempt& attempt);
  OutputFile(int file, std::string path, std::string temporary);
  void give_up() noexcept { is_kept_ ? suspend() : abort(); }

  int file_ = -1;
  std::string path_;
  std::string temporary_;  // empty when there is none, or none any more
  std::string committed_;  // where an earlier life had prepared it, which then committed it; empty: not so
  bool is_kept_ = false;   // somebody may go on with the temporary file
  uint64_t written_ = 0;
  std::unique_ptr<Patience> patience_;  // of a device
};

}  // namespace sluice
