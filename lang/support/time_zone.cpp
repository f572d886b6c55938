#include "lang/support/time_zone.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>

#include "lang/support/civil_time.h"
#include "lang/support/saturating.h"

namespace sluice {

namespace {

constexpr const char* kFolder = "/usr/share/zoneinfo";
constexpr int64_t kBegin = std::numeric_limits<int64_t>::min();
constexpr int64_t kLastYear = 9999;

int64_t seconds(int64_t count) { return count * kMicrosPerSecond; }

// ---- "CET-1CEST,M3.5.0,M10.5.0/3" ----

class RuleReader {
 public:
  explicit RuleReader(std::string_view text) : rest_(text) {}

  std::optional<YearlyRule> read() {
    YearlyRule rule;
    skip_name();
    rule.standard = -duration();
    if (rest_.empty()) return std::nullopt;
    skip_name();
    rule.summer = rest_.empty() || rest_.front() == ',' ? rule.standard + seconds(3600) : -duration();
    rule.to_summer = change();
    rule.to_standard = change();
    return is_ok_ && rest_.empty() ? std::optional(rule) : std::nullopt;
  }

 private:
  bool accept(char wanted) {
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char wanted) { is_ok_ = accept(wanted) && is_ok_; }

  void skip_name() {
    const bool is_quoted = accept('<');
    const auto is_part = [&](char c) {
      return is_quoted ? c != '>' : (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    };
    const auto end = std::ranges::find_if_not(rest_, is_part);
    is_ok_ = is_ok_ && end != rest_.begin();
    rest_.remove_prefix(static_cast<size_t>(end - rest_.begin()));
    if (is_quoted) expect('>');
  }

  int64_t number() {
    int64_t value = 0;
    size_t digits = 0;
    for (; digits < rest_.size() && digits < 4 && rest_[digits] >= '0' && rest_[digits] <= '9'; ++digits)
      value = value * 10 + (rest_[digits] - '0');
    is_ok_ = is_ok_ && digits != 0;
    rest_.remove_prefix(digits);
    return value;
  }

  // hours[:minutes[:seconds]], in microseconds.
  int64_t duration() {
    const bool is_negative = accept('-');
    if (!is_negative) static_cast<void>(accept('+'));
    int64_t total = number() * 3600;
    if (accept(':')) total += number() * 60;
    if (accept(':')) total += number();
    return seconds(is_negative ? -total : total);
  }

  YearlyChange change() {
    YearlyChange change;
    expect(',');
    if (accept('M')) {
      change.month = static_cast<uint32_t>(number());
      expect('.');
      change.week = static_cast<uint32_t>(number());
      expect('.');
      change.weekday = static_cast<uint32_t>(number());
      is_ok_ = is_ok_ && change.month >= 1 && change.month <= 12 && change.week >= 1 && change.week <= 5 &&
               change.weekday <= 6;
    } else {
      change.day = accept('J') ? YearlyChange::Day::OfYearWithoutLeapDay : YearlyChange::Day::OfYear;
      change.number = number();
    }
    change.time = accept('/') ? duration() : seconds(2 * 3600);
    return change;
  }

  std::string_view rest_;
  bool is_ok_ = true;
};

int64_t day_of_change(const YearlyChange& change, int64_t year) {
  const int64_t new_year = days_of({year, 1, 1});
  switch (change.day) {
    case YearlyChange::Day::OfYear:
      return new_year + change.number;
    case YearlyChange::Day::OfYearWithoutLeapDay:
      return new_year + change.number - 1 + (is_leap_year(year) && change.number > 59 ? 1 : 0);
    case YearlyChange::Day::OfMonth:
      break;
  }
  const int64_t first = days_of({year, change.month, 1});
  const int64_t weekday = floor_mod(first + 4, 7);  // 1970-01-01 was a Thursday
  int64_t day = first + floor_mod(change.weekday - weekday, 7) + 7 * (int64_t{change.week} - 1);
  if (day >= first + days_in_month(year, change.month)) day -= 7;
  return day;
}

// In UTC; the clock is `offset` ahead before.
int64_t time_of_change(const YearlyChange& change, int64_t year, int64_t offset) {
  return day_of_change(change, year) * kMicrosPerDay + change.time - offset;
}

// ---- TZif files ----

class FileReader {
 public:
  explicit FileReader(std::string_view bytes) : rest_(bytes) {}

  struct Counts {
    uint64_t is_ut = 0;
    uint64_t is_standard = 0;
    uint64_t leaps = 0;
    uint64_t times = 0;
    uint64_t types = 0;
    uint64_t chars = 0;
  };
  Counts header() {
    is_ok_ = is_ok_ && rest_.starts_with("TZif");
    skip(20);
    Counts counts;
    for (auto* count : {&counts.is_ut, &counts.is_standard, &counts.leaps, &counts.times, &counts.types, &counts.chars})
      *count = static_cast<uint64_t>(number(4));
    return counts;
  }
  void skip(uint64_t count) {
    is_ok_ = is_ok_ && count <= rest_.size();
    rest_.remove_prefix(is_ok_ ? count : rest_.size());
  }
  // Big-endian, as a signed number where it has eight bytes.
  int64_t number(uint64_t bytes) {
    uint64_t value = 0;
    is_ok_ = is_ok_ && bytes <= rest_.size();
    for (uint64_t i = 0; is_ok_ && i < bytes; ++i) value = value << 8 | static_cast<unsigned char>(rest_[i]);
    skip(bytes);
    return std::bit_cast<int64_t>(value);
  }
  [[nodiscard]] bool is_ok() const { return is_ok_; }
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
  bool is_ok_ = true;
};

bool is_name(const std::string& name) {
  return !name.empty() && name.front() != '/' && name.find("..") == std::string::npos &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '/' || c == '_' ||
                  c == '-' || c == '+';
         });
}

}  // namespace

std::optional<YearlyRule> parse_yearly_rule(std::string_view text) { return RuleReader(text).read(); }

std::optional<TimeZone> TimeZone::parse(std::string_view bytes) {
  FileReader file(bytes);
  // The first part has times of 32 bits, the second says the same with 64.
  FileReader::Counts counts = file.header();
  file.skip(counts.times * 5 + counts.types * 6 + counts.chars + counts.leaps * 8 + counts.is_standard + counts.is_ut);
  counts = file.header();
  if (!file.is_ok() || counts.types == 0 || counts.times > file.rest().size() || counts.types > 256)
    return std::nullopt;
  std::vector<int64_t> times(counts.times);
  std::vector<size_t> kinds(counts.times);
  std::vector<int64_t> offsets(counts.types);
  for (auto& time : times) time = file.number(8);
  for (auto& kind : kinds) kind = static_cast<size_t>(file.number(1));
  for (auto& offset : offsets) {
    offset = seconds(static_cast<int32_t>(file.number(4)));
    file.skip(2);
  }
  file.skip(counts.chars + counts.leaps * 12 + counts.is_standard + counts.is_ut);
  if (!file.is_ok() || std::ranges::any_of(kinds, [&](size_t kind) { return kind >= offsets.size(); }))
    return std::nullopt;
  TimeZone zone;
  zone.segments_.push_back({kBegin, offsets.front(), kBegin});
  constexpr int64_t kFarAway = std::numeric_limits<int64_t>::max() / kMicrosPerSecond / 2;
  for (size_t i = 0; i < times.size(); ++i)
    zone.add(seconds(std::clamp(times[i], -kFarAway, kFarAway)), offsets[kinds[i]]);
  std::string_view footer = file.rest();
  if (footer.starts_with('\n')) footer.remove_prefix(1);
  zone.rule_ = parse_yearly_rule(footer.substr(0, footer.find('\n')));
  const int64_t last = times.empty() ? 0 : zone.segments_.back().begin;
  zone.next_year_ = date_of(floor_div(last, kMicrosPerDay)).year;
  return zone;
}

std::optional<TimeZone> TimeZone::find(const std::string& name) {
  const std::filesystem::path path = std::filesystem::path(kFolder) / name;
  std::error_code error;
  if (!is_name(name) || !std::filesystem::is_regular_file(path, error)) return std::nullopt;
  std::ifstream file(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  return parse(bytes);
}

void TimeZone::add(int64_t begin, int64_t offset) {
  const Segment& before = segments_.back();
  if (begin <= before.begin || offset == before.offset) return;
  segments_.push_back({begin, offset, std::max(before.reached, begin + before.offset - 1)});
}

// Has all changes up to `time` and some more ready.
void TimeZone::cover(int64_t time) {
  if (!rule_) return;
  const int64_t year = std::min(date_of(floor_div(time, kMicrosPerDay)).year + 1, kLastYear);
  for (; next_year_ <= year; ++next_year_) {
    const int64_t to_summer = time_of_change(rule_->to_summer, next_year_, rule_->standard);
    const int64_t to_standard = time_of_change(rule_->to_standard, next_year_, rule_->summer);
    const bool summer_first = to_summer < to_standard;
    add(std::min(to_summer, to_standard), summer_first ? rule_->summer : rule_->standard);
    add(std::max(to_summer, to_standard), summer_first ? rule_->standard : rule_->summer);
  }
}

int64_t TimeZone::reached(int64_t time) {
  cover(time);
  const auto next = std::ranges::upper_bound(segments_, time, {}, &Segment::begin);
  const Segment& now = *std::prev(next);
  return std::max(now.reached, saturating_add(time, now.offset));
}

int64_t TimeZone::first(int64_t local) {
  cover(local);
  // In the first segment whose clock gets there.
  const auto next = std::ranges::lower_bound(segments_.begin() + 1, segments_.end(), local, {}, &Segment::reached);
  const Segment& there = *std::prev(next);
  return std::max(there.begin, saturating_add(local, -there.offset));
}

std::vector<std::string> time_zone_names() {
  namespace fs = std::filesystem;
  std::vector<std::string> names;
  std::error_code error;
  fs::recursive_directory_iterator at(kFolder, error);
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    const std::string name = at->path().lexically_relative(kFolder).string();
    if (name == "posix" || name == "right") at.disable_recursion_pending();
    // The others in there are lists and notes.
    if (at->is_regular_file(error) && is_name(name) && name.front() >= 'A' && name.front() <= 'Z')
      names.push_back(name);
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace sluice
