// Generates the benchmark inputs: `generate words BYTES`, `generate bids-csv ROWS`, `generate bids-json ROWS`,
// `generate keys ROWS KEYS`; writes to standard output. The same arguments always give the same bytes.
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

// splitmix64: small, fast, and the same everywhere (std::uniform_int_distribution is not).
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  uint64_t below(uint64_t limit) { return static_cast<uint64_t>((static_cast<__uint128_t>(next()) * limit) >> 64); }
  double unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

 private:
  uint64_t state_;
};

class Output {
 public:
  Output() { buffer_.reserve(kFlushAt + (1 << 16)); }
  ~Output() { flush(); }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  Output& operator<<(std::string_view text) {
    buffer_ += text;
    if (buffer_.size() >= kFlushAt) flush();
    return *this;
  }
  Output& operator<<(char c) { return *this << std::string_view(&c, 1); }
  Output& operator<<(uint64_t number) {
    std::array<char, 24> digits{};
    auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    return *this << std::string_view(digits.data(), static_cast<size_t>(end - digits.data()));
  }
  [[nodiscard]] uint64_t written() const { return written_ + buffer_.size(); }

 private:
  static constexpr size_t kFlushAt = 1 << 20;
  void flush() {
    if (std::fwrite(buffer_.data(), 1, buffer_.size(), stdout) != buffer_.size()) {
      std::perror("generate: cannot write");
      std::exit(1);
    }
    written_ += buffer_.size();
    buffer_.clear();
  }
  std::string buffer_;
  uint64_t written_ = 0;
};

// Ranks 0..n-1 with probability ~ 1 / (rank + 1), by Walker's alias method.
class Zipf {
 public:
  explicit Zipf(size_t n) : accept_(n), alias_(n) {
    std::vector<double> weight(n);
    double total = 0;
    for (size_t i = 0; i < n; ++i) total += weight[i] = 1.0 / static_cast<double>(i + 1);
    std::vector<size_t> small;
    std::vector<size_t> large;
    for (size_t i = 0; i < n; ++i) {
      weight[i] *= static_cast<double>(n) / total;
      (weight[i] < 1 ? small : large).push_back(i);
    }
    while (!small.empty() && !large.empty()) {
      size_t low = small.back();
      small.pop_back();
      size_t high = large.back();
      accept_[low] = weight[low];
      alias_[low] = high;
      weight[high] -= 1 - weight[low];
      if (weight[high] < 1) {
        large.pop_back();
        small.push_back(high);
      }
    }
    for (size_t i : small) accept_[i] = 1;
    for (size_t i : large) accept_[i] = 1;
  }
  size_t draw(Random& random) {
    size_t i = random.below(accept_.size());
    return random.unit() < accept_[i] ? i : alias_[i];
  }

 private:
  std::vector<double> accept_;
  std::vector<size_t> alias_;
};

// Made-up words; about one in two hundred has a letter beyond ASCII.
std::vector<std::string> make_words(Random& random, size_t count) {
  static constexpr std::array<std::string_view, 24> kOnsets = {"b",  "c",  "d",  "f", "g",  "h",  "l",  "m",
                                                               "n",  "p",  "r",  "s", "t",  "v",  "w",  "st",
                                                               "tr", "ch", "th", "k", "pl", "qu", "sh", ""};
  static constexpr std::array<std::string_view, 8> kVowels = {"a", "e", "i", "o", "u", "ea", "ou", "y"};
  static constexpr std::array<std::string_view, 8> kCodas = {"", "", "n", "r", "s", "t", "l", "nd"};
  static constexpr std::array<std::string_view, 4> kAccents = {"\u00e9", "\u00fc", "\u00f1", "\u00f8"};
  std::vector<std::string> words;
  words.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    std::string word;
    size_t syllables = 1 + random.below(i < 200 ? 2 : 3);
    for (size_t s = 0; s < syllables; ++s) {
      word += kOnsets[random.below(kOnsets.size())];
      word += random.below(400) == 0 ? kAccents[random.below(kAccents.size())] : kVowels[random.below(kVowels.size())];
      word += kCodas[random.below(kCodas.size())];
    }
    words.push_back(word);
  }
  return words;
}

void generate_words(uint64_t bytes) {
  Random random(1);
  std::vector<std::string> words = make_words(random, 200'000);
  Zipf zipf(words.size());
  Output out;
  bool sentence_start = true;
  size_t column = 0;
  while (out.written() < bytes) {
    std::string word = words[zipf.draw(random)];
    if (sentence_start) word[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(word[0])));
    out << word;
    column += word.size() + 1;
    uint64_t mark = random.below(12);
    sentence_start = mark == 0;
    if (mark == 0) out << '.';
    if (mark == 1) out << ',';
    if (column > 76) {
      out << '\n';
      column = 0;
    } else {
      out << ' ';
    }
  }
  out << '\n';
}

struct Bid {
  uint64_t auction;
  uint64_t bidder;
  uint64_t price;
  std::string channel;
  std::string url;
  std::string ts;
  std::string extra;
};

// The bids of the Nexmark benchmark in shape and size: about 172 bytes each as csv.
class Bids {
 public:
  const Bid& next() {
    bid_.auction = 1000 + random_.below(1'000'000) / (1 + random_.below(50));
    bid_.bidder = 1000 + random_.below(500'000);
    bid_.price = static_cast<uint64_t>(std::pow(10.0, random_.unit() * 6.0) * 100.0);
    static constexpr std::array<std::string_view, 4> kChannels = {"apple", "google", "facebook", "baidu"};
    uint64_t channel = random_.below(8);
    if (channel < kChannels.size()) {
      bid_.channel = kChannels[channel];
    } else {
      bid_.channel = "channel-" + std::to_string(random_.below(10'000));
    }
    bid_.url = "https://www.example.com/" + letters(5) + "/" + letters(5) + "/" + letters(5) + "/item.htm?query=1";
    clock_ms_ += random_.below(20);
    bid_.ts = timestamp(clock_ms_);
    bid_.extra = letters(46 + random_.below(24));
    if (random_.below(100) == 0) bid_.extra += ", so \"called\", " + letters(4);
    return bid_;
  }

 private:
  std::string letters(size_t count) {
    std::string text(count, ' ');
    uint64_t bits = 0;
    for (size_t i = 0; i < count; ++i) {
      if (i % 12 == 0) bits = random_.next();
      text[i] = static_cast<char>('a' + (bits & 31) % 26);
      bits >>= 5;
    }
    return text;
  }
  // Milliseconds since 2024-01-01, a leap year; the inputs here never leave that year.
  static std::string timestamp(uint64_t ms) {
    static constexpr std::array<unsigned, 12> kDays = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    uint64_t day = ms / 86'400'000;
    unsigned month = 0;
    while (month < 11 && day >= kDays[month]) day -= kDays[month++];
    uint64_t in_day = ms % 86'400'000;
    std::array<char, 40> text{};
    int size = std::snprintf(text.data(), text.size(), "2024-%02u-%02uT%02u:%02u:%02u.%03uZ", month + 1,
                             static_cast<unsigned>(day + 1), static_cast<unsigned>(in_day / 3'600'000),
                             static_cast<unsigned>(in_day / 60'000 % 60), static_cast<unsigned>(in_day / 1000 % 60),
                             static_cast<unsigned>(in_day % 1000));
    return {text.data(), static_cast<size_t>(size)};
  }

  Random random_{2};
  uint64_t clock_ms_ = 86'400'000;
  Bid bid_;
};

std::string doubled_quotes(std::string_view text, std::string_view escape) {
  std::string result;
  for (char c : text) {
    if (c == '"') result += escape;
    result += c;
  }
  return result;
}

void generate_bids_csv(uint64_t rows) {
  Bids bids;
  Output out;
  out << "auction,bidder,price,channel,url,ts,extra\n";
  for (uint64_t row = 0; row < rows; ++row) {
    const Bid& bid = bids.next();
    out << bid.auction << ',' << bid.bidder << ',' << bid.price << ',' << bid.channel << ',' << bid.url << ',' << bid.ts
        << ',';
    if (bid.extra.find(',') == std::string::npos) {
      out << bid.extra << '\n';
    } else {
      out << '"' << doubled_quotes(bid.extra, "\"") << "\"\n";
    }
  }
}

void generate_bids_json(uint64_t rows) {
  Bids bids;
  Output out;
  for (uint64_t row = 0; row < rows; ++row) {
    const Bid& bid = bids.next();
    out << R"({"auction":)" << bid.auction << R"(,"bidder":)" << bid.bidder << R"(,"price":)" << bid.price
        << R"(,"channel":")" << bid.channel << R"(","url":")" << bid.url << R"(","ts":")" << bid.ts << R"(","extra":")"
        << doubled_quotes(bid.extra, "\\") << "\"}\n";
  }
}

// Keys look like the names of customers, so that they are strings of realistic length.
void generate_keys(uint64_t rows, uint64_t keys) {
  Random random(3);
  Output out;
  out << "key,value,note\n";
  for (uint64_t row = 0; row < rows; ++row) {
    out << "customer-" << random.below(keys) << ',' << random.below(1'000'000) << ",note " << random.below(1000)
        << " of this row\n";
  }
}

uint64_t number(const char* text) {
  char* end = nullptr;
  uint64_t value = std::strtoull(text, &end, 10);
  if (end == text || *end != 0) {
    std::fprintf(stderr, "generate: %s is not a number\n", text);
    std::exit(2);
  }
  return value;
}

}  // namespace

int main(int argc, char** argv) {
  std::string_view kind = argc > 1 ? argv[1] : "";
  if (kind == "words" && argc == 3) {
    generate_words(number(argv[2]));
  } else if (kind == "bids-csv" && argc == 3) {
    generate_bids_csv(number(argv[2]));
  } else if (kind == "bids-json" && argc == 3) {
    generate_bids_json(number(argv[2]));
  } else if (kind == "keys" && argc == 4) {
    generate_keys(number(argv[2]), number(argv[3]));
  } else {
    std::fputs("usage: generate words BYTES | bids-csv ROWS | bids-json ROWS | keys ROWS KEYS\n", stderr);
    return 2;
  }
  return 0;
}
