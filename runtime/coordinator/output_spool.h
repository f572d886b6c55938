// OutputSpool: what the `print` sinks of a job have written, kept for clients: a little in memory, more in a file that
// has no name, so that nobody else reads it and nothing of it stays behind when the process ends in any way.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "lang/support/result.h"

namespace sluice {

class OutputSpool {
 public:
  static constexpr uint64_t kMostInMemory = 64 << 10;
  static constexpr uint64_t kMostBytes = uint64_t{16} << 30;

  // `directory`: where the file is made when one is needed.
  explicit OutputSpool(std::string directory, uint64_t most_bytes = kMostBytes);
  ~OutputSpool();
  OutputSpool(OutputSpool&& other) noexcept;
  OutputSpool& operator=(OutputSpool&& other) noexcept;
  OutputSpool(const OutputSpool&) = delete;
  OutputSpool& operator=(const OutputSpool&) = delete;

  // An error: there is no room. What was appended before stays readable.
  Status append(std::string_view rows);
  // At most `most` bytes from there on.
  [[nodiscard]] Result<std::string> read(uint64_t from, uint64_t most) const;
  [[nodiscard]] uint64_t size() const { return size_; }
  // The job begins anew.
  void clear();

 private:
  Status open_file();
  Status write(std::string_view rows);

  std::string directory_;
  uint64_t most_bytes_;
  uint64_t size_ = 0;
  std::string memory_;  // all of it, while there is no file
  int file_ = -1;
};

}  // namespace sluice
