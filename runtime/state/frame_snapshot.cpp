// How the rows of frames are saved and loaded: those of a key with what is known of it, those that wait one by one.
#include <algorithm>
#include <cstring>

#include "runtime/checkpoint/bytes.h"
#include "runtime/state/frame_rows.h"

namespace sluice {

void FrameRows::save_row(const Cell& cell, ByteWriter& out) {
  out.i64(cell.time);
  out.text({cell.row.row, static_cast<size_t>(cell.row.end - cell.row.row)});
}

bool FrameRows::load_row(ByteReader& in, const RowCheck& rows, Cell& cell) {
  cell.time = in.i64();
  const std::string_view row = in.text();
  if (!in.is_well() || !rows.is_valid(row)) return false;
  std::memcpy(reserve(row.size() - rows.row_size())->row, row.data(), row.size());
  cell.row = reserved_;
  return true;
}

void FrameRows::save_key(const KeyRows* key, ByteWriter& out) {
  out.u8(key != nullptr ? 1 : 0);
  if (key == nullptr) return;
  out.u64(key->number);
  out.u64(key->count);
  out.u64(key->left);
  for (size_t i = 0; i < key->count; ++i) save_row(key->at(i), out);
}

bool FrameRows::load_key(KeyRows** key, ByteReader& in, const RowCheck& rows) {
  if (in.u8() == 0) return in.is_well();
  KeyRows* made = new_key(in.u64());
  const uint64_t count = in.u64();
  const uint64_t left = in.u64();
  // The latest row of a key never leaves its frame.
  if (!in.is_well() || count > in.left() || left >= count) return false;
  for (uint64_t i = 0; i < count; ++i) {
    Cell cell{};
    if (!load_row(in, rows, cell)) return false;
    made->push(cell);
  }
  made->left = left;
  *key = made;
  return true;
}

void FrameRows::order_keys() {
  std::ranges::stable_sort(keys_, {}, [](const auto& key) { return key->number; });
  for (size_t i = 0; i < keys_.size(); ++i) keys_[i]->number = i;
}

bool FrameRows::load_held(ByteReader& in, const RowCheck& rows) {
  Cell cell{};
  if (!load_row(in, rows, cell)) return false;
  hold(cell.time);
  return true;
}

}  // namespace sluice
