// Tournament: which of several sorted runs has the smallest head. Between equal heads the run with the lower number
// comes first. A head costs one comparison per doubling of the runs, without a branch to guess (the tree of losers of
// Knuth, The Art of Computer Programming, volume 3, 5.4.1). Used by SharedPanes.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <utility>
#include <vector>

namespace sluice {

class Tournament {
 public:
  // The heads of the runs, by number; at least one.
  void begin(const std::vector<uint64_t>& heads) {
    const size_t leaves = std::bit_ceil(heads.size());
    losers_.assign(leaves, {});
    std::vector<Head> winners(2 * leaves, {~uint64_t{0}, kEnded});
    for (size_t run = 0; run < heads.size(); ++run) winners[leaves + run] = {heads[run], run};
    for (size_t node = leaves - 1; node >= 1; --node) {
      const auto [winner, loser] = std::minmax(winners[2 * node], winners[2 * node + 1]);
      winners[node] = winner;
      losers_[node] = loser;
    }
    winner_ = winners[1];
  }

  [[nodiscard]] bool is_over() const { return winner_.run >= kEnded; }
  [[nodiscard]] uint64_t head() const { return winner_.value; }
  [[nodiscard]] size_t run() const { return winner_.run; }
  // The next head of that run, or its end.
  void replace(uint64_t head) { replay({head, winner_.run}); }
  void end_run() { replay({~uint64_t{0}, winner_.run + kEnded}); }

 private:
  static constexpr uint64_t kEnded = uint64_t{1} << 63;
  struct Head {
    uint64_t value = 0;
    uint64_t run = 0;
    auto operator<=>(const Head&) const = default;
  };
  void replay(Head contender) {
    for (size_t node = (losers_.size() + contender.run % kEnded) / 2; node >= 1; node /= 2) {
      Head& loser = losers_[node];
      const bool loses = loser < contender;
      const Head beaten = loses ? contender : loser;
      contender = loses ? loser : contender;
      loser = beaten;
    }
    winner_ = contender;
  }

  std::vector<Head> losers_;  // of the matches, from the final at 1 to those of the runs
  Head winner_;
};

}  // namespace sluice
