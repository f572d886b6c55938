// nexmark QUERY EVENTS RATE [OUTPUT]: queries of Nexmark by hand, over events made on the way as docs/nexmark.md says.
// With OUTPUT the answer is written there as CSV; without, the values of its rows are computed and dropped.
//
// The events come in batches of columns, only those that the query uses, in plain loops that the compiler turns into
// vector instructions; the query is a loop over the rows of a batch.
#include <algorithm>
#include <bit>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "nexmark_events.h"

namespace {

using namespace nexmark;

// ---- the answer ----

class Output {
 public:
  explicit Output(const char* path) : file_(path == nullptr ? nullptr : std::fopen(path, "wb")) {
    if (path != nullptr && file_ == nullptr) std::exit(1);
  }
  ~Output() {
    if (file_ == nullptr) return;
    flush();
    std::fclose(file_);
  }
  void header(std::string_view names) {
    if (file_ != nullptr) text_.append(names).push_back('\n');
  }
  template <class... Values>
  void row(const Values&... values) {
    if (file_ == nullptr) {
      (keep(values), ...);
      return;
    }
    (add(values), ...);
    text_.back() = '\n';
    if (text_.size() > (1 << 16)) flush();
  }

 private:
  static void keep(int64_t value) { asm volatile("" : : "r"(value)); }
  static void keep(u64 value) { asm volatile("" : : "r"(value)); }
  static void keep(double value) { asm volatile("" : : "r"(value)); }
  static void keep(std::string_view text) { asm volatile("" : : "r"(text.data()), "r"(text.size())); }
  void add(u64 value) { text_.append(std::to_string(value)).push_back(','); }
  void add(double value) {
    char buffer[400];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed).ptr;
    const std::string_view digits(buffer, static_cast<size_t>(end - buffer));
    text_.append(digits).append(digits.find('.') == std::string_view::npos ? ".0," : ",");
  }
  void add(std::string_view text) { text_.append(text).push_back(','); }
  void add(int64_t micros) {  // a timestamp
    const int64_t seconds = (micros >= 0 ? micros : micros - (kSecond - 1)) / kSecond;
    const time_t clock = seconds;
    tm parts{};
    gmtime_r(&clock, &parts);
    char buffer[64];
    std::string text(buffer, std::strftime(buffer, sizeof buffer, "%Y-%m-%dT%H:%M:%S", &parts));
    if (const int64_t rest = micros - seconds * kSecond; rest != 0) {
      text.append(buffer, static_cast<size_t>(std::snprintf(buffer, sizeof buffer, ".%06ld", static_cast<long>(rest))));
      text.erase(text.find_last_not_of('0') + 1);
    }
    text_.append(text).append("Z,");
  }
  void flush() {
    std::fwrite(text_.data(), 1, text_.size(), file_);
    text_.clear();
  }

  std::FILE* file_;
  std::string text_;
};

// ---- a hash table from numbers to values, searched linearly ----

template <class Value>
class Table {
 public:
  struct Entry {
    u64 key = 0;  // 0: empty; ids begin at 1000
    Value value{};
  };
  // With room for so many entries: filling a small table in the order of a large one makes long runs.
  explicit Table(u64 entries = 512) : entries_(std::bit_ceil(2 * (entries + 1))) {}
  [[nodiscard]] u64 size() const { return count_; }
  Value& operator[](u64 key) {
    if (2 * (count_ + 1) > entries_.size()) grow();
    Entry& entry = find(key);
    if (entry.key == 0) {
      entry.key = key;
      ++count_;
    }
    return entry.value;
  }
  [[nodiscard]] bool contains(u64 key) { return find(key).key != 0; }
  template <class Use>
  void each(const Use& use) const {
    for (const Entry& entry : entries_)
      if (entry.key != 0) use(entry.key, entry.value);
  }

 private:
  Entry& find(u64 key) {
    const u64 mask = entries_.size() - 1;
    u64 at = (key * kGolden) >> (64 - std::countr_zero(entries_.size()));
    while (entries_[at].key != 0 && entries_[at].key != key) at = (at + 1) & mask;
    return entries_[at];
  }
  void grow() {
    std::vector<Entry> old(2 * entries_.size());
    old.swap(entries_);
    for (Entry& entry : old)
      if (entry.key != 0) find(entry.key) = std::move(entry);
  }
  std::vector<Entry> entries_;
  u64 count_ = 0;
};

// ---- the queries ----

int64_t at(u64 elapsed) { return kStart + static_cast<int64_t>(elapsed); }

void q1(Generator& events, Output& out) {
  out.header("auction,bidder,price,date_time,extra");
  static Bids b;
  while (events.next < Auction | Bidder | Price | Time | Extra > (b))
    for (u64 i = 0; i < b.count; ++i)
      out.row(b.auction[i], b.bidder[i], 0.908 * static_cast<double>(b.price[i]), at(b.time[i]),
              std::string_view(events.letters).substr(b.extra_begin[i], b.extra_size[i]));
}

void q2(Generator& events, Output& out) {
  out.header("auction,price");
  static Bids b;
  while (events.next < Auction | Price > (b))
    for (u64 i = 0; i < b.count; ++i)
      if (b.auction[i] % 123 == 0) out.row(b.auction[i], b.price[i]);
}

// Counts per pane of two seconds; a window has five of them.
void q5(Generator& events, Output& out) {
  out.header("auction,num,start");
  constexpr u64 kPane = 2 * kSecond;
  constexpr size_t kPanes = 5;
  std::deque<Table<u64>> panes;  // the last ones; the newest at the back
  const auto close = [&](u64 pane) {
    u64 entries = 0;
    for (const auto& each : panes) entries += each.size();
    Table<u64> window(entries);
    for (const auto& each : panes) each.each([&](u64 auction, u64 count) { window[auction] += count; });
    u64 most = 0;
    window.each([&](u64, u64 count) { most = std::max(most, count); });
    window.each([&](u64 auction, u64 count) {
      if (count == most) out.row(auction, count, at(pane * kPane) - static_cast<int64_t>((kPanes - 1) * kPane));
    });
  };
  static Bids b;
  u64 pane = 0;
  panes.emplace_back();
  while (events.next < Auction | Time > (b))
    for (u64 i = 0; i < b.count; ++i) {
      while (b.time[i] >= (pane + 1) * kPane) {
        close(pane++);
        panes.emplace_back();
        if (panes.size() > kPanes) panes.pop_front();
      }
      ++panes.back()[b.auction[i]];
    }
  for (size_t rest = 0; rest < kPanes; ++rest) {
    close(pane++);
    panes.emplace_back();
    if (panes.size() > kPanes) panes.pop_front();
  }
}

void q7(Generator& events, Output& out) {
  out.header("auction,price,bidder,date_time,extra");
  struct Bid {
    u64 auction, price, bidder, time, extra_begin, extra_size;
  };
  std::vector<Bid> best;
  const auto close = [&] {
    for (const Bid& bid : best)
      out.row(bid.auction, bid.price, bid.bidder, at(bid.time),
              std::string_view(events.letters).substr(bid.extra_begin, bid.extra_size));
    best.clear();
  };
  static Bids b;
  u64 end = 10 * kSecond;
  while (events.next < Auction | Bidder | Price | Time | Extra > (b))
    for (u64 i = 0; i < b.count; ++i) {
      for (; b.time[i] >= end; end += 10 * kSecond) close();
      if (!best.empty() && b.price[i] < best.front().price) continue;
      if (!best.empty() && b.price[i] > best.front().price) best.clear();
      best.push_back({b.auction[i], b.price[i], b.bidder[i], b.time[i], b.extra_begin[i], b.extra_size[i]});
    }
  close();
}

void q8(Generator& events, Output& out) {
  out.header("id,name,start");
  constexpr const char* kFirst[] = {"Peter", "Paul",  "Luke",  "John",   "Saul",  "Vicky",
                                    "Kate",  "Julie", "Sarah", "Deiter", "Walter"};
  constexpr const char* kLast[] = {"Shultz", "Abrams", "Spencer", "White", "Bartels",
                                   "Walton", "Smith",  "Jones",   "Noris"};
  std::vector<std::string> names;
  for (const char* first : kFirst)
    for (const char* last : kLast) names.push_back(std::string(first) + " " + last);
  const u64 seller_key = key_of(kSeller);
  const u64 name_key = key_of(kName);
  std::vector<std::pair<u64, u64>> people;  // id, name
  Table<bool> sellers;
  u64 start = 0;
  const auto close = [&] {
    for (const auto& [id, name] : people)
      if (sellers.contains(id)) out.row(id, std::string_view(names[name]), at(start));
    people.clear();
    sellers = Table<bool>();
  };
  for (u64 epoch = 0; epoch * 50 < events.events(); ++epoch)
    for (u64 id = epoch * 50; id < std::min(epoch * 50 + 4, events.events()); ++id) {
      for (const u64 time = events.time_of(id); time >= start + 10 * kSecond; start += 10 * kSecond) close();
      if (id == epoch * 50) {
        people.emplace_back(1000 + epoch, high(draw(name_key, id), 99));
        continue;
      }
      const u64 bits = draw(seller_key, id);
      sellers[1000 + ((bits & 3) != 0 ? divide(epoch, 100) * 100 : some_person(bits, epoch))] = true;
    }
  close();
}

int64_t wall_clock() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

void q12(Generator& events, Output& out) {
  out.header("bidder,bids,start,end");
  Table<u64> counts;
  int64_t start = wall_clock() / (10 * kSecond) * 10 * kSecond;
  const auto close = [&] {
    counts.each([&](u64 bidder, u64 bids) { out.row(bidder, bids, start, start + 10 * kSecond); });
    counts = Table<u64>();
  };
  static Bids b;
  while (events.next<Bidder>(b)) {
    if (const int64_t now = wall_clock(); now >= start + 10 * kSecond) {
      close();
      start = now / (10 * kSecond) * 10 * kSecond;
    }
    for (u64 i = 0; i < b.count; ++i) ++counts[b.bidder[i]];
  }
  close();
}

void q17(Generator& events, Output& out) {
  out.header("auction,day,total_bids,rank1_bids,rank2_bids,rank3_bids,min_price,max_price,avg_price,sum_price");
  struct Statistics {
    u64 bids, ranks[3], lowest, highest, sum;
  };
  constexpr int64_t kDay = 86'400 * kSecond;
  static Bids b;
  std::vector<Table<Statistics>> days;
  while (events.next < Auction | Price | Time > (b))
    for (u64 i = 0; i < b.count; ++i) {
      const u64 day = static_cast<u64>(at(b.time[i]) / kDay - kStart / kDay);
      if (day >= days.size()) days.resize(day + 1);
      Statistics& of = days[day][b.auction[i]];
      const u64 price = b.price[i];
      of.lowest = of.bids == 0 ? price : std::min(of.lowest, price);
      of.highest = std::max(of.highest, price);
      ++of.ranks[price < 10'000 ? 0 : price < 1'000'000 ? 1 : 2];
      of.sum += price;
      ++of.bids;
    }
  for (size_t day = 0; day < days.size(); ++day)
    days[day].each([&](u64 auction, const Statistics& of) {
      out.row(auction, kStart + static_cast<int64_t>(day) * kDay, of.bids, of.ranks[0], of.ranks[1], of.ranks[2],
              of.lowest, of.highest, static_cast<double>(of.sum) / static_cast<double>(of.bids), of.sum);
    });
}

// The texts of a batch end with it, so what is kept is copied.
void q18(Generator& events, Output& out) {
  out.header("auction,bidder,price,channel,url,date_time,extra");
  struct Kept {
    u64 time = 0, price = 0;
    char* text = nullptr;
    uint32_t capacity = 0;
    uint16_t channel = 0, url = 0, extra = 0;  // sizes
    [[nodiscard]] std::string_view part(int n) const {
      if (n == 0) return {text, channel};
      return n == 1 ? std::string_view(text + channel, url) : std::string_view(text + channel + url, extra);
    }
  };
  const Channels channels;
  std::vector<std::unique_ptr<char[]>> chunks;
  constexpr size_t kChunk = 1 << 20;
  size_t used = kChunk;
  const auto room = [&](uint32_t size) {
    if (used + size > kChunk) {
      chunks.push_back(std::make_unique_for_overwrite<char[]>(kChunk));
      used = 0;
    }
    return chunks.back().get() + std::exchange(used, used + size);
  };
  Table<Kept> latest;
  static Bids b;
  while (events.next < Auction | Bidder | Price | Time | Extra | Channel > (b))
    for (u64 i = 0; i < b.count; ++i) {
      Kept& kept = latest[b.bidder[i] << 32 | b.auction[i]];
      const std::string_view channel = channels.names[b.channel[i]];
      const std::string_view url = channels.urls[b.channel[i]];
      const std::string_view extra = std::string_view(events.letters).substr(b.extra_begin[i], b.extra_size[i]);
      if (kept.text != nullptr && b.time[i] <= kept.time) {
        if (b.time[i] < kept.time) continue;
        const auto fresh = std::tie(b.price[i], channel, url, extra);
        if (fresh >= std::tuple(kept.price, kept.part(0), kept.part(1), kept.part(2))) continue;
      }
      const auto size = static_cast<uint32_t>(channel.size() + url.size() + extra.size());
      if (size > kept.capacity) {
        kept.text = room(size);
        kept.capacity = size;
      }
      std::memcpy(kept.text, channel.data(), channel.size());
      std::memcpy(kept.text + channel.size(), url.data(), url.size());
      std::memcpy(kept.text + channel.size() + url.size(), extra.data(), extra.size());
      kept.time = b.time[i];
      kept.price = b.price[i];
      kept.channel = static_cast<uint16_t>(channel.size());
      kept.url = static_cast<uint16_t>(url.size());
      kept.extra = static_cast<uint16_t>(extra.size());
    }
  latest.each([&](u64 key, const Kept& kept) {
    out.row(key & 0xffffffff, key >> 32, kept.price, kept.part(0), kept.part(1), at(kept.time), kept.part(2));
  });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  const std::string_view query = argv[1];
  Generator events(std::strtoull(argv[2], nullptr, 10), std::strtoull(argv[3], nullptr, 10));
  Output out(argc > 4 ? argv[4] : nullptr);
  constexpr std::pair<std::string_view, void (*)(Generator&, Output&)> kQueries[] = {
      {"q1", q1}, {"q2", q2}, {"q5", q5}, {"q7", q7}, {"q8", q8}, {"q12", q12}, {"q17", q17}, {"q18", q18}};
  for (const auto& [name, run] : kQueries) {
    if (name != query) continue;
    run(events, out);
    return 0;
  }
  std::fprintf(stderr, "no query %s\n", argv[1]);
  return 2;
}
