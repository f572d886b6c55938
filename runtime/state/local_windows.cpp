#include "runtime/state/local_windows.h"

#include "lang/support/civil_time.h"
#include "lang/support/invariant.h"
#include "runtime/abi/runtime_functions.h"

namespace sluice {

namespace {

TimeZone zone_of(const WindowShape& shape) {
  auto zone = TimeZone::find(shape.zone);
  SLUICE_INVARIANT(zone.has_value(), "the time zone " + shape.zone + " was there when the program was checked");
  return std::move(*zone);
}

}  // namespace

LocalWindows::LocalWindows(const WindowShape& shape) : abi::LocalWindows{}, shape_(shape), zone_(zone_of(shape)) {
  find(0);
}

void LocalWindows::find(int64_t time) noexcept {
  bounds_.assign(2, 0);  // generated code looks at the last one even when there is none
  if (shape_.kind == WindowKind::Cumulate) {
    find_cumulate(time);
  } else {
    find_hop(time);
  }
  bounds = bounds_.data() + 2;
  count = static_cast<int64_t>(bounds_.size() / 2) - 1;
}

// Where the clock skips the end of one window and that of the next, both end with the same moment: that is one window.
void LocalWindows::add(int64_t start, int64_t end) noexcept {
  const size_t last = bounds_.size() - 2;
  if (last != 0 && bounds_[last] == start && bounds_[last + 1] == end) return;
  bounds_.push_back(start);
  bounds_.push_back(end);
}

// Window number n begins when the clock gets to n steps, and ends when it gets `size` further.
void LocalWindows::find_hop(int64_t time) noexcept {
  const int64_t local = zone_.reached(time) - shape_.offset;
  const auto start_of = [&](int64_t n) { return moment(n * shape_.step); };
  const auto end_of = [&](int64_t n) { return moment(n * shape_.step + shape_.size); };
  const int64_t last = floor_div(local, shape_.step);
  const int64_t first = floor_div(local - shape_.size, shape_.step) + 1;
  for (int64_t n = first; n <= last; ++n) add(start_of(n), end_of(n));
  from = std::max(start_of(last), end_of(first - 1));
  until = std::min(start_of(last + 1), end_of(first));
}

void LocalWindows::find_cumulate(int64_t time) noexcept {
  const int64_t local = zone_.reached(time) - shape_.offset;
  const int64_t begin = floor_div(local, shape_.size) * shape_.size;
  const int64_t first = floor_div(local - begin, shape_.step) + 1;
  const int64_t start = moment(begin);
  for (int64_t n = first; n <= shape_.size / shape_.step; ++n) add(start, moment(begin + n * shape_.step));
  from = first == 1 ? start : moment(begin + (first - 1) * shape_.step);
  until = moment(begin + first * shape_.step);
}

}  // namespace sluice

namespace sluice::abi {

extern "C" void rt_local_windows(Ptr windows, I64 time) noexcept {
  static_cast<sluice::LocalWindows*>(static_cast<LocalWindows*>(windows))->find(time);
}

}  // namespace sluice::abi
