// json: one object per line. simdjson's first stage finds the structural characters and checks UTF-8 and strings;
// generated code walks them.
#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "lang/source/diagnostics.h"
#include "lang/support/invariant.h"
#include "stdlib/connectors/newlines.h"
#include "stdlib/connectors/record_format.h"
#include "stdlib/connectors/simd.h"

namespace sluice {
namespace {

using Stage1 = simdjson::internal::dom_parser_implementation;

constexpr uint64_t kKeptCapacity = 16 << 20;  // what one huge line made larger is given back

// The chunk's structural index; kept from call to call.
Stage1& stage1_of(ChunkBuffer& chunk, uint64_t size) {
  auto* stage1 = static_cast<Stage1*>(chunk.scanner.get());
  if (stage1 == nullptr || stage1->capacity() < size || (stage1->capacity() > kKeptCapacity && size < kKeptCapacity)) {
    std::unique_ptr<Stage1> made;
    const uint64_t capacity = std::max<uint64_t>(size, 64 << 10);
    const auto error = simdjson::get_active_implementation()->create_dom_parser_implementation(capacity, 1, made);
    SLUICE_INVARIANT(error == simdjson::SUCCESS, "out of memory for the index of a json chunk");
    stage1 = made.get();
    // Not shared: ChunkBuffer only cannot name the type.
    chunk.scanner = std::shared_ptr<Stage1>(std::move(made));
  }
  return *stage1;
}

// Indexes `size` bytes; EMPTY (nothing but blanks) is no error.
simdjson::error_code run_stage1(Stage1& stage1, const char* data, uint64_t size) {
  stage1.n_structural_indexes = 0;
  if (size == 0) return simdjson::SUCCESS;
  const auto error = stage1.stage1(reinterpret_cast<const uint8_t*>(data), size, simdjson::stage1_mode::regular);
  if (error == simdjson::EMPTY) {
    stage1.n_structural_indexes = 0;
    return simdjson::SUCCESS;
  }
  return error;
}

class JsonFormat final : public RecordFormat {
 public:
  Result<std::optional<uint64_t>> begin_file(const std::string&, std::string_view, bool, FileLayout&) const override {
    return uint64_t{0};
  }
  uint64_t boundary(std::string_view data) const override { return behind_last_newline(data.data(), data.size()); }
  bool is_hopeless(std::string_view, const FileLayout&) const override { return false; }

  void index(ChunkBuffer& chunk, const FileLayout&) const override {
    Stage1& stage1 = stage1_of(chunk, chunk.view.size);
    uint64_t lines = find_newlines(chunk.view.data, chunk.view.size, chunk.line_ends);
    if (run_stage1(stage1, chunk.view.data, chunk.view.size) != simdjson::SUCCESS)
      lines = stop_at_fault(chunk, stage1, lines);
    chunk.view.index = stage1.structural_indexes.get();
    chunk.view.index_count = stage1.n_structural_indexes;
    chunk.view.row_count = drop_blank_lines(chunk, lines);
    chunk.view.starts = chunk.starts.data();
    chunk.view.line_ends = chunk.line_ends.data();
  }

 private:
  // Finds the first line that simdjson refuses, indexes those before it and returns their number.
  static uint64_t stop_at_fault(ChunkBuffer& chunk, Stage1& stage1, uint64_t lines) {
    uint64_t start = 0;
    uint64_t line = 0;
    auto error = simdjson::SUCCESS;
    for (; line < lines && error == simdjson::SUCCESS; ++line) {
      const uint64_t behind = uint64_t{chunk.line_ends[line]} + 1;
      error = run_stage1(stage1, chunk.view.data + start, behind - start);
      if (error != simdjson::SUCCESS) break;
      start = behind;
    }
    const auto again = run_stage1(stage1, chunk.view.data, start);
    SLUICE_INVARIANT(again == simdjson::SUCCESS && error != simdjson::SUCCESS, "json lines differ from their chunk");
    note_fault(chunk, start, error);
    return line;
  }

  static void note_fault(ChunkBuffer& chunk, uint64_t start, simdjson::error_code error) {
    chunk.error_position = start;
    if (error == simdjson::UTF8_ERROR) {
      chunk.error_code = diag::R0204.code;
      chunk.error_message = diag::R0204.format;
      chunk.error_position += invalid_utf8_at(chunk.view.data + start, chunk.view.data + chunk.view.size);
      return;
    }
    std::string_view what = "simdjson cannot read it";
    if (error == simdjson::UNCLOSED_STRING) what = "the line ends inside of a string";
    if (error == simdjson::UNESCAPED_CHARS)
      what = "a control character stands in a string; write it as \\n, \\t or \\u00XX";
    chunk.error_code = diag::R0205.code;
    chunk.error_message = fmt::format(fmt::runtime(diag::R0205.format), what);
  }

  // Fills `starts`; lines of blanks alone are taken out of `line_ends`.
  static uint64_t drop_blank_lines(ChunkBuffer& chunk, uint64_t lines) {
    ensure_size(chunk.starts, lines + 1);
    const char* data = chunk.view.data;
    uint64_t kept = 0;
    uint32_t start = 0;
    for (uint64_t line = 0; line < lines; ++line) {
      const uint32_t end = chunk.line_ends[line];
      uint32_t first = start;
      while (first < end && (data[first] == ' ' || data[first] == '\t' || data[first] == '\r')) ++first;
      if (first < end) {
        chunk.starts[kept] = start;
        chunk.line_ends[kept++] = end;
      }
      start = end + 1;
    }
    return kept;
  }
};

}  // namespace

std::unique_ptr<RecordFormat> make_json_format() { return std::make_unique<JsonFormat>(); }

}  // namespace sluice
