#include "lang/source/source_file.h"

#include <sys/stat.h>
#include <cerrno>
#include <cstdio>
#include <memory>

namespace sluice {

namespace {

constexpr size_t kMaxSourceBytes = size_t{64} << 20;

Result<std::string> read_all(std::FILE* stream, const std::string& path) {
  std::string text;
  char buffer[1 << 16];
  while (size_t n = std::fread(buffer, 1, sizeof buffer, stream)) {
    text.append(buffer, n);
    if (text.size() > kMaxSourceBytes)
      return user_error(path + " is larger than 64 MiB: is it really a .flow program?");
  }
  if (std::ferror(stream)) return system_error("cannot read " + path, errno);
  return text;
}

}  // namespace

SourceFile::SourceFile(std::string path, std::string text) : path_(std::move(path)), text_(std::move(text)) {
  line_starts_.push_back(0);
  for (size_t i = 0; i < text_.size(); ++i)
    if (text_[i] == '\n') line_starts_.push_back(i + 1);
}

std::string_view SourceFile::line(uint32_t number) const {
  if (number == 0 || number > line_starts_.size()) return {};
  const size_t begin = line_starts_[number - 1];
  size_t end = number < line_starts_.size() ? line_starts_[number] - 1 : text_.size();
  if (end > begin && text_[end - 1] == '\r') --end;
  return std::string_view(text_).substr(begin, end - begin);
}

size_t SourceFile::offset_of(Position position) const {
  if (position.line == 0) return 0;
  if (position.line > line_starts_.size()) return text_.size();
  return std::min(text_.size(), line_starts_[position.line - 1] + position.column - 1);
}

std::string_view SourceFile::text_of(const Span& span) const {
  const size_t begin = offset_of(span.begin);
  const size_t end = std::max(begin, offset_of(span.end));
  return std::string_view(text_).substr(begin, end - begin);
}

uint32_t SourceMap::add(std::string path, std::string text) {
  files_.emplace_back(std::move(path), std::move(text));
  return static_cast<uint32_t>(files_.size() - 1);
}

Result<uint32_t> SourceMap::load(const std::string& path) {
  if (path == "-") {
    SLUICE_ASSIGN(auto text, read_all(stdin, "standard input"));
    return add("<stdin>", std::move(text));
  }
  struct stat info{};
  if (::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode))
    return user_error(path + " is a directory; name the .flow file in it, for example " + path + "/pipeline.flow");
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> stream(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (!stream) return system_error("cannot open " + path, errno);
  SLUICE_ASSIGN(auto text, read_all(stream.get(), path));
  return add(path, std::move(text));
}

}  // namespace sluice
