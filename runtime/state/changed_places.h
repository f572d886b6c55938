// ChangedPlaces: where groups, rankings and sessions stand in the lists of what has changed, for snapshots: it is saved
// with each of them. A place may be left out only where nothing stands in a list.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "runtime/checkpoint/bytes.h"
#include "runtime/state/changed_groups.h"

namespace sluice {

class ChangedPlaces {
 public:
  static constexpr int64_t kAnyTime = std::numeric_limits<int64_t>::min();

  // `changed` may be null: then nothing has changed.
  explicit ChangedPlaces(ChangedGroups* changed) : changed_(changed) {}

  // Before anything is saved; nothing changes meanwhile.
  void look_up();
  // Where it stands in the list of what is due then, or in the first one.
  void save(const void* what, int64_t due, ByteWriter& out) const;
  // False: nothing can stand there.
  [[nodiscard]] bool load(ByteReader& in, void* what) const;

 private:
  ChangedGroups* changed_;
  std::vector<ChangedGroups::Place> places_;
};

}  // namespace sluice
