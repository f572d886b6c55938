#include "compiler/passes/pass_manager.h"

#include <gtest/gtest.h>

#include "pass_testing.h"

namespace sluice {
namespace {

std::set<std::string> passes_of(const PassResult& result) {
  std::set<std::string> names;
  for (const auto& note : result.notes) names.insert(note.pass);
  return names;
}

TEST(PassManager, WithoutOptimizingOnlyWhatIsRequiredRuns) {
  PassOptions options;
  options.parallelism = 4;
  options.optimize = false;
  const auto result = run_passes(testing::graph_of(testing::kWordCount), options);
  EXPECT_EQ(passes_of(result), (std::set<std::string>{"place_exchanges", "fuse"}));
}

TEST(PassManager, DisabledPassesDoNotRunUnlessRequired) {
  PassOptions options;
  options.disabled = {"prune_columns", "fuse"};
  const auto result = run_passes(testing::graph_of(testing::kWordCount), options);
  EXPECT_FALSE(passes_of(result).contains("prune_columns"));
  EXPECT_TRUE(passes_of(result).contains("fuse"));
}

TEST(PassManager, UnknownNamesAreRefused) {
  const auto result = run_named_passes(testing::graph_of(testing::kWordCount), {"fuse", "vectorise"}, {});
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().message,
            "there is no pass called `vectorise`; there are derive_changes, lookup_joins, fold_constants, share_parts, "
            "top_joins, open_records, push_filters, bound_joins, share_panes, place_exchanges, two_phase_aggregate, "
            "two_phase_top, cut_stages, prune_columns, fuse");
}

TEST(PassManager, CodesAreUnique) {
  std::set<std::string_view> codes;
  for (const auto& row : pass_rows()) {
    EXPECT_TRUE(codes.insert(row.code).second) << row.code;
    EXPECT_FALSE(row.why_here.empty());
  }
}

TEST(PassManager, PassesAreIdempotentOnTheirOwnResult) {
  PassOptions options;
  options.parallelism = 4;
  const auto once = run_passes(testing::graph_of(testing::kWordCount), options);
  const auto twice = run_passes(once.graph, options);
  EXPECT_EQ(write_graph(once.graph), write_graph(twice.graph));
}

}  // namespace
}  // namespace sluice
