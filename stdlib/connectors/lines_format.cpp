#include "stdlib/connectors/newlines.h"
#include "stdlib/connectors/record_format.h"
#include "stdlib/connectors/simd.h"

namespace sluice {
namespace {

class LinesFormat final : public RecordFormat {
 public:
  Result<std::optional<uint64_t>> begin_file(const std::string&, std::string_view, bool, FileLayout&) const override {
    return uint64_t{0};
  }
  uint64_t boundary(std::string_view data) const override { return behind_last_newline(data.data(), data.size()); }
  bool is_hopeless(std::string_view, const FileLayout&) const override { return false; }

  void index(ChunkBuffer& chunk, const FileLayout&) const override {
    const char* data = chunk.view.data;
    const uint64_t count = find_newlines(data, chunk.view.size, chunk.index);
    ensure_size(chunk.starts, count + 1);
    uint32_t start = 0;
    for (uint64_t row = 0; row < count; ++row) {
      const uint32_t end = chunk.index[row];
      chunk.starts[row] = start;
      chunk.index[row] = end - (end > start && data[end - 1] == '\r' ? 1 : 0);
      start = end + 1;
    }
    chunk.view.index = chunk.index.data();
    chunk.view.index_count = count;
    chunk.view.starts = chunk.starts.data();
    chunk.view.row_count = count;
    check_utf8(chunk);
  }
};

}  // namespace

std::unique_ptr<RecordFormat> make_lines_format() { return std::make_unique<LinesFormat>(); }

}  // namespace sluice
