// Source files as read: the text behind every span.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "lang/source/span.h"
#include "lang/support/result.h"

namespace sluice {

class SourceFile {
 public:
  SourceFile(std::string path, std::string text);

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::string& text() const { return text_; }
  // The text of a 1-based line without its line end; empty when there is no such line.
  [[nodiscard]] std::string_view line(uint32_t number) const;
  [[nodiscard]] uint32_t line_count() const { return static_cast<uint32_t>(line_starts_.size()); }
  // Byte offset of a position (clamped to the text).
  [[nodiscard]] size_t offset_of(Position position) const;
  [[nodiscard]] std::string_view text_of(const Span& span) const;

 private:
  std::string path_;
  std::string text_;
  std::vector<size_t> line_starts_;
};

// All files of one compilation. Span::file indexes it; references stay valid while files are added.
class SourceMap {
 public:
  uint32_t add(std::string path, std::string text);
  // Reads a file of at most 64 MiB of UTF-8; "-" reads standard input.
  Result<uint32_t> load(const std::string& path);
  [[nodiscard]] const SourceFile& file(uint32_t index) const { return files_[index]; }
  [[nodiscard]] size_t size() const { return files_.size(); }

 private:
  std::deque<SourceFile> files_;
};

}  // namespace sluice
