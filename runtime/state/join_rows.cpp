#include "runtime/state/join_rows.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "runtime/abi/kernel_abi.h"
#include "runtime/abi/runtime_functions.h"
#include "runtime/state/group_table.h"

namespace sluice {

namespace {

bool comes_before(const abi::JoinCell* a, const abi::JoinCell* b) {
  const int order = std::memcmp(a + 1, b + 1, std::min(a->size, b->size));
  return order != 0 ? order < 0 : a->size < b->size;
}

}  // namespace

abi::JoinCell* sorted_by_bytes(abi::JoinCell* first) noexcept {
  if (first == nullptr || first->next == nullptr) return first;
  std::vector<abi::JoinCell*> cells;
  for (auto* cell = first; cell != nullptr; cell = cell->next) cells.push_back(cell);
  std::ranges::sort(cells, comes_before);
  for (size_t i = 0; i + 1 < cells.size(); ++i) cells[i]->next = cells[i + 1];
  cells.back()->next = nullptr;
  return cells.front();
}

abi::JoinCell* remove_equal(abi::JoinCell** first, const abi::JoinCell& cell) noexcept {
  for (auto** link = first; *link != nullptr; link = &(*link)->next) {
    if ((*link)->size != cell.size || std::memcmp(*link + 1, &cell + 1, cell.size) != 0) continue;
    return std::exchange(*link, (*link)->next);
  }
  return nullptr;
}

}  // namespace sluice

namespace sluice::abi {

extern "C" {

Ptr rt_join_cell(Ptr table, I64 size) noexcept {
  return static_cast<GroupTable*>(static_cast<HashTable*>(table))->room(static_cast<uint64_t>(size));
}

void rt_join_remove(Ptr context, Ptr table, Ptr chain, Ptr cell) noexcept {
  auto* removed = remove_equal(static_cast<JoinCell**>(chain), *static_cast<const JoinCell*>(cell));
  if (removed == nullptr)
    return raise_text(static_cast<TaskContext*>(context), "a join takes back a row that it does not hold");
  static_cast<GroupTable*>(static_cast<HashTable*>(table))
      ->give_back(reinterpret_cast<char*>(removed), sizeof(JoinCell) + removed->size);
}

void rt_join_sort(Ptr chain) noexcept {
  auto** first = static_cast<JoinCell**>(chain);
  *first = sorted_by_bytes(*first);
}

}  // extern "C"

}  // namespace sluice::abi
