// The input of a test's sources: the given rows up to a place of the test, as they stand there or in another order that
// the sources allow.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "lang/check/tests.h"
#include "stdlib/connectors/json_pieces.h"

namespace sluice {

// How the rows are handed in. The results of a program must not depend on it.
struct InputVariation {
  bool is_shuffled = false;    // in another order, in which no row comes later than its source allows
  bool is_row_by_row = false;  // each row in a piece of its own, so that many tasks get some
};

class TestInput {
 public:
  explicit TestInput(const CheckedTest& test);

  // May the order of rows matter to what the test looks at only where their source does not promise it?
  [[nodiscard]] bool can_shuffle() const { return can_shuffle_; }
  // By source: what the steps before `end` give to it.
  [[nodiscard]] std::map<std::string, std::vector<JsonPiece>> pieces(size_t end, const InputVariation& variation) const;

 private:
  struct Timing {
    std::string column;
    int64_t delay = 0;
  };
  struct Progress;  // of one source
  void find_timings();
  void add_rows(const TestGiven& given, const InputVariation& variation, Progress& source) const;

  const CheckedTest& test_;
  std::map<std::string, Timing> timings_;
  bool can_shuffle_ = false;
};

}  // namespace sluice
