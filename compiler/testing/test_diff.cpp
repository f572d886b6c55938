#include "compiler/testing/test_diff.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace sluice {

namespace {

// By expected row: the row that came and equals it.
using Matches = std::vector<std::optional<size_t>>;

constexpr double kRounding = 1e-12;  // relative

// Are values equal?
struct Comparison {
  bool rounds = false;

  [[nodiscard]] bool same(const Json& a, const Json& b) const {
    if (!rounds) return a == b;
    if (a.is_number_float() && b.is_number_float()) {
      const double x = a.get<double>();
      const double y = b.get<double>();
      return x == y || std::abs(x - y) <= kRounding * std::max(std::abs(x), std::abs(y));
    }
    if (!a.is_structured() || a.type() != b.type() || a.size() != b.size()) return a == b;
    for (auto left = a.begin(), right = b.begin(); left != a.end(); ++left, ++right)
      if (!same(*left, *right)) return false;
    return true;
  }
  [[nodiscard]] bool same(const TestRow& a, const TestRow& b) const {
    return std::ranges::equal(a, b, [this](const Json& x, const Json& y) { return same(x, y); });
  }
};

Matches match_any_order(const std::vector<TestRow>& expected, const std::vector<TestRow>& got,
                        const Comparison& compare) {
  Matches matches(expected.size());
  std::vector<bool> is_taken(got.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    for (size_t j = 0; j < got.size() && !matches[i]; ++j) {
      if (is_taken[j] || !compare.same(expected[i], got[j])) continue;
      is_taken[j] = true;
      matches[i] = j;
    }
  }
  return matches;
}

// The longest common subsequence.
Matches match_in_order(const std::vector<TestRow>& expected, const std::vector<TestRow>& got,
                       const Comparison& compare) {
  std::vector<std::vector<size_t>> length(expected.size() + 1, std::vector<size_t>(got.size() + 1));
  for (size_t i = expected.size(); i-- > 0;)
    for (size_t j = got.size(); j-- > 0;)
      length[i][j] =
          compare.same(expected[i], got[j]) ? length[i + 1][j + 1] + 1 : std::max(length[i + 1][j], length[i][j + 1]);
  Matches matches(expected.size());
  for (size_t i = 0, j = 0; i < expected.size() && j < got.size();) {
    if (compare.same(expected[i], got[j])) {
      matches[i++] = j++;
    } else if (length[i + 1][j] >= length[i][j + 1]) {
      ++i;
    } else {
      ++j;
    }
  }
  return matches;
}

size_t equal_cells(const TestRow& a, const TestRow& b, const Comparison& compare) {
  size_t count = 0;
  for (size_t i = 0; i < a.size(); ++i) count += compare.same(a[i], b[i]) ? 1 : 0;
  return count;
}

class Diff {
 public:
  Diff(const std::vector<TestRow>& expected, const std::vector<TestRow>& got, bool is_ordered,
       const Comparison& compare)
      : expected_(expected),
        got_(got),
        is_ordered_(is_ordered),
        compare_(compare),
        matches_(is_ordered ? match_in_order(expected, got, compare) : match_any_order(expected, got, compare)),
        is_shown_(got.size()) {
    for (const auto& match : matches_)
      if (match) is_shown_[*match] = true;
  }

  std::vector<DiffLine> run() && {
    size_t next = 0;  // in order: rows before it were shown
    for (size_t i = 0; i < expected_.size(); ++i) {
      if (matches_[i]) {
        if (is_ordered_) show_until(next, *matches_[i]);
        next = *matches_[i] + 1;
        lines_.push_back({DiffLine::Kind::Same, expected_[i], {}});
        continue;
      }
      lines_.push_back({DiffLine::Kind::Missing, expected_[i], {}});
      if (const auto instead = find_instead(i, next)) show_instead(i, *instead);
    }
    show_until(0, got_.size());
    return std::move(lines_);
  }

 private:
  // The row that came in the place of expected row `i`: in order the next one, otherwise the most similar.
  [[nodiscard]] std::optional<size_t> find_instead(size_t i, size_t next) const {
    std::optional<size_t> best;
    size_t most = 0;
    for (size_t j = is_ordered_ ? next : 0; j < got_.size(); ++j) {
      if (is_shown_[j]) {
        const bool is_match = std::ranges::find(matches_, std::optional(j)) != matches_.end();
        if (is_ordered_ && is_match) break;
        continue;
      }
      if (is_ordered_) return j;
      const size_t equal = equal_cells(expected_[i], got_[j], compare_);
      if (best && equal <= most) continue;
      if (equal == 0 && expected_[i].size() > 1) continue;
      best = j;
      most = equal;
    }
    return best;
  }

  void show_instead(size_t i, size_t j) {
    std::vector<bool> differs;
    for (size_t column = 0; column < got_[j].size(); ++column)
      differs.push_back(!compare_.same(expected_[i][column], got_[j][column]));
    is_shown_[j] = true;
    lines_.push_back({DiffLine::Kind::Unexpected, got_[j], std::move(differs)});
  }

  void show_until(size_t begin, size_t end) {
    for (size_t j = begin; j < end; ++j) {
      if (is_shown_[j]) continue;
      is_shown_[j] = true;
      lines_.push_back({DiffLine::Kind::Unexpected, got_[j], {}});
    }
  }

  const std::vector<TestRow>& expected_;
  const std::vector<TestRow>& got_;
  bool is_ordered_;
  Comparison compare_;
  Matches matches_;
  std::vector<bool> is_shown_;
  std::vector<DiffLine> lines_;
};

}  // namespace

std::vector<DiffLine> diff_rows(const std::vector<TestRow>& expected, const std::vector<TestRow>& got, bool is_ordered,
                                bool rounds) {
  return Diff(expected, got, is_ordered, Comparison{rounds}).run();
}

bool is_same(const std::vector<DiffLine>& diff) {
  return std::ranges::all_of(diff, [](const DiffLine& line) { return line.kind == DiffLine::Kind::Same; });
}

}  // namespace sluice
