#include "runtime/state/changed_places.h"

#include <algorithm>
#include <tuple>

namespace sluice {

void ChangedPlaces::look_up() {
  if (changed_ != nullptr) places_ = changed_->places();
}

void ChangedPlaces::save(const void* what, int64_t due, ByteWriter& out) const {
  using Key = std::tuple<const void*, int64_t>;
  const auto key_of = [](const ChangedGroups::Place& place) { return Key(place.entry, place.due); };
  const auto place = std::ranges::lower_bound(places_, Key(what, due), {}, key_of);
  const bool is_there = place != places_.end() && place->entry == what;
  out.i64(is_there ? place->due : due);
  out.u64(is_there ? place->number : 0);
}

bool ChangedPlaces::load(ByteReader& in, void* what) const {
  const int64_t due = in.i64();
  const uint64_t number = in.u64();
  if (!in.is_well() || changed_ == nullptr) return false;
  changed_->restore({static_cast<char*>(what), due, number});
  return true;
}

}  // namespace sluice
