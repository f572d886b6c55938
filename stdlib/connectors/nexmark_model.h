// NexmarkModel: the events of the Nexmark benchmark as pure functions of (seed, event id). tests/run/nexmark_events.py
// is a second, independent implementation; docs/nexmark.md says what comes from where.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <string>
#include <vector>

#include "runtime/abi/layout.h"
#include "stdlib/connectors/nexmark_batch.h"

// Prices are the same bit for bit on every machine: no multiplication is fused with an addition.
#pragma clang fp contract(off)

namespace sluice {

#define SLUICE_NEXMARK_INLINE __attribute__((always_inline)) inline

namespace nexmark {

inline constexpr uint64_t kEpoch = 50;  // events: 1 person, 3 auctions, 46 bids
inline constexpr uint64_t kAuctionsPerEpoch = 3;
inline constexpr std::array<uint64_t, 4> kFirstOffset = {0, 1, 4, 50};  // of each kind in the epoch, and its end
inline constexpr uint64_t kFirstPerson = 1000;
inline constexpr uint64_t kFirstAuction = 1000;
inline constexpr uint64_t kFirstCategory = 10;
inline constexpr uint64_t kCategories = 5;
inline constexpr uint64_t kHotBatch = 100;  // one auction, bidder and seller of so many is hot
inline constexpr uint64_t kInFlightAuctions = 100;
inline constexpr uint64_t kActivePeople = 1000;
inline constexpr uint64_t kLead = 10;          // ids that are drawn before their event
inline constexpr uint64_t kChannels = 10'000;  // and then the hot ones
inline constexpr uint64_t kHotChannels = 4;

// What a random number is for. Each has its own sequence, so that a column does not depend on which others are made.
enum class Draw : uint64_t {
  Name,
  Email,
  CreditCard,
  City,
  State,
  PersonExtra,
  ItemName,
  Description,
  InitialBid,
  Reserve,
  Expires,
  Seller,
  Category,
  AuctionExtra,
  BidAuction,
  Bidder,
  Price,
  Channel,
  BidExtra,
  Letters,
  Words,
  Url,
  ChannelId,
  Order,
};

inline constexpr uint64_t kGolden = 0x9e3779b97f4a7c15;

// The finalizer of splitmix64.
SLUICE_NEXMARK_INLINE constexpr uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}
constexpr uint64_t key_of(uint64_t seed, Draw draw) { return mix(seed + kGolden * (static_cast<uint64_t>(draw) + 1)); }
// 64 random bits for the event (or whatever `id` counts).
SLUICE_NEXMARK_INLINE constexpr uint64_t draw(uint64_t key, uint64_t id) { return mix(id * kGolden + key); }
// Below n, from the upper or the lower half of a draw; n is less than 2^32.
SLUICE_NEXMARK_INLINE constexpr uint64_t below(uint64_t bits, uint64_t n) { return (bits >> 32) * n >> 32; }
SLUICE_NEXMARK_INLINE constexpr uint64_t below_low(uint64_t bits, uint64_t n) { return (bits & 0xffffffff) * n >> 32; }

// 64-bit integers below 2^52 as doubles and back (to the nearest), in ways that every vector unit has.
inline constexpr double kTwo52 = 0x1p52;
SLUICE_NEXMARK_INLINE double to_double(uint64_t x) {
  return std::bit_cast<double>(x | std::bit_cast<uint64_t>(kTwo52)) - kTwo52;
}
SLUICE_NEXMARK_INLINE uint64_t to_integer(double x) { return std::bit_cast<uint64_t>(x + kTwo52) & 0x000fffffffffffff; }
// a // b, exact: a correctly rounded quotient of integers below 2^52 reaches no multiple that the exact one does not.
SLUICE_NEXMARK_INLINE uint64_t divide(uint64_t a, double b) {
  const double quotient = to_double(a) / b;
  const double nearest = (quotient + kTwo52) - kTwo52;
  return to_integer(nearest > quotient ? nearest - 1.0 : nearest);
}

// round(100 * 10^(6u)), u from the upper 52 bits.
SLUICE_NEXMARK_INLINE uint64_t price(uint64_t bits) {
  const double u = std::bit_cast<double>((bits >> 12) | std::bit_cast<uint64_t>(1.0)) - 1.0;
  const double exponent = u * 19.931568569324174;  // 6 log2(10)
  constexpr double kRound = 0x1.8p52;              // its last bits are the whole number nearest to the exponent
  const double rounded = exponent + kRound;
  const double f = (exponent - (rounded - kRound)) * 0.6931471805599453;  // ln(2)
  // e^f for |f| <= ln(2)/2.
  double power = 1.0 / 362880.0;
  power = power * f + 1.0 / 40320.0;
  power = power * f + 1.0 / 5040.0;
  power = power * f + 1.0 / 720.0;
  power = power * f + 1.0 / 120.0;
  power = power * f + 1.0 / 24.0;
  power = power * f + 1.0 / 6.0;
  power = power * f + 0.5;
  power = power * f + 1.0;
  power = power * f + 1.0;
  const double scale = std::bit_cast<double>((std::bit_cast<uint64_t>(rounded) + 1023) << 52);
  return to_integer(100.0 * power * scale);
}

SLUICE_NEXMARK_INLINE uint64_t hot_of(uint64_t number) { return divide(number, 100.0) * kHotBatch; }

// One of the active people or of those to come, as of this epoch; all numbers here count from 0.
SLUICE_NEXMARK_INLINE uint64_t some_person(uint64_t bits, uint64_t epoch) {
  const uint64_t people = epoch + 1;
  const uint64_t active = people < kActivePeople ? people : kActivePeople;
  return people - active + below(bits, active + kLead);
}
SLUICE_NEXMARK_INLINE uint64_t seller(uint64_t bits, uint64_t epoch) {
  return kFirstPerson + ((bits & 3) != 0 ? hot_of(epoch) : some_person(bits, epoch));
}
SLUICE_NEXMARK_INLINE uint64_t bidder(uint64_t bits, uint64_t epoch) {
  return kFirstPerson + ((bits & 3) != 0 ? hot_of(epoch) + 1 : some_person(bits, epoch));
}
SLUICE_NEXMARK_INLINE uint64_t bid_auction(uint64_t bits, uint64_t epoch) {
  const uint64_t last = epoch * kAuctionsPerEpoch + kAuctionsPerEpoch - 1;
  const uint64_t first = last < kInFlightAuctions ? 0 : last - kInFlightAuctions;
  return kFirstAuction + ((bits & 1) != 0 ? hot_of(last) : first + below(bits, last - first + 1 + kLead));
}
SLUICE_NEXMARK_INLINE uint64_t channel_index(uint64_t bits) {
  return (bits & 1) != 0 ? kChannels + ((bits >> 1) & (kHotChannels - 1)) : below(bits, kChannels);
}

}  // namespace nexmark

struct NexmarkConfig {
  uint64_t events = 0;  // 0: endless
  uint64_t rate = 1;    // events per second of event time
  uint64_t seed = 0;
  int64_t start = 0;      // time of event 0, microseconds
  uint64_t disorder = 0;  // microseconds
};

class NexmarkModel {
 public:
  static constexpr uint64_t kMaxEvents = uint64_t{1} << 50;
  static constexpr uint64_t kMaxRate = 1'000'000'000;
  static constexpr size_t kPool = 1 << 16;  // random text that strings are taken from

  explicit NexmarkModel(const NexmarkConfig& config);

  [[nodiscard]] const NexmarkConfig& config() const { return config_; }
  [[nodiscard]] uint64_t key(nexmark::Draw draw) const { return keys_[static_cast<size_t>(draw)]; }

  // Microseconds from the first event to this one.
  [[nodiscard]] uint64_t elapsed(uint64_t event) const {
    return event / config_.rate * 1'000'000 + event % config_.rate * 1'000'000 / config_.rate;
  }
  [[nodiscard]] int64_t time_of(uint64_t event) const { return config_.start + static_cast<int64_t>(elapsed(event)); }
  // The time when all events had happened that arrive before the group of this one: a time that never goes back.
  [[nodiscard]] int64_t arrival_of(uint64_t event) const {
    const uint64_t events = group_ * nexmark::kEpoch;
    return time_of(group_ <= 1 ? event : event / events * events);
  }
  // The epoch of the event that arrives at this place: places and events of a group of epochs are permuted, each offset
  // in the epoch by itself, so that the kind of the event at a place is always the same.
  [[nodiscard]] uint64_t epoch_at(uint64_t place_epoch, uint64_t offset) const;
  [[nodiscard]] bool is_ordered() const { return group_ <= 1; }

  [[nodiscard]] abi::StringRef letters(uint64_t offset, uint64_t size) const {
    return {letters_.data() + offset, size};
  }
  // Words with single blanks; none at begin and end.
  [[nodiscard]] abi::StringRef words(uint64_t offset, uint64_t size) const;
  [[nodiscard]] const abi::StringRef* channels() const { return channels_.data(); }
  [[nodiscard]] const abi::StringRef* urls() const { return urls_.data(); }

  // Upper bound of a number of milliseconds that an auction is open.
  [[nodiscard]] uint64_t longest_auction() const { return longest_auction_; }

 private:
  struct Permutation {  // of a group's epochs: place p holds (p * step + shift) % count
    uint64_t count = 1;
    uint64_t step = 1;
  };
  static Permutation permutation_of(uint64_t count);
  void make_pools();
  void make_channels();

  NexmarkConfig config_;
  std::array<uint64_t, 24> keys_{};
  uint64_t group_ = 1;                  // epochs that arrive in any order
  Permutation whole_;                   // of a group
  Permutation last_;                    // of the last one, which may have fewer epochs
  uint64_t last_begin_ = ~uint64_t{0};  // its first epoch
  uint64_t last_end_ = ~uint64_t{0};    // behind its last whole epoch
  uint64_t longest_auction_ = 1;
  std::string letters_;
  std::string words_;
  std::string channel_text_;
  std::string url_text_;
  std::vector<abi::StringRef> channels_;
  std::vector<abi::StringRef> urls_;
};

// What a chunk of the source is: a range of places in the order of arrival. abi::Chunk::data points to it.
struct NexmarkChunk {
  const NexmarkModel* model = nullptr;
  uint64_t begin = 0;
  uint64_t end = 0;
  // Texts that a batch puts together; they last until the next batch.
  static constexpr uint64_t kEmailSize = 16;
  static constexpr uint64_t kCardSize = 20;
  char emails[NexmarkBatch::kRows * kEmailSize + abi::kStringSlack];
  char cards[NexmarkBatch::kRows * kCardSize + abi::kStringSlack];
};

namespace nexmark {

// Fills the batch with the next events of the wanted kinds (bit k: kind k); their number, 0 at the end of the chunk.
uint64_t next_batch(const NexmarkChunk& chunk, uint32_t wanted, NexmarkBatch& batch);
// The column of the batch's events of this kind: int64_t or abi::StringRef.
void fill_column(NexmarkChunk& chunk, NexmarkKind kind, NexmarkColumn column, const NexmarkBatch& batch, void* out);

}  // namespace nexmark

}  // namespace sluice
