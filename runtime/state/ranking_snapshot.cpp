// How rankings are saved and loaded: all their rows in order, and a copy of those that were shown last.
#include <cstring>

#include "runtime/checkpoint/bytes.h"
#include "runtime/data/ranking.h"

namespace sluice {

void Ranking::save_rows(const std::vector<RowCell>& cells, ByteWriter& out) {
  out.u64(cells.size());
  for (const auto& cell : cells) out.text({cell.row, static_cast<size_t>(cell.end - cell.row)});
}

bool Ranking::load_rows(std::vector<RowCell>& cells, ByteReader& in, const RowCheck& rows) {
  const uint64_t count = in.u64();
  if (!in.is_well() || count > in.left()) return false;
  for (uint64_t i = 0; i < count; ++i) {
    const std::string_view row = in.text();
    if (!in.is_well() || !rows.is_valid(row)) return false;
    std::memcpy(reserve(row.size() - rows.row_size())->row, row.data(), row.size());
    cells.push_back(latest_);
  }
  return true;
}

void Ranking::save(ByteWriter& out) const {
  save_rows(rows_, out);
  save_rows(given_, out);
  out.u8(is_listed_ ? 1 : 0);
  out.i64(due_);
}

bool Ranking::load(ByteReader& in, const RowCheck& rows) {
  if (!load_rows(rows_, in, rows) || !load_rows(given_, in, rows)) return false;
  const uint8_t is_listed = in.u8();
  is_listed_ = is_listed != 0;
  due_ = in.i64();
  return in.is_well() && is_listed <= 1;
}

}  // namespace sluice
