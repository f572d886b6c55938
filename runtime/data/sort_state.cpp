#include "runtime/data/sort_state.h"

#include "runtime/abi/runtime_functions.h"

namespace sluice {

namespace {
constexpr size_t kFirstBytes = size_t{64} << 10;
}

SortState::SortState(uint32_t row_size, uint64_t* account, const std::atomic<bool>& is_cancelled)
    : is_cancelled_(is_cancelled), rows_(row_size, kFirstBytes, account) {}

uint64_t SortState::finish(abi::RowCompare compare) noexcept {
  const auto less = [compare](const RowCell& a, const RowCell& b) { return compare(a.row, a.end, b.row, b.end) < 0; };
  return sort_unless_cancelled(is_cancelled_, order_, less) ? order_.size() : 0;
}

}  // namespace sluice

namespace sluice::abi {

extern "C" {

Ptr rt_sort_reserve(Ptr, Ptr sorter, I64 heap) noexcept {
  return static_cast<SortState*>(sorter)->reserve(static_cast<uint64_t>(heap));
}

void rt_sort_commit(Ptr, Ptr sorter) noexcept { static_cast<SortState*>(sorter)->commit(); }

I64 rt_sort_finish(Ptr, Ptr sorter, Ptr compare) noexcept {
  return static_cast<I64>(static_cast<SortState*>(sorter)->finish(reinterpret_cast<RowCompare>(compare)));
}

Ptr rt_sort_row(Ptr sorter, I64 position, Ptr end) noexcept {
  const RowCell cell = static_cast<SortState*>(sorter)->row(static_cast<uint64_t>(position));
  *static_cast<char**>(end) = cell.end;
  return cell.row;
}

}  // extern "C"

}  // namespace sluice::abi
