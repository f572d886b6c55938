// The csv benchmarks as a careful engineer writes them in a day: `csv filter|json|all|group INPUT OUTPUT`. Each does
// exactly the work of the pipeline of the same name in bench/pipelines.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr size_t kBlock = 64;
constexpr size_t kReadSize = 256 << 10;
using Bytes = unsigned char __attribute__((ext_vector_type(64)));
using Bits = bool __attribute__((ext_vector_type(64)));

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

[[noreturn]] void fail_row(uint64_t row, const char* what) {
  std::fprintf(stderr, "row %llu: %s\n", static_cast<unsigned long long>(row), what);
  std::exit(1);
}

// ---- reading ----

// Rows of a csv file, 256 KiB at a time. Commas, quotes and line ends are found 64 bytes at a time; fields are views
// that are good until the next row.
class Reader {
 public:
  explicit Reader(const char* path) : path_(path), file_(open(path, O_RDONLY)) {
    if (file_ < 0) fail(path);
    buffer_.resize(kReadSize + 2 * kBlock);
    fill();
  }
  ~Reader() { close(file_); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  template <size_t N>
  bool next(std::array<std::string_view, N>& fields) {
    while (!parse(fields)) {
      if (at_end_) return false;
      fill();
    }
    ++row_;
    return true;
  }
  [[nodiscard]] uint64_t row() const { return row_; }

 private:
  // False when the row is not complete in the buffer.
  template <size_t N>
  bool parse(std::array<std::string_view, N>& fields) {
    const char* start = next_;
    for (size_t i = 0; i < N; ++i) {
      const char* mark = find_mark();
      if (mark == nullptr) return false;
      if (*mark == '"') [[unlikely]] {
        if (!quoted(start, mark, fields[i])) return false;
      } else {
        fields[i] = {start, static_cast<size_t>(mark - start)};
      }
      if ((*mark == '\n') != (i + 1 == N)) fail_row(row_, "wrong number of fields");
      start = mark + 1;
    }
    std::string_view& last = fields[N - 1];
    if (!last.empty() && last.back() == '\r' && start[-2] == '\r') last.remove_suffix(1);
    next_ = start;
    return true;
  }

  const char* find_mark() {
    while (marks_ == 0) {
      block_ += kBlock;
      if (block_ >= end_) return nullptr;
      load_marks();
    }
    const char* mark = block_ + std::countr_zero(marks_);
    marks_ &= marks_ - 1;
    return mark;
  }
  void load_marks() {
    Bytes bytes;
    std::memcpy(&bytes, block_, kBlock);
    marks_ = std::bit_cast<uint64_t>(__builtin_convertvector((bytes == ',') | (bytes == '\n') | (bytes == '"'), Bits));
  }

  // `mark` is a quote of the field that begins at `start`; moves it to the end of the field.
  bool quoted(const char* start, const char*& mark, std::string_view& field) {
    if (mark != start) fail_row(row_, "quote inside a field");
    bool doubled = false;
    for (;;) {
      do {
        if ((mark = find_mark()) == nullptr) return false;
      } while (*mark != '"');
      const char* quote = mark;
      if ((mark = find_mark()) == nullptr) return false;
      if (*mark == '"' && mark == quote + 1) {
        doubled = true;
        continue;
      }
      if (mark != quote + 1 && !(mark == quote + 2 && quote[1] == '\r')) fail_row(row_, "text behind a quoted field");
      field = {start + 1, static_cast<size_t>(quote - start - 1)};
      break;
    }
    if (doubled) {
      std::string& text = unquoted_[unquoted_used_++ % unquoted_.size()];
      text.clear();
      for (size_t i = 0; i < field.size(); ++i) {
        text += field[i];
        if (field[i] == '"') ++i;
      }
      field = text;
    }
    return true;
  }

  // Moves what is left to the front and reads more; at the end of the file a missing line end is added.
  void fill() {
    size_t left = end_ == nullptr ? 0 : static_cast<size_t>(end_ - next_);
    std::memmove(buffer_.data(), next_, left);
    if (buffer_.size() < left + kReadSize + 2 * kBlock) buffer_.resize(left + kReadSize + 2 * kBlock);
    ssize_t got = read(file_, buffer_.data() + left, kReadSize);
    if (got < 0) fail(path_);
    size_t size = left + static_cast<size_t>(got);
    if (got == 0) {
      at_end_ = true;
      if (size > 0 && buffer_[size - 1] != '\n') buffer_[size++] = '\n';
    }
    std::memset(buffer_.data() + size, 0, kBlock);
    next_ = block_ = buffer_.data();
    end_ = next_ + size;
    load_marks();
  }

  const char* path_;
  int file_;
  std::vector<char> buffer_;
  const char* next_ = nullptr;   // where the next row begins
  const char* block_ = nullptr;  // the 64 bytes that marks_ is about
  const char* end_ = nullptr;
  uint64_t marks_ = 0;
  uint64_t row_ = 0;
  bool at_end_ = false;
  std::array<std::string, 8> unquoted_;
  size_t unquoted_used_ = 0;
};

int64_t to_int(std::string_view text, const Reader& reader) {
  int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) fail_row(reader.row(), "not a number");
  return value;
}

int64_t digits(const char* text, size_t count) {
  int64_t value = 0;
  for (size_t i = 0; i < count; ++i) {
    auto digit = static_cast<unsigned char>(text[i] - '0');
    if (digit > 9) return INT64_MIN / 16;
    value = value * 10 + digit;
  }
  return value;
}

int64_t days_from_civil(int64_t year, int64_t month, int64_t day) {
  year -= month <= 2;
  int64_t era = (year >= 0 ? year : year - 399) / 400;
  int64_t year_of_era = year - era * 400;
  int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

// 2024-01-31T10:00:00.123Z to microseconds since 1970.
int64_t to_timestamp(std::string_view text, const Reader& reader) {
  const char* t = text.data();
  if (text.size() < 20 || t[4] != '-' || t[7] != '-' || t[10] != 'T' || t[13] != ':' || t[16] != ':' ||
      text.back() != 'Z') {
    fail_row(reader.row(), "not a timestamp");
  }
  int64_t seconds = days_from_civil(digits(t, 4), digits(t + 5, 2), digits(t + 8, 2)) * 86400 +
                    digits(t + 11, 2) * 3600 + digits(t + 14, 2) * 60 + digits(t + 17, 2);
  int64_t micros = 0;
  if (text.size() > 21 && t[19] == '.') {
    size_t count = std::min<size_t>(text.size() - 21, 6);
    micros = digits(t + 20, count);
    for (size_t i = count; i < 6; ++i) micros *= 10;
  }
  if (seconds < -62135596800 || micros < 0) fail_row(reader.row(), "not a timestamp");
  return seconds * 1'000'000 + micros;
}

std::string timestamp_text(int64_t micros) {
  std::time_t seconds = micros / 1'000'000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 48> text{};
  size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  int64_t fraction = micros % 1'000'000;
  if (fraction != 0) {
    size += static_cast<size_t>(
        std::snprintf(text.data() + size, text.size() - size, ".%06lld", static_cast<long long>(fraction)));
    while (text[size - 1] == '0') --size;
  }
  return std::string(text.data(), size) + "Z";
}

int64_t length(std::string_view text) {  // in characters of UTF-8
  return std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; });
}

// ---- writing ----

class Writer {
 public:
  explicit Writer(const char* path) : path_(path), file_(std::fopen(path, "w")) {
    if (file_ == nullptr) fail(path);
    std::setvbuf(file_, nullptr, _IONBF, 0);
    text_.reserve(kFlushAt * 2);
  }
  void add(std::string_view text) { text_ += text; }
  void add(char c) { text_ += c; }
  void add(int64_t number) {
    std::array<char, 24> buffer{};
    text_.append(buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr);
  }
  void add_csv(std::string_view text) {
    if (text.find_first_of(",\"\n\r") == std::string_view::npos) {
      text_ += text;
      return;
    }
    text_ += '"';
    for (char c : text) {
      if (c == '"') text_ += '"';
      text_ += c;
    }
    text_ += '"';
  }
  void add_json(std::string_view text) {
    text_ += '"';
    size_t clean = 0;
    for (size_t i = 0; i < text.size(); ++i) {
      auto c = static_cast<unsigned char>(text[i]);
      if (c >= 0x20 && c != '"' && c != '\\') continue;
      text_.append(text, clean, i - clean);
      clean = i + 1;
      if (c == '"' || c == '\\') {
        text_ += '\\';
        text_ += static_cast<char>(c);
      } else if (c == '\n') {
        text_ += "\\n";
      } else if (c == '\t') {
        text_ += "\\t";
      } else if (c == '\r') {
        text_ += "\\r";
      } else {
        std::array<char, 8> code{};
        std::snprintf(code.data(), code.size(), "\\u%04x", c);
        text_ += code.data();
      }
    }
    text_.append(text, clean);
    text_ += '"';
  }
  void end_row() {
    text_ += '\n';
    if (text_.size() >= kFlushAt) flush();
  }
  void finish() {
    flush();
    if (std::fclose(file_) != 0) fail(path_);
  }

 private:
  static constexpr size_t kFlushAt = 256 << 10;
  void flush() {
    if (std::fwrite(text_.data(), 1, text_.size(), file_) != text_.size()) fail(path_);
    text_.clear();
  }
  const char* path_;
  std::FILE* file_;
  std::string text_;
};

// ---- the work ----

enum Column { Auction, Bidder, Price, Channel, Url, Time, Extra, Columns };
using BidRow = std::array<std::string_view, Columns>;

void filter(Reader& in, Writer& out) {
  BidRow row;
  in.next(row);
  out.add("auction,bidder,price,url\n");
  while (in.next(row)) {
    if (row[Channel] != "apple") continue;
    int64_t price = to_int(row[Price], in);
    if (price <= 1000) continue;
    out.add(to_int(row[Auction], in));
    out.add(',');
    out.add(to_int(row[Bidder], in));
    out.add(',');
    out.add(price);
    out.add(',');
    out.add_csv(row[Url]);
    out.end_row();
  }
}

void json(Reader& in, Writer& out) {
  BidRow row;
  in.next(row);
  while (in.next(row)) {
    int64_t price = to_int(row[Price], in);
    if (price < 10'000) continue;
    out.add("{\"auction\":");
    out.add(to_int(row[Auction], in));
    out.add(",\"bidder\":");
    out.add(to_int(row[Bidder], in));
    out.add(",\"dollars\":");
    out.add(price / 100);
    out.add(",\"fee\":");
    out.add(price * 3 / 100 + 30);
    out.add(",\"channel\":");
    out.add_json(row[Channel]);
    out.add(",\"url\":");
    out.add_json(row[Url]);
    out.add(",\"extra\":");
    out.add_json(row[Extra]);
    out.add('}');
    out.end_row();
  }
}

void all(Reader& in, Writer& out) {
  BidRow row;
  in.next(row);
  int64_t rows = 0;
  int64_t auction = INT64_MIN;
  int64_t bidder = INT64_MIN;
  int64_t price = 0;
  int64_t channel = 0;
  int64_t url = 0;
  int64_t time = INT64_MIN;
  int64_t extra = 0;
  while (in.next(row)) {
    ++rows;
    auction = std::max(auction, to_int(row[Auction], in));
    bidder = std::max(bidder, to_int(row[Bidder], in));
    price += to_int(row[Price], in);
    channel += length(row[Channel]);
    url += length(row[Url]);
    time = std::max(time, to_timestamp(row[Time], in));
    extra += length(row[Extra]);
  }
  out.add("rows,auction,bidder,price,channel,url,ts,extra\n");
  for (int64_t value : {rows, auction, bidder, price, channel, url}) {
    out.add(value);
    out.add(',');
  }
  out.add(timestamp_text(time));
  out.add(',');
  out.add(extra);
  out.end_row();
}

// Open addressing with linear probing. Keys of up to 16 bytes stand in the table itself, so that finding one costs one
// cache miss; longer ones stand in an arena.
class Groups {
 public:
  struct Group {
    uint64_t low;
    uint64_t high;
    const char* text;  // of a long key
    uint64_t size;     // of the key, plus one; 0: free
    int64_t sum;
    int64_t count;
  };
  Group& find(std::string_view key) {
    Group wanted{};
    wanted.size = key.size() + 1;
    if (key.size() <= 16) {
      std::array<char, 16> padded{};
      std::memcpy(padded.data(), key.data(), key.size());
      std::memcpy(&wanted.low, padded.data(), 8);
      std::memcpy(&wanted.high, padded.data() + 8, 8);
    } else {
      wanted.low = hash_long(key);
      std::memcpy(&wanted.high, key.data() + key.size() - 8, 8);
    }
    for (size_t i = mix(wanted.low ^ wanted.size, wanted.high) & mask_;; i = (i + 1) & mask_) {
      Group& group = groups_[i];
      if (group.low == wanted.low && group.high == wanted.high && group.size == wanted.size &&
          (key.size() <= 16 || std::memcmp(group.text, key.data(), key.size()) == 0)) {
        return group;
      }
      if (group.size != 0) continue;
      if (++used_ * 2 > groups_.size()) {
        grow();
        return find(key);
      }
      group = wanted;
      if (key.size() > 16) group.text = keep(key);
      return group;
    }
  }
  template <class Visit>
  void each(Visit visit) const {
    for (const Group& group : groups_) {
      if (group.size == 0) continue;
      std::array<char, 16> padded{};
      std::memcpy(padded.data(), &group.low, 8);
      std::memcpy(padded.data() + 8, &group.high, 8);
      visit(std::string_view(group.size > 17 ? group.text : padded.data(), group.size - 1), group);
    }
  }

 private:
  static uint64_t mix(uint64_t a, uint64_t b) {
    __uint128_t product = static_cast<__uint128_t>(a ^ 0xa0761d6478bd642f) * (b ^ 0xe7037ed1a0b428db);
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
  }
  static uint64_t hash_long(std::string_view key) {
    uint64_t hash = key.size();
    for (size_t i = 0; i + 8 <= key.size(); i += 8) {
      uint64_t word = 0;
      std::memcpy(&word, key.data() + i, 8);
      hash = mix(hash, word);
    }
    return hash;
  }
  const char* keep(std::string_view text) {
    if (arena_left_ < text.size()) {
      arena_left_ = std::max<size_t>(1 << 20, text.size());
      arena_.push_back(std::make_unique<char[]>(arena_left_));
      arena_next_ = arena_.back().get();
    }
    char* copy = arena_next_;
    std::memcpy(copy, text.data(), text.size());
    arena_next_ += text.size();
    arena_left_ -= text.size();
    return copy;
  }
  void grow() {
    --used_;
    std::vector<Group> old(groups_.size() * 2);
    old.swap(groups_);
    mask_ = groups_.size() - 1;
    for (const Group& group : old) {
      if (group.size == 0) continue;
      size_t i = mix(group.low ^ group.size, group.high) & mask_;
      while (groups_[i].size != 0) i = (i + 1) & mask_;
      groups_[i] = group;
    }
  }

  std::vector<Group> groups_ = std::vector<Group>(1 << 12);
  size_t mask_ = groups_.size() - 1;
  size_t used_ = 0;
  std::vector<std::unique_ptr<char[]>> arena_;
  char* arena_next_ = nullptr;
  size_t arena_left_ = 0;
};

void group(Reader& in, Writer& out) {
  std::array<std::string_view, 3> row;
  in.next(row);
  Groups groups;
  while (in.next(row)) {
    Groups::Group& found = groups.find(row[0]);
    found.sum += to_int(row[1], in);
    ++found.count;
  }
  out.add("key,total,count\n");
  groups.each([&](std::string_view key, const Groups::Group& found) {
    out.add_csv(key);
    out.add(',');
    out.add(found.sum);
    out.add(',');
    out.add(found.count);
    out.end_row();
  });
}

}  // namespace

int main(int argc, char** argv) {
  std::string_view mode = argc == 4 ? argv[1] : "";
  auto* work = mode == "filter"  ? filter
               : mode == "json"  ? json
               : mode == "all"   ? all
               : mode == "group" ? group
                                 : nullptr;
  if (work == nullptr) {
    std::fputs("usage: csv filter|json|all|group INPUT OUTPUT\n", stderr);
    return 2;
  }
  Reader in(argv[2]);
  Writer out(argv[3]);
  work(in, out);
  out.finish();
  return 0;
}
