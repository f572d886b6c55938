// ChangedGroups: the groups of an incremental aggregate that have changed since their results were given out last, by
// when that is due. An interval has many groups, and only a few intervals are open, so the groups of one stand in a
// list.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace sluice {

class ChangedGroups {
 public:
  // Memory is added to *account.
  explicit ChangedGroups(uint64_t* account) : account_(account) {}
  ~ChangedGroups() { *account_ -= bytes_; }
  ChangedGroups(const ChangedGroups&) = delete;
  ChangedGroups& operator=(const ChangedGroups&) = delete;

  void add(char* entry, int64_t due) noexcept;
  // The next group that is due at `watermark`, earlier ones first, in the order in which they came; null: none.
  [[nodiscard]] char* next(int64_t watermark) noexcept;
  // When what next() returned last was due.
  [[nodiscard]] int64_t due() const { return due_; }
  [[nodiscard]] std::optional<int64_t> first_due() const;

  // For snapshots: where everything stands, by group and by when it is due; of one that comes several times in a list
  // the first counts. What is restored is in the lists when it has been put in order.
  struct Place {
    char* entry;
    int64_t due;
    uint64_t number;  // in the list of all that is due then
  };
  [[nodiscard]] std::vector<Place> places() const;
  void restore(const Place& place) { restored_.push_back(place); }
  void order_restored();

 private:
  struct List {
    std::vector<char*> entries;
    size_t taken = 0;
  };
  using Lists = std::map<int64_t, List>;

  uint64_t* account_;
  uint64_t bytes_ = 0;
  int64_t due_ = 0;
  Lists lists_;
  Lists::iterator latest_ = lists_.end();  // mostly the one that is added to
  std::vector<Place> restored_;
};

}  // namespace sluice
