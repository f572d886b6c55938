// The events of Nexmark for the queries by hand, made as docs/nexmark.md says, in batches of columns.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#pragma clang fp contract(off)  // prices are the same everywhere

namespace nexmark {

using u64 = uint64_t;

constexpr u64 kGolden = 0x9e3779b97f4a7c15;
constexpr u64 kBatchEpochs = 20;
constexpr u64 kBids = 46;
constexpr u64 kRows = kBatchEpochs * kBids;
constexpr int64_t kStart = 1'436'918'400'000'000;
constexpr int64_t kSecond = 1'000'000;

inline u64 mix(u64 x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}
constexpr u64 kName = 0, kSeller = 11, kAuction = 14, kBidder = 15, kPrice = 16, kChannel = 17, kExtra = 18;
constexpr u64 kLetters = 19, kWords = 20, kUrl = 21, kChannelId = 22;
constexpr u64 kChannels = 10'000;
inline u64 key_of(u64 purpose) { return mix(kGolden * (purpose + 1)); }
inline u64 draw(u64 key, u64 number) { return mix(number * kGolden + key); }
inline u64 high(u64 bits, u64 n) { return (bits >> 32) * n >> 32; }
inline u64 low(u64 bits, u64 n) { return (bits & 0xffffffff) * n >> 32; }

inline double to_double(u64 x) { return std::bit_cast<double>(x | std::bit_cast<u64>(0x1p52)) - 0x1p52; }
inline u64 to_integer(double x) { return std::bit_cast<u64>(x + 0x1p52) & 0x000fffffffffffff; }
// Exact for integers below 2^52.
inline u64 divide(u64 a, double b) {
  const double quotient = to_double(a) / b;
  const double nearest = (quotient + 0x1p52) - 0x1p52;
  return to_integer(nearest > quotient ? nearest - 1 : nearest);
}

inline u64 price_of(u64 bits) {
  const double u = std::bit_cast<double>((bits >> 12) | std::bit_cast<u64>(1.0)) - 1.0;
  const double exponent = u * 19.931568569324174;
  const double rounded = exponent + 0x1.8p52;
  const double f = (exponent - (rounded - 0x1.8p52)) * 0.6931471805599453;
  double power = 1.0 / 362880.0;
  for (const double divisor : {40320.0, 5040.0, 720.0, 120.0, 24.0, 6.0, 2.0, 1.0, 1.0})
    power = power * f + 1.0 / divisor;
  const double scale = std::bit_cast<double>((std::bit_cast<u64>(rounded) + 1023) << 52);
  return to_integer(100.0 * power * scale);
}

inline u64 some_person(u64 bits, u64 epoch) {
  const u64 active = std::min<u64>(epoch + 1, 1000);
  return epoch + 1 - active + high(bits, active + 10);
}

struct Channels {
  std::vector<std::string> names, urls;
  Channels() {
    std::string words;
    for (u64 i = 0; i < 65536 + 1024; ++i) {
      const u64 bits = draw(key_of(kWords), i);
      const bool is_blank = high(bits, 13) == 0 && !words.empty() && words.back() != ' ';
      words += is_blank ? ' ' : static_cast<char>('a' + low(bits, 26));
    }
    for (u64 i = 0; i < kChannels + 4; ++i) {
      const bool is_hot = i >= kChannels;
      constexpr const char* kHot[] = {"Google", "Facebook", "Baidu", "Apple"};
      names.push_back(is_hot ? kHot[i - kChannels] : "channel-" + std::to_string(i));
      std::string url = "https://www.nexmark.com/";
      const u64 bits = draw(key_of(kUrl), i);
      for (const unsigned shift : {3U, 2U, 1U}) {
        std::string part = words.substr(bits >> (16 * shift) & 0xffff, 3 + (bits >> (shift - 1) & 1));
        std::ranges::replace(part, ' ', '_');
        url += part + "/";
      }
      url += "item.htm?query=1";
      if (!is_hot && high(draw(key_of(kChannelId), i), 10) != 0) {
        uint32_t reversed = 0;
        for (int bit = 0; bit < 32; ++bit) reversed |= (static_cast<uint32_t>(i) >> bit & 1) << (31 - bit);
        url += "&channel_id=" + std::to_string(std::abs(static_cast<int64_t>(static_cast<int32_t>(reversed))));
      }
      urls.push_back(std::move(url));
    }
  }
};

struct Bids {  // a batch; `extra` is text in the pool of letters
  u64 count = 0;
  u64 id[kRows], epoch[kRows];
  u64 auction[kRows], bidder[kRows], price[kRows], time[kRows], channel[kRows], extra_begin[kRows], extra_size[kRows];
};

enum Columns : unsigned { Auction = 1, Bidder = 2, Price = 4, Time = 8, Extra = 16, Channel = 32 };

class Generator {
 public:
  Generator(u64 events, u64 rate) : events_(events), rate_(static_cast<double>(rate)) {
    letters.resize(65536 + 1024);
    for (u64 i = 0; i < letters.size(); ++i) letters[i] = static_cast<char>('a' + high(draw(key_of(kLetters), i), 26));
  }

  // Microseconds from the first event.
  [[nodiscard]] u64 time_of(u64 id) const { return divide(id * 1'000'000, rate_); }
  [[nodiscard]] u64 events() const { return events_; }

  template <unsigned columns>
  bool next(Bids& b) {
    const u64 end = (events_ + 49) / 50;
    b.count = 0;
    for (u64 n = 0; n < kBatchEpochs && epoch_ < end; ++n, ++epoch_)
      for (u64 i = 4; i < 50 && epoch_ * 50 + i < events_; ++i) {
        b.id[b.count] = epoch_ * 50 + i;
        b.epoch[b.count++] = epoch_;
      }
    if (b.count == 0) return false;
    if constexpr ((columns & Auction) != 0) make_auctions(b);
    if constexpr ((columns & Bidder) != 0) make_bidders(b);
    if constexpr ((columns & Price) != 0)
      for (u64 i = 0, key = key_of(kPrice); i < b.count; ++i) b.price[i] = price_of(draw(key, b.id[i]));
    if constexpr ((columns & Time) != 0)
      for (u64 i = 0; i < b.count; ++i) b.time[i] = time_of(b.id[i]);
    if constexpr ((columns & Channel) != 0) make_channels(b);
    if constexpr ((columns & Extra) != 0) make_extras(b);
    return true;
  }

  std::string letters;

 private:
  static void make_auctions(Bids& b) {
    const u64 key = key_of(kAuction);
    for (u64 i = 0; i < b.count; ++i) {
      const u64 bits = draw(key, b.id[i]);
      const u64 last = b.epoch[i] * 3 + 2;
      const u64 first = last < 100 ? 0 : last - 100;
      b.auction[i] = 1000 + ((bits & 1) != 0 ? divide(last, 100) * 100 : first + high(bits, last - first + 11));
    }
  }
  static void make_bidders(Bids& b) {
    const u64 key = key_of(kBidder);
    for (u64 i = 0; i < b.count; ++i) {
      const u64 bits = draw(key, b.id[i]);
      b.bidder[i] = 1000 + ((bits & 3) != 0 ? divide(b.epoch[i], 100) * 100 + 1 : some_person(bits, b.epoch[i]));
    }
  }
  static void make_channels(Bids& b) {
    const u64 key = key_of(kChannel);
    for (u64 i = 0; i < b.count; ++i) {
      const u64 bits = draw(key, b.id[i]);
      b.channel[i] = (bits & 1) != 0 ? kChannels + (bits >> 1 & 3) : high(bits, kChannels);
    }
  }
  static void make_extras(Bids& b) {
    const u64 key = key_of(kExtra);
    for (u64 i = 0; i < b.count; ++i) {
      const u64 bits = draw(key, b.id[i]);
      b.extra_begin[i] = bits >> 48;
      b.extra_size[i] = 54 + low(bits, 28);
    }
  }

  u64 events_;
  double rate_;
  u64 epoch_ = 0;
};

}  // namespace nexmark
