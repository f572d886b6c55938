// Typed ids and the vectors they index, so that a node id cannot be used where a stage id is meant.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace sluice {

template <class Tag>
struct Id {
  static constexpr uint32_t kNone = 0xffffffffu;
  uint32_t value = kNone;

  constexpr Id() = default;
  constexpr explicit Id(size_t index) : value(static_cast<uint32_t>(index)) {}
  [[nodiscard]] constexpr bool is_valid() const { return value != kNone; }
  constexpr auto operator<=>(const Id&) const = default;
};

// A vector whose positions are ids of one kind. Elements are appended, never removed.
template <class IdType, class T>
class IdVector {
 public:
  IdType add(T value) {
    items_.push_back(std::move(value));
    return IdType(items_.size() - 1);
  }
  [[nodiscard]] T& operator[](IdType id) { return items_[id.value]; }
  [[nodiscard]] const T& operator[](IdType id) const { return items_[id.value]; }
  [[nodiscard]] size_t size() const { return items_.size(); }
  [[nodiscard]] bool contains(IdType id) const { return id.value < items_.size(); }
  [[nodiscard]] auto begin() { return items_.begin(); }
  [[nodiscard]] auto end() { return items_.end(); }
  [[nodiscard]] auto begin() const { return items_.begin(); }
  [[nodiscard]] auto end() const { return items_.end(); }
  bool operator==(const IdVector&) const = default;

 private:
  std::vector<T> items_;
};

}  // namespace sluice
