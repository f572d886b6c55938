// RecordFormat: what lines, csv and json know about their bytes: where records end, what a file begins with, and the
// index of a chunk that generated code walks. ChunkSource does the reading for all of them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "lang/support/result.h"
#include "lang/types/type.h"
#include "runtime/io/connector.h"
#include "stdlib/connectors/csv_scanner.h"

namespace sluice {

// What a format learned at the begin of a file (the header of csv); shared by the chunks of the file.
struct FileLayout {
  std::vector<uint32_t> field_map;  // csv: field of each declared column
  uint64_t field_count = 0;         // csv: fields per record
  // What a person should know; the same words for the same finding in every file, whose name is put in front.
  std::vector<std::string> warnings;
};

class RecordFormat {
 public:
  virtual ~RecordFormat() = default;

  // Reads what stands in front of the records of a file. `data`: the file's first bytes; `is_all`: there are no more.
  // Returns how many bytes it took, or nothing when it needs more of them to tell.
  virtual Result<std::optional<uint64_t>> begin_file(const std::string& file, std::string_view data, bool is_all,
                                                     FileLayout& layout) const = 0;
  // Behind the last record that is complete, 0 when none is. `data` begins with a record and is readable up to
  // kChunkPadding behind its end.
  [[nodiscard]] virtual uint64_t boundary(std::string_view data) const = 0;
  // Asked when a record seems longer than all of `data`: can it only be malformed? `data` as for boundary.
  [[nodiscard]] virtual bool is_hopeless(std::string_view data, const FileLayout& layout) const = 0;
  // Makes the index of the chunk's bytes (view.data, view.size), which end with '\n'. Called by many threads at once.
  virtual void index(ChunkBuffer& chunk, const FileLayout& layout) const = 0;
};

[[nodiscard]] std::unique_ptr<RecordFormat> make_lines_format();
[[nodiscard]] std::unique_ptr<RecordFormat> make_csv_format(const CsvDialect& dialect, bool has_header,
                                                            Schema declared);
[[nodiscard]] std::unique_ptr<RecordFormat> make_json_format();

// Offset of the first byte that is not UTF-8, or the number of bytes when all are.
[[nodiscard]] uint64_t invalid_utf8_at(const char* data, const char* end);

// Ends the chunk's records in front of the one that holds its first byte which is not UTF-8, if there is one, and
// notes the error. For formats whose `starts` are filled and view.row_count set.
void check_utf8(ChunkBuffer& chunk);

}  // namespace sluice
