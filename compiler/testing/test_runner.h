// TestRunner: runs the tests of a program in this process. A test's graph is compiled once per number of tasks; for
// every group of `expect`s the job runs from the start over what the test has given until there, and time stops where
// the test has brought it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "compiler/testing/test_diff.h"
#include "lang/check/tests.h"
#include "lang/support/result.h"
#include "runtime/task/row_error.h"
#include "runtime/task/stage_code.h"

namespace sluice {

// An `expect` that did not get what it expects.
struct TestMismatch {
  const TestExpect* expect = nullptr;
  std::vector<DiffLine> diff;
  std::vector<TestColumn> columns;  // of the rows in `diff`: all, where the test names none
  std::optional<int64_t> time;      // where `advance` has brought the test
  bool is_end = false;              // the input had ended
};

struct TestOutcome {
  std::vector<TestMismatch> mismatches;
  std::optional<RowError> row_error;  // a row could not be read or computed
  std::optional<Error> error;
  std::string variation;  // in which it failed: empty as it stands, otherwise such as "with 3 tasks"
  std::chrono::nanoseconds elapsed{};
  [[nodiscard]] bool passed() const { return mismatches.empty() && !row_error && !error; }
};

// `code` must compile sinks for ConnectorSettings without anything set.
[[nodiscard]] TestOutcome run_test(const CheckedTest& test, TaskFactory& code, bool verify_passes);

}  // namespace sluice
