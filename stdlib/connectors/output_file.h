// OutputFile: a file that appears under its name only when it is complete. Until then its bytes are in a file with a
// temporary name in the same directory.
#pragma once

#include <stop_token>
#include <string>
#include <string_view>

#include "lang/support/result.h"

namespace sluice {

// Writes all of `bytes`. `name` for messages.
[[nodiscard]] Status write_all(int file, std::string_view bytes, const std::string& name);

class OutputFile {
 public:
  // Makes the temporary file. Where `path` is a named pipe, waits for its reader, until `stop`.
  [[nodiscard]] static Result<OutputFile> create(const std::string& path, const std::stop_token& stop);
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;
  ~OutputFile();  // aborts unless committed

  [[nodiscard]] Status write(std::string_view bytes) { return write_all(file_, bytes, path_); }
  // Makes the bytes durable and gives the file its name, replacing what had it.
  [[nodiscard]] Status commit();
  // A pipe or a device, where what was written has gone. Before commit().
  [[nodiscard]] bool is_device() const { return temporary_.empty(); }
  void abort() noexcept;

 private:
  [[nodiscard]] static Result<OutputFile> open_device(const std::string& path, const std::stop_token& stop);
  OutputFile(int file, std::string path, std::string temporary)
      : file_(file), path_(std::move(path)), temporary_(std::move(temporary)) {}

  int file_ = -1;
  std::string path_;
  std::string temporary_;  // empty when there is none, or none any more
};

}  // namespace sluice
