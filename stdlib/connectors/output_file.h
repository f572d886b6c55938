// OutputFile: a file that appears under its name only when it is complete. Until then its bytes are in a file with a
// temporary name in the same directory.
//
// The temporary name tells job and attempt. Whoever opens a file for an attempt takes away what attempts before left
// there, before it makes its own. An attempt is told to commit only when all of its files are made, and the next one
// begins after that: so nothing of an attempt before can get a name any more once this one is complete, however late
// its worker wakes up, because the file system gives either the file its name or takes it away (decisions/0018).
#pragma once

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
  [[nodiscard]] static Result<OutputFile> create(const std::string& path, const JobAttempt& attempt);
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;
  ~OutputFile();  // aborts unless committed

  // Where it is a pipe that is full, waits for its reader, until `attempt.stop`.
  [[nodiscard]] Status write(std::string_view bytes);
  // Makes the bytes durable and gives the file its name, replacing what had it.
  [[nodiscard]] Status commit();
  // A pipe or a device, where what was written has gone. Before commit().
  [[nodiscard]] bool is_device() const { return temporary_.empty(); }
  [[nodiscard]] const std::string& path() const { return path_; }
  void abort() noexcept;

 private:
  class Patience;  // with the reader of a pipe

  [[nodiscard]] static Result<OutputFile> open_device(const std::string& path, const JobAttempt& attempt);
  OutputFile(int file, std::string path, std::string temporary);

  int file_ = -1;
  std::string path_;
  std::string temporary_;               // empty when there is none, or none any more
  std::unique_ptr<Patience> patience_;  // of a device
};

}  // namespace sluice
