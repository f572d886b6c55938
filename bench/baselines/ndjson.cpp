// The NDJSON benchmarks as a careful engineer writes them in a day, on simdjson's ondemand parser: `ndjson filter|all
// INPUT OUTPUT`. Each does exactly the work of the pipeline json_filter or json_all in bench/pipelines.
#include <fcntl.h>
#include <simdjson.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace ondemand = simdjson::ondemand;
constexpr size_t kReadSize = 512 << 10;

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

// simdjson's errors and our own end the program here.
template <class T>
T must(simdjson::simdjson_result<T> result) {
  T value;
  auto error = std::move(result).get(value);
  if (error != simdjson::SUCCESS) {
    std::fprintf(stderr, "bad record: %s\n", simdjson::error_message(error));
    std::exit(1);
  }
  return value;
}

// Calls visit(object) for every record; the file is read 512 KiB at a time, cut at line ends.
template <class Visit>
void each_record(const char* path, Visit visit) {
  int file = open(path, O_RDONLY);
  if (file < 0) fail(path);
  ondemand::parser parser;
  std::vector<char> buffer;
  size_t kept = 0;
  for (;;) {
    if (buffer.size() < kept + kReadSize + simdjson::SIMDJSON_PADDING) {
      buffer.resize(kept + kReadSize + simdjson::SIMDJSON_PADDING);
    }
    ssize_t got = read(file, buffer.data() + kept, kReadSize);
    if (got < 0) fail(path);
    size_t filled = kept + static_cast<size_t>(got);
    size_t whole = filled;
    if (got > 0) {
      const void* last = memrchr(buffer.data() + kept, '\n', static_cast<size_t>(got));
      whole = last == nullptr ? 0 : static_cast<size_t>(static_cast<const char*>(last) - buffer.data()) + 1;
    }
    if (whole > 0) {
      ondemand::document_stream records = must(parser.iterate_many(buffer.data(), whole, whole + 64));
      for (auto record : records) visit(must(record.get_object()));
    }
    std::memmove(buffer.data(), buffer.data() + whole, filled - whole);
    kept = filled - whole;
    if (got == 0) break;
  }
  close(file);
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
int64_t to_timestamp(std::string_view text) {
  const char* t = text.data();
  bool good = text.size() >= 20 && t[4] == '-' && t[7] == '-' && t[10] == 'T' && t[13] == ':' && t[16] == ':' &&
              text.back() == 'Z';
  int64_t seconds = !good ? INT64_MIN
                          : days_from_civil(digits(t, 4), digits(t + 5, 2), digits(t + 8, 2)) * 86400 +
                                digits(t + 11, 2) * 3600 + digits(t + 14, 2) * 60 + digits(t + 17, 2);
  int64_t micros = 0;
  if (good && text.size() > 21 && t[19] == '.') {
    size_t count = std::min<size_t>(text.size() - 21, 6);
    micros = digits(t + 20, count);
    for (size_t i = count; i < 6; ++i) micros *= 10;
  }
  if (seconds < -62135596800 || micros < 0) {
    std::fprintf(stderr, "bad record: not a timestamp\n");
    std::exit(1);
  }
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

void append(std::string& out, int64_t number) {
  std::array<char, 24> buffer{};
  out.append(buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr);
}

void filter(const char* input, std::FILE* file) {
  std::string out = "auction,price,channel\n";
  each_record(input, [&](ondemand::object record) {
    int64_t auction = must(record["auction"].get_int64());
    int64_t price = must(record["price"].get_int64());
    std::string_view channel = must(record["channel"].get_string());
    if (price <= 1000 || channel != "apple" || auction % 2 != 0) return;
    append(out, auction);
    out += ',';
    append(out, price);
    out += ',';
    out += channel;  // nothing to quote: it is "apple"
    out += '\n';
    if (out.size() < (256 << 10)) return;
    if (std::fwrite(out.data(), 1, out.size(), file) != out.size()) fail("output");
    out.clear();
  });
  if (std::fwrite(out.data(), 1, out.size(), file) != out.size()) fail("output");
}

void all(const char* input, std::FILE* file) {
  int64_t rows = 0;
  int64_t auction = INT64_MIN;
  int64_t bidder = INT64_MIN;
  int64_t price = 0;
  int64_t channel = 0;
  int64_t url = 0;
  int64_t time = INT64_MIN;
  int64_t extra = 0;
  each_record(input, [&](ondemand::object record) {
    ++rows;
    auction = std::max(auction, must(record["auction"].get_int64()));
    bidder = std::max(bidder, must(record["bidder"].get_int64()));
    price += must(record["price"].get_int64());
    channel += length(must(record["channel"].get_string()));
    url += length(must(record["url"].get_string()));
    time = std::max(time, to_timestamp(must(record["ts"].get_string())));
    extra += length(must(record["extra"].get_string()));
  });
  std::string out = "rows,auction,bidder,price,channel,url,ts,extra\n";
  for (int64_t value : {rows, auction, bidder, price, channel, url}) {
    append(out, value);
    out += ',';
  }
  out += timestamp_text(time) + ',';
  append(out, extra);
  out += '\n';
  if (std::fwrite(out.data(), 1, out.size(), file) != out.size()) fail("output");
}

}  // namespace

int main(int argc, char** argv) {
  std::string_view mode = argc == 4 ? argv[1] : "";
  if (mode != "filter" && mode != "all") {
    std::fputs("usage: ndjson filter|all INPUT OUTPUT\n", stderr);
    return 2;
  }
  std::FILE* file = std::fopen(argv[3], "w");
  if (file == nullptr) fail(argv[3]);
  std::setvbuf(file, nullptr, _IONBF, 0);
  (mode == "filter" ? filter : all)(argv[2], file);
  if (std::fclose(file) != 0) fail(argv[3]);
  return 0;
}
