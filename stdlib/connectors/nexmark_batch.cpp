// Batches of Nexmark events and their columns: loops that the compiler turns into vector instructions, one function per
// column and instruction set.
#include "stdlib/connectors/nexmark_batch.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "lang/support/invariant.h"
#include "runtime/abi/runtime_functions.h"
#include "stdlib/connectors/nexmark_model.h"

#pragma clang fp contract(off)

namespace sluice::nexmark {

namespace {

#define SLUICE_TARGET_WIDE __attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,bmi,bmi2")))
#define SLUICE_TARGET_MIDDLE __attribute__((target("avx2,bmi,bmi2")))

constexpr size_t index_of(NexmarkKind kind) { return static_cast<size_t>(kind); }

// ---- which events ----

// Adds the events at offsets [begin, end) of the place's epoch, as many as there is room for; their number.
uint64_t add_run(const NexmarkModel& model, NexmarkKind kind, uint64_t epoch, uint64_t begin, uint64_t end,
                 uint64_t room, NexmarkBatch& batch) {
  uint64_t& count = batch.counts[index_of(kind)];
  const uint64_t size = std::min(end - begin, room);
  uint64_t* ids = batch.ids[index_of(kind)] + count;
  uint64_t* epochs = batch.epochs[index_of(kind)] + count;
  if (model.is_ordered()) {
    for (uint64_t i = 0; i < size; ++i) {
      ids[i] = epoch * kEpoch + begin + i;
      epochs[i] = epoch;
    }
  } else {
    for (uint64_t i = 0; i < size; ++i) {
      epochs[i] = model.epoch_at(epoch, begin + i);
      ids[i] = epochs[i] * kEpoch + begin + i;
    }
  }
  count += size;
  return size;
}

}  // namespace

uint64_t next_batch(const NexmarkChunk& chunk, uint32_t wanted, NexmarkBatch& batch) {
  uint64_t place = std::max(batch.next, chunk.begin);
  uint64_t rows = 0;
  std::ranges::fill(batch.counts, 0);
  while (place < chunk.end && rows < NexmarkBatch::kRows) {
    const uint64_t epoch = place / kEpoch;
    const uint64_t first = epoch * kEpoch;
    const uint64_t end = std::min(kEpoch, chunk.end - first);
    uint64_t offset = place - first;
    for (size_t kind = 0; kind < kNexmarkKinds; ++kind) {
      const uint64_t kind_end = std::min(kFirstOffset[kind + 1], end);
      if (offset >= kind_end) continue;
      uint64_t taken = kind_end - offset;
      if ((wanted >> kind & 1) != 0) {
        taken = add_run(*chunk.model, static_cast<NexmarkKind>(kind), epoch, offset, kind_end,
                        NexmarkBatch::kRows - rows, batch);
        std::memset(batch.kinds + rows, static_cast<int>(kind), taken);
        rows += taken;
      }
      offset += taken;
      if (offset < kind_end) break;  // the batch is full
    }
    place = first + offset;
  }
  batch.next = place;
  return rows;
}

namespace {

// ---- numbers ----

// The events of a batch of which a column is wanted.
struct Events {
  const NexmarkModel* model;
  const uint64_t* ids;
  const uint64_t* epochs;
  uint64_t count;
};

// out[i] = value(id, epoch). The local copies tell the compiler that writing to `out` changes none of them.
template <class Value>
SLUICE_NEXMARK_INLINE void for_each_event(const Events& events, int64_t* out, const Value& value) {
  const uint64_t count = events.count;
  const uint64_t* __restrict ids = events.ids;
  const uint64_t* __restrict epochs = events.epochs;
  int64_t* __restrict results = out;
  for (uint64_t i = 0; i < count; ++i) results[i] = static_cast<int64_t>(value(ids[i], epochs[i]));
}

// out[i] = value(random bits, epoch)
template <class Value>
SLUICE_NEXMARK_INLINE void for_each_draw(const Events& events, Draw purpose, int64_t* out, const Value& value) {
  const uint64_t key = events.model->key(purpose);
  for_each_event(events, out, [=](uint64_t id, uint64_t epoch) { return value(draw(key, id), epoch); });
}

SLUICE_NEXMARK_INLINE void times(const Events& events, int64_t* out) {
  const NexmarkModel& model = *events.model;
  const uint64_t rate = model.config().rate;
  uint64_t first = ~uint64_t{0};
  uint64_t last = 0;
  for (uint64_t i = 0; i < events.count; ++i) {
    first = std::min(first, events.ids[i]);
    last = std::max(last, events.ids[i]);
  }
  if (last - first > 4'000'000'000) {  // the products below would not be exact
    for_each_event(events, out, [&](uint64_t id, uint64_t) { return model.time_of(id); });
    return;
  }
  const auto base = static_cast<uint64_t>(model.time_of(first));
  const uint64_t rest = first % rate * 1'000'000 % rate;
  const auto divisor = static_cast<double>(rate);
  for_each_event(events, out,
                 [=](uint64_t id, uint64_t) { return base + divide(rest + (id - first) * 1'000'000, divisor); });
}

SLUICE_NEXMARK_INLINE void reserve_prices(const Events& events, int64_t* out) {
  const uint64_t first_key = events.model->key(Draw::InitialBid);
  const uint64_t key = events.model->key(Draw::Reserve);
  for_each_event(events, out, [=](uint64_t id, uint64_t) { return price(draw(first_key, id)) + price(draw(key, id)); });
}

SLUICE_NEXMARK_INLINE void expiries(const Events& events, int64_t* out) {
  times(events, out);
  const uint64_t key = events.model->key(Draw::Expires);
  const uint64_t longest = events.model->longest_auction();
  for (uint64_t i = 0; i < events.count; ++i)
    out[i] += static_cast<int64_t>((1 + below(draw(key, events.ids[i]), longest)) * 1000);
}

SLUICE_NEXMARK_INLINE void numbers(NexmarkColumn column, const Events& events, int64_t* out) {
  switch (column) {
    case NexmarkColumn::date_time:
      return times(events, out);
    case NexmarkColumn::arrival:
      if (events.model->is_ordered()) return times(events, out);
      return for_each_event(events, out, [&](uint64_t id, uint64_t) { return events.model->arrival_of(id); });
    case NexmarkColumn::person_id:
      return for_each_event(events, out, [](uint64_t, uint64_t epoch) { return kFirstPerson + epoch; });
    case NexmarkColumn::auction_id:
      return for_each_event(events, out, [](uint64_t id, uint64_t epoch) {
        return kFirstAuction + epoch * kAuctionsPerEpoch + (id - epoch * kEpoch) - kFirstOffset[1];
      });
    case NexmarkColumn::initial_bid:
      return for_each_draw(events, Draw::InitialBid, out, [](uint64_t bits, uint64_t) { return price(bits); });
    case NexmarkColumn::reserve:
      return reserve_prices(events, out);
    case NexmarkColumn::expires:
      return expiries(events, out);
    case NexmarkColumn::seller:
      return for_each_draw(events, Draw::Seller, out,
                           [](uint64_t bits, uint64_t epoch) { return seller(bits, epoch); });
    case NexmarkColumn::category:
      return for_each_draw(events, Draw::Category, out,
                           [](uint64_t bits, uint64_t) { return kFirstCategory + below(bits, kCategories); });
    case NexmarkColumn::auction:
      return for_each_draw(events, Draw::BidAuction, out,
                           [](uint64_t bits, uint64_t epoch) { return bid_auction(bits, epoch); });
    case NexmarkColumn::bidder:
      return for_each_draw(events, Draw::Bidder, out,
                           [](uint64_t bits, uint64_t epoch) { return bidder(bits, epoch); });
    case NexmarkColumn::price:
      return for_each_draw(events, Draw::Price, out, [](uint64_t bits, uint64_t) { return price(bits); });
    case NexmarkColumn::kind:
    case NexmarkColumn::name:
    case NexmarkColumn::email_address:
    case NexmarkColumn::credit_card:
    case NexmarkColumn::city:
    case NexmarkColumn::state:
    case NexmarkColumn::person_extra:
    case NexmarkColumn::item_name:
    case NexmarkColumn::description:
    case NexmarkColumn::auction_extra:
    case NexmarkColumn::channel:
    case NexmarkColumn::url:
    case NexmarkColumn::bid_extra:
      break;
  }
  SLUICE_INVARIANT(false, "not a column of numbers");
}

SLUICE_TARGET_WIDE void numbers_wide(NexmarkColumn column, const Events& events, int64_t* out) {
  numbers(column, events, out);
}
SLUICE_TARGET_MIDDLE void numbers_middle(NexmarkColumn column, const Events& events, int64_t* out) {
  numbers(column, events, out);
}
void numbers_portable(NexmarkColumn column, const Events& events, int64_t* out) { numbers(column, events, out); }

using Numbers = void (*)(NexmarkColumn, const Events&, int64_t*);

Numbers best_numbers() {
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("bmi2"))
    return numbers_wide;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2")) return numbers_middle;
  return numbers_portable;
}

// ---- texts ----

constexpr abi::StringRef text(const char* data) { return {data, std::char_traits<char>::length(data)}; }

// What may be read behind a string must be there: all names lie in arrays of equal, larger rows.
using Name = char[abi::kStringSlack + 24];
constexpr Name kFirstNames[] = {"Peter", "Paul",  "Luke",  "John",   "Saul",  "Vicky",
                                "Kate",  "Julie", "Sarah", "Deiter", "Walter"};
constexpr Name kLastNames[] = {"Shultz", "Abrams", "Spencer", "White", "Bartels", "Walton", "Smith", "Jones", "Noris"};
constexpr Name kCities[] = {"Phoenix", "Los Angeles", "San Francisco", "Boise", "Portland",
                            "Bend",    "Redmond",     "Seattle",       "Kent",  "Cheyenne"};
constexpr Name kStates[] = {"AZ", "CA", "ID", "OR", "WA", "WY"};

// First and last name, all pairs of them.
abi::StringRef person_name(uint64_t bits) {
  static const auto names = [] {
    std::array<Name, std::size(kFirstNames) * std::size(kLastNames)> result{};
    for (size_t i = 0; i < result.size(); ++i) {
      const auto first = text(kFirstNames[i / std::size(kLastNames)]);
      const auto last = text(kLastNames[i % std::size(kLastNames)]);
      std::memcpy(result[i], first.data, first.size);
      result[i][first.size] = ' ';
      std::memcpy(result[i] + first.size + 1, last.data, last.size);
    }
    return result;
  }();
  return text(names[below(bits, names.size())]);
}

template <size_t kCount>
abi::StringRef one_of(const Name (&names)[kCount], uint64_t bits) {
  return text(names[below(bits, kCount)]);
}

uint64_t email_local_size(uint64_t bits) { return 3 + (bits & 3); }
uint64_t email_domain_size(uint64_t bits) { return 3 + (bits >> 2 & 1); }
uint64_t email_size(uint64_t bits) { return email_local_size(bits) + 1 + email_domain_size(bits) + 4; }
constexpr uint64_t kCardDigits = 19;  // "1234 5678 9012 3456"

abi::StringRef email(const NexmarkModel& model, uint64_t bits, char* to) {
  const auto local = model.letters(bits >> 48, email_local_size(bits));
  const auto domain = model.letters(bits >> 32 & 0xffff, email_domain_size(bits));
  std::memcpy(to, local.data, local.size);
  to[local.size] = '@';
  std::memcpy(to + local.size + 1, domain.data, domain.size);
  std::memcpy(to + local.size + 1 + domain.size, ".com", 4);
  return {to, email_size(bits)};
}

abi::StringRef credit_card(uint64_t bits, char* to) {
  for (unsigned group = 0; group < 4; ++group) {
    uint64_t number = (bits >> (16 * group) & 0xffff) * 10'000 >> 16;
    char* digits = to + 5 * group;
    if (group != 0) digits[-1] = ' ';
    for (int i = 3; i >= 0; --i, number /= 10) digits[i] = static_cast<char>('0' + number % 10);
  }
  return {to, kCardDigits};
}

// Fills a record of `size` bytes up to about `wanted`, plus or minus a fifth of what is missing.
abi::StringRef extra(const NexmarkModel& model, uint64_t bits, uint64_t size, uint64_t wanted) {
  const uint64_t missing = size < wanted ? wanted - size : 0;
  const uint64_t delta = (2 * missing + 5) / 10;
  return model.letters(bits >> 48, missing - delta + below_low(bits, 2 * delta));
}

abi::StringRef item_name(const NexmarkModel& model, uint64_t bits) {
  return model.words(bits >> 48, 3 + below_low(bits, 17));
}
abi::StringRef description(const NexmarkModel& model, uint64_t bits) {
  return model.words(bits >> 48, 3 + below_low(bits, 97));
}

abi::StringRef person_extra(const NexmarkModel& model, uint64_t id) {
  const auto bits = [&](Draw purpose) { return draw(model.key(purpose), id); };
  const uint64_t size = 8 + person_name(bits(Draw::Name)).size + email_size(bits(Draw::Email)) + kCardDigits +
                        one_of(kCities, bits(Draw::City)).size + one_of(kStates, bits(Draw::State)).size;
  return extra(model, bits(Draw::PersonExtra), size, 200);
}
abi::StringRef auction_extra(const NexmarkModel& model, uint64_t id) {
  const auto bits = [&](Draw purpose) { return draw(model.key(purpose), id); };
  const uint64_t size =
      48 + item_name(model, bits(Draw::ItemName)).size + description(model, bits(Draw::Description)).size;
  return extra(model, bits(Draw::AuctionExtra), size, 500);
}

template <class Value>
void for_each_text(const Events& events, Draw purpose, abi::StringRef* out, const Value& value) {
  const uint64_t key = events.model->key(purpose);
  for (uint64_t i = 0; i < events.count; ++i) out[i] = value(draw(key, events.ids[i]), i);
}

bool texts(NexmarkChunk& chunk, NexmarkColumn column, const Events& events, abi::StringRef* out) {
  const NexmarkModel& model = *events.model;
  switch (column) {
    case NexmarkColumn::name:
      for_each_text(events, Draw::Name, out, [](uint64_t bits, uint64_t) { return person_name(bits); });
      return true;
    case NexmarkColumn::email_address:
      for_each_text(events, Draw::Email, out, [&](uint64_t bits, uint64_t i) {
        return email(model, bits, chunk.emails + i * NexmarkChunk::kEmailSize);
      });
      return true;
    case NexmarkColumn::credit_card:
      for_each_text(events, Draw::CreditCard, out, [&](uint64_t bits, uint64_t i) {
        return credit_card(bits, chunk.cards + i * NexmarkChunk::kCardSize);
      });
      return true;
    case NexmarkColumn::city:
      for_each_text(events, Draw::City, out, [](uint64_t bits, uint64_t) { return one_of(kCities, bits); });
      return true;
    case NexmarkColumn::state:
      for_each_text(events, Draw::State, out, [](uint64_t bits, uint64_t) { return one_of(kStates, bits); });
      return true;
    case NexmarkColumn::person_extra:
      for (uint64_t i = 0; i < events.count; ++i) out[i] = person_extra(model, events.ids[i]);
      return true;
    case NexmarkColumn::item_name:
      for_each_text(events, Draw::ItemName, out, [&](uint64_t bits, uint64_t) { return item_name(model, bits); });
      return true;
    case NexmarkColumn::description:
      for_each_text(events, Draw::Description, out, [&](uint64_t bits, uint64_t) { return description(model, bits); });
      return true;
    case NexmarkColumn::auction_extra:
      for (uint64_t i = 0; i < events.count; ++i) out[i] = auction_extra(model, events.ids[i]);
      return true;
    case NexmarkColumn::channel:
      for_each_text(events, Draw::Channel, out,
                    [&](uint64_t bits, uint64_t) { return model.channels()[channel_index(bits)]; });
      return true;
    case NexmarkColumn::url:
      for_each_text(events, Draw::Channel, out,
                    [&](uint64_t bits, uint64_t) { return model.urls()[channel_index(bits)]; });
      return true;
    case NexmarkColumn::bid_extra:
      for_each_text(events, Draw::BidExtra, out, [&](uint64_t bits, uint64_t) { return extra(model, bits, 32, 100); });
      return true;
    case NexmarkColumn::kind:
    case NexmarkColumn::date_time:
    case NexmarkColumn::arrival:
    case NexmarkColumn::person_id:
    case NexmarkColumn::auction_id:
    case NexmarkColumn::initial_bid:
    case NexmarkColumn::reserve:
    case NexmarkColumn::expires:
    case NexmarkColumn::seller:
    case NexmarkColumn::category:
    case NexmarkColumn::auction:
    case NexmarkColumn::bidder:
    case NexmarkColumn::price:
      return false;
  }
  return false;
}

}  // namespace

void fill_column(NexmarkChunk& chunk, NexmarkKind kind, NexmarkColumn column, const NexmarkBatch& batch, void* out) {
  static const Numbers best = best_numbers();
  const size_t k = index_of(kind);
  const Events events{chunk.model, batch.ids[k], batch.epochs[k], batch.counts[k]};
  if (events.count == 0 || texts(chunk, column, events, static_cast<abi::StringRef*>(out))) return;
  best(column, events, static_cast<int64_t*>(out));
}

}  // namespace sluice::nexmark

namespace sluice::abi {

namespace {

NexmarkChunk& chunk_of(void* chunk) {
  // The source made it writable; the chunk's bytes are what it points to.
  return *reinterpret_cast<NexmarkChunk*>(const_cast<char*>(static_cast<const Chunk*>(chunk)->data));
}

}  // namespace

extern "C" {

I64 rt_nexmark_batch(Ptr chunk, I32 kinds, Ptr batch) noexcept {
  return static_cast<I64>(
      nexmark::next_batch(chunk_of(chunk), static_cast<uint32_t>(kinds), *static_cast<NexmarkBatch*>(batch)));
}

void rt_nexmark_column(Ptr chunk, I32 kind, I32 column, Ptr batch, Ptr out) noexcept {
  nexmark::fill_column(chunk_of(chunk), static_cast<NexmarkKind>(kind), static_cast<NexmarkColumn>(column),
                       *static_cast<NexmarkBatch*>(batch), out);
}

}  // extern "C"

}  // namespace sluice::abi
