#include "runtime/state/frame_rows.h"

#include <algorithm>
#include <limits>
#include <new>

#include "lang/support/saturating.h"
#include "runtime/abi/runtime_functions.h"

namespace sluice {

namespace {
constexpr size_t kFirstRing = 4;
constexpr int64_t kEnd = std::numeric_limits<int64_t>::max();
}  // namespace

FrameRows::FrameRows(uint32_t row_size, int64_t lag, bool is_timed, uint64_t* account,
                     const std::atomic<bool>& is_cancelled)
    : is_cancelled_(is_cancelled),
      writer_{nullptr, nullptr, nullptr, row_size},
      lag_(lag),
      is_timed_(is_timed),
      account_(account) {}

FrameRows::~FrameRows() {
  free_current();
  for (const auto& cell : held_) free_row(cell.row);
  for (size_t i = next_due_; i < due_.size(); ++i) free_row(due_[i].row);
  for (const auto& key : keys_)
    for (size_t i = 0; i < key->count; ++i) free_row(key->at(i).row);
}

void FrameRows::KeyRows::push(const Cell& cell) noexcept {
  if (count == ring.size()) {
    std::vector<Cell> larger(std::max(kFirstRing, 2 * ring.size()));
    for (size_t i = 0; i < count; ++i) larger[i] = at(i);
    ring = std::move(larger);
    first = 0;
  }
  ring[(first + count++) & (ring.size() - 1)] = cell;
}

// Behind the strings of a row there must be readable bytes.
abi::RowWriter* FrameRows::reserve(uint64_t heap_bytes) noexcept {
  const uint64_t size = writer_.row_size + heap_bytes;
  auto* row = static_cast<char*>(::operator new(size + abi::kStringSlack));
  *account_ += size;
  reserved_ = {row, row + size};
  writer_.row = row;
  writer_.heap = writer_.end = row + size;
  return &writer_;
}

void FrameRows::hold(int64_t time) noexcept {
  held_.push_back({reserved_, time});
  if (is_timed_) std::ranges::push_heap(held_, is_later);
}

void FrameRows::free_row(const RowCell& row) noexcept {
  *account_ -= static_cast<uint64_t>(row.end - row.row);
  ::operator delete(row.row);
}

void FrameRows::free_current() noexcept {
  if (current_.row.row != nullptr) free_row(current_.row);
  current_.row.row = nullptr;
}

bool FrameRows::is_due(int64_t watermark) const noexcept {
  if (!is_timed_ || held_.empty()) return false;
  return watermark == kEnd || saturating_add(held_.front().time, lag_) < watermark;
}

void FrameRows::collect_due(int64_t watermark, abi::RowCompare compare) noexcept {
  due_.clear();
  next_due_ = 0;
  if (!is_timed_) {
    if (watermark == kEnd) due_.swap(held_);
  } else {
    while (is_due(watermark)) {
      std::ranges::pop_heap(held_, is_later);
      due_.push_back(held_.back());
      held_.pop_back();
    }
  }
  const auto less = [compare](const Cell& a, const Cell& b) {
    return compare(a.row.row, a.row.end, b.row.row, b.row.end) < 0;
  };
  if (sort_unless_cancelled(is_cancelled_, due_, less)) return;
  held_.insert(held_.end(), due_.begin(), due_.end());  // to be freed with them
  due_.clear();
}

const FrameRows::Cell* FrameRows::next(int64_t watermark, abi::RowCompare compare) noexcept {
  free_current();
  if (next_due_ == due_.size()) collect_due(watermark, compare);
  if (next_due_ == due_.size()) return nullptr;
  current_ = due_[next_due_++];
  return &current_;
}

FrameRows::KeyRows* FrameRows::new_key(uint64_t number) noexcept {
  keys_.push_back(std::make_unique<KeyRows>());
  keys_.back()->number = number;
  return keys_.back().get();
}

void FrameRows::enter(KeyRows** key, uint64_t kept, bool in_frame) noexcept {
  if (*key == nullptr && !forgotten_.empty()) {
    *key = forgotten_.back();
    forgotten_.pop_back();
  } else if (*key == nullptr) {
    *key = new_key(keys_.size());
  }
  KeyRows& rows = **key;
  rows.push(current_);
  current_.row.row = nullptr;
  if (!in_frame) rows.left = rows.count - 1;
  while (rows.left > 0 && rows.count > kept) {
    free_row(rows.at(0).row);
    rows.first = (rows.first + 1) & (rows.ring.size() - 1);
    --rows.count;
    --rows.left;
  }
}

void FrameRows::forget(KeyRows** key) noexcept {
  if (*key == nullptr) return;
  for (size_t i = 0; i < (*key)->count; ++i) free_row((*key)->at(i).row);
  **key = KeyRows{{}, 0, 0, 0, (*key)->number};
  forgotten_.push_back(*key);
  *key = nullptr;
}

// Those that come have a time behind the watermark, less what windows above wait for late rows.
bool FrameRows::is_over(int64_t time, int64_t watermark) const noexcept {
  return saturating_add(time, lag_) < watermark;
}

FrameRows::KeyRows** FrameRows::next_of_rest(uint64_t rows, uint64_t& back) noexcept {
  while (resting_rows_ == 0) {
    if (next_resting_ == keys_.size()) return nullptr;
    resting_ = keys_[next_resting_++].get();
    resting_rows_ = std::min<uint64_t>(rows, resting_->count);
  }
  back = --resting_rows_;
  return &resting_;
}

}  // namespace sluice

namespace sluice::abi {

namespace {

FrameRows& frames_of(Ptr frames) { return *static_cast<FrameRows*>(frames); }
const GroupTable& keys_of(Ptr table) { return *static_cast<GroupTable*>(static_cast<HashTable*>(table)); }
FrameRows::KeyRows* rows_of(Ptr slot) { return *static_cast<FrameRows::KeyRows**>(slot); }

Ptr give(const RowCell& row, Ptr end) {
  *static_cast<char**>(end) = row.end;
  return row.row;
}

}  // namespace

extern "C" {

Ptr rt_frame_reserve(Ptr frames, I64 heap) noexcept { return frames_of(frames).reserve(static_cast<uint64_t>(heap)); }

void rt_frame_hold(Ptr frames, I64 time) noexcept { frames_of(frames).hold(time); }

Ptr rt_frame_next(Ptr context, Ptr frames, Ptr compare, Ptr end) noexcept {
  const auto* cell =
      frames_of(frames).next(static_cast<TaskContext*>(context)->watermark, reinterpret_cast<RowCompare>(compare));
  return cell == nullptr ? nullptr : give(cell->row, end);
}

void rt_frame_enter(Ptr frames, Ptr slot, I64 kept, I8 in_frame) noexcept {
  frames_of(frames).enter(static_cast<FrameRows::KeyRows**>(slot), static_cast<uint64_t>(kept), in_frame != 0);
}

void rt_frame_forget(Ptr frames, Ptr slot) noexcept {
  frames_of(frames).forget(static_cast<FrameRows::KeyRows**>(slot));
}

I8 rt_frame_wants_sweep(Ptr frames, Ptr table) noexcept {
  return static_cast<I8>(frames_of(frames).wants_sweep(keys_of(table)));
}

void rt_frame_swept(Ptr frames, Ptr table) noexcept { frames_of(frames).swept(keys_of(table)); }

I8 rt_frame_is_over(Ptr context, Ptr frames, I64 time) noexcept {
  return static_cast<I8>(frames_of(frames).is_over(time, static_cast<TaskContext*>(context)->watermark));
}

Ptr rt_frame_leave(Ptr slot, I64 rows, I64 time, Ptr end) noexcept {
  auto& key = *rows_of(slot);
  if (key.left + 1 == key.count) return nullptr;  // the latest row stays
  const bool is_outside =
      rows != 0 ? key.count - key.left > static_cast<uint64_t>(rows) : key.at(key.left).time <= time;
  return is_outside ? give(key.at(key.left++).row, end) : nullptr;
}

I64 rt_frame_count(Ptr slot) noexcept { return static_cast<I64>(rows_of(slot)->count - rows_of(slot)->left); }

Ptr rt_frame_rest(Ptr context, Ptr frames, I64 rows, Ptr back) noexcept {
  if (static_cast<TaskContext*>(context)->watermark != kEnd) return nullptr;
  return frames_of(frames).next_of_rest(static_cast<uint64_t>(rows), *static_cast<uint64_t*>(back));
}

Ptr rt_frame_row(Ptr slot, I64 back, Ptr end) noexcept {
  const auto& key = *rows_of(slot);
  const auto position = static_cast<uint64_t>(back);
  return position < key.count ? give(key.at(key.count - 1 - position).row, end) : nullptr;
}

}  // extern "C"

}  // namespace sluice::abi
