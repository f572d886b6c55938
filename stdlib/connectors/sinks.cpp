#include "stdlib/connectors/sinks.h"

#include <dirent.h>
#include <fmt/format.h>

#include <optional>
#include <string_view>
#include <utility>

#include "lang/support/invariant.h"
#include "stdlib/connectors/output_file.h"

namespace sluice {
namespace {

class FileSink final : public Sink {
 public:
  // Without a file: resume() opens it.
  FileSink(std::optional<OutputFile> file, std::string path, std::string id)
      : file_(std::move(file)), path_(std::move(path)), id_(std::move(id)) {}

  Status write(std::string_view bytes) override { return opened().write(bytes); }
  Status commit() override { return opened().commit(); }
  void abort() noexcept override {
    if (file_) file_->abort();
  }
  Result<std::string> prepare() override { return opened().prepare(); }
  Status resume(std::string_view position) override {
    SLUICE_INVARIANT(!file_ && !id_.empty(), path_ + " is open already");
    SLUICE_ASSIGN(OutputFile resumed, OutputFile::resume(path_, id_, position));
    file_.emplace(std::move(resumed));
    return {};
  }
  void suspend() noexcept override {
    if (file_) file_->suspend();
  }
  [[nodiscard]] std::string file() const override { return !file_ || file_->is_device() ? "" : file_->path(); }
  [[nodiscard]] bool is_final() const override { return file_ && file_->is_device(); }

 private:
  OutputFile& opened() {
    SLUICE_INVARIANT(file_.has_value(), path_ + " is written to before it was resumed");
    return *file_;
  }

  std::optional<OutputFile> file_;
  const std::string path_;
  const std::string id_;
};

// What was written to standard output cannot be taken back; the header waits for the first row or a good end.
class OutputSink final : public Sink {
 public:
  OutputSink(OutputPlace output, std::string header) : output_(std::move(output)), header_(std::move(header)) {}
  Status write(std::string_view bytes) override {
    SLUICE_TRY(write_header());
    return output_.write(bytes, header_);
  }
  Status commit() override {
    SLUICE_TRY(write_header());
    return output_.finish();
  }
  void abort() noexcept override {}

 private:
  Status write_header() {
    if (std::exchange(has_header_, true)) return {};
    return output_.write(header_, header_);
  }

  const OutputPlace output_;
  const std::string header_;
  bool has_header_ = false;
};

class JsonRowsSink final : public Sink {
 public:
  explicit JsonRowsSink(OutputPlace output) : output_(std::move(output)) {}
  Status write(std::string_view bytes) override {
    text_.clear();
    while (!bytes.empty()) {
      const size_t end = bytes.find('\n');
      text_ += R"({"v":1,"type":"row","data":)";
      text_ += bytes.substr(0, end);
      text_ += "}\n";
      bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
    }
    return output_.write(text_);
  }
  Status commit() override { return output_.finish(); }
  void abort() noexcept override {}

 private:
  const OutputPlace output_;
  std::string text_;
};

class BlackholeSink final : public Sink {
 public:
  Status write(std::string_view) override { return {}; }
  Status commit() override { return {}; }
  void abort() noexcept override {}
  Result<std::string> prepare() override { return std::string(); }
  Status resume(std::string_view) override { return {}; }
};

// Parts of an earlier run, perhaps one with more tasks, would mix with those of this run. (Those of an earlier attempt
// have the same names, and are replaced.)
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

std::unique_ptr<Sink> make_output_sink(OutputPlace output, std::string header) {
  return std::make_unique<OutputSink>(std::move(output), std::move(header));
}

Result<std::unique_ptr<Sink>> make_file_sink(FileTarget target, const JobAttempt& attempt) {
  if (target.path.empty()) return user_error("the path to write to is empty");
  std::string name = target.path;
  if (target.path.ends_with('/')) name += fmt::format("part-{:05}.{}", target.task, target.extension);
  // The parts in the directory may be those of this job, which was committing them when it ended.
  if (target.is_resumed) return std::make_unique<FileSink>(std::nullopt, std::move(name), std::move(target.id));
  if (target.path.ends_with('/') && !attempt.has_committed) SLUICE_TRY(check_no_parts(target.path));
  SLUICE_ASSIGN(OutputFile file, OutputFile::create(name, attempt, target.id));
  SLUICE_TRY(file.write(target.header));
  return std::make_unique<FileSink>(std::move(file), std::move(name), std::move(target.id));
}

std::unique_ptr<Sink> make_json_rows_sink(OutputPlace output) {
  return std::make_unique<JsonRowsSink>(std::move(output));
}
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
