#include "stdlib/connectors/sinks.h"

#include <dirent.h>
#include <fmt/format.h>
#include <unistd.h>

#include <string_view>

#include "stdlib/connectors/output_file.h"

namespace sluice {
namespace {

class FileSink final : public Sink {
 public:
  explicit FileSink(OutputFile file) : file_(std::move(file)) {}
  Status write(std::string_view bytes) override { return file_.write(bytes); }
  Status commit() override { return file_.commit(); }
  void abort() noexcept override { file_.abort(); }

 private:
  OutputFile file_;
};

// What was written to standard output cannot be taken back; the header waits for the first row or a good end.
class OutputSink final : public Sink {
 public:
  explicit OutputSink(std::string header) : header_(std::move(header)) {}
  Status write(std::string_view bytes) override {
    SLUICE_TRY(write_header());
    return write_all(STDOUT_FILENO, bytes, "standard output");
  }
  Status commit() override { return write_header(); }
  void abort() noexcept override {}

 private:
  Status write_header() {
    const std::string header = std::exchange(header_, {});
    return write_all(STDOUT_FILENO, header, "standard output");
  }
  std::string header_;
};

class JsonRowsSink final : public Sink {
 public:
  Status write(std::string_view bytes) override {
    text_.clear();
    while (!bytes.empty()) {
      const size_t end = bytes.find('\n');
      text_ += R"({"v":1,"type":"row","data":)";
      text_ += bytes.substr(0, end);
      text_ += "}\n";
      bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
    }
    return write_all(STDOUT_FILENO, text_, "standard output");
  }
  Status commit() override { return {}; }
  void abort() noexcept override {}

 private:
  std::string text_;
};

class BlackholeSink final : public Sink {
 public:
  Status write(std::string_view) override { return {}; }
  Status commit() override { return {}; }
  void abort() noexcept override {}
};

// Parts of an earlier run, perhaps one with more tasks, would mix with those of this run.
Status check_no_parts(const std::string& directory) {
  DIR* stream = ::opendir(directory.c_str());
  if (stream == nullptr) return {};  // making the file in it says what is wrong
  std::string part;
  while (const dirent* entry = ::readdir(stream))
    if (std::string_view(entry->d_name).starts_with("part-")) part = entry->d_name;
  ::closedir(stream);
  if (part.empty()) return {};
  return user_error(fmt::format("{} holds results of an earlier run ({}); remove them first", directory, part));
}

}  // namespace

Result<std::unique_ptr<Sink>> make_file_sink(const std::string& path, const std::string& extension, uint32_t task,
                                             std::string header) {
  if (path.empty()) return user_error("the path to write to is empty");
  if (path == "-") return std::make_unique<OutputSink>(std::move(header));
  std::string name = path;
  if (path.ends_with('/')) {
    SLUICE_TRY(check_no_parts(path));
    name += fmt::format("part-{:05}.{}", task, extension);
  }
  SLUICE_ASSIGN(OutputFile file, OutputFile::create(name));
  SLUICE_TRY(file.write(header));
  return std::make_unique<FileSink>(std::move(file));
}

std::unique_ptr<Sink> make_json_rows_sink() { return std::make_unique<JsonRowsSink>(); }
std::unique_ptr<Sink> make_blackhole_sink() { return std::make_unique<BlackholeSink>(); }

std::string csv_header(const Schema& schema, char delimiter) {
  std::string header;
  for (const auto& field : schema.fields) {
    if (!header.empty()) header += delimiter;
    if (field.name.find_first_of(std::string{delimiter, '"', '\n', '\r'}) == std::string::npos) {
      header += field.name;
      continue;
    }
    header += '"';
    for (const char c : field.name) header += c == '"' ? "\"\"" : std::string(1, c);
    header += '"';
  }
  return header + "\n";
}

}  // namespace sluice
