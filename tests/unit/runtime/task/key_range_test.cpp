#include "runtime/task/key_range.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

const Type kInt(TypeKind::Int);

Node node_of(NodePayload payload, std::vector<NodeId> inputs) {
  Node node;
  node.payload = std::move(payload);
  node.inputs = std::move(inputs);
  return node;
}

NamedExpr plain(const std::string& name) { return {name, Expr::column(name, kInt, {})}; }

// source -> exchange by `exchange_keys` -> nodes in between -> aggregate by `keys`
struct Plan {
  explicit Plan(std::vector<std::string> exchange_keys) {
    last = plan.graph.nodes.add(node_of(SourceNode{}, {}));
    last = plan.graph.nodes.add(node_of(ExchangeNode{ExchangeKind::Hash, std::move(exchange_keys)}, {last}));
    stage = plan.stages.add(StagePlan{});
    plan.stages[stage].parallelism = 4;
  }
  Plan& then(NodePayload payload) {
    last = plan.graph.nodes.add(node_of(std::move(payload), {last}));
    return *this;
  }
  // Does the table of an aggregate by these keys see a part of the hashes only?
  bool is_narrow(std::vector<NamedExpr> keys, StateKind kind = StateKind::Groups) {
    StatePlan state;
    state.kind = kind;
    for (const auto& key : keys) state.key.fields.push_back({key.name, kInt});
    AggregateNode aggregate;
    aggregate.keys = std::move(keys);
    state.node = plan.graph.nodes.add(node_of(std::move(aggregate), {last}));
    const HashRange range = key_range(plan, stage, state, 1);
    EXPECT_TRUE(range == HashRange{} || range == hash_range(128, 32, 64));
    return range.count != 0;
  }
  JobPlan plan;
  NodeId last;
  StageId stage;
};

TEST(KeyRange, TablesBehindTheirOwnExchangeSeeTheirKeyGroups) {
  EXPECT_TRUE(Plan({"a", "b"}).is_narrow({plain("a"), plain("b")}));
  EXPECT_TRUE(Plan({"a"}).then(FilterNode{}).is_narrow({plain("a")}));
  EXPECT_TRUE(Plan({"a"}).then(ProjectNode{{plain("a"), plain("b")}}).is_narrow({plain("a")}));
  EXPECT_TRUE(Plan({"a"})
                  .then(AggregateNode{AggregatePhase::Final, false, {plain("a")}, {}, {}, 0, {}, {}})
                  .is_narrow({plain("a")}));
  EXPECT_TRUE(Plan({"a"}).then(ExpandNode{"word", {}}).is_narrow({plain("a")}));
}

TEST(KeyRange, AllOthersSeeAnyHash) {
  EXPECT_FALSE(Plan({"a", "b"}).is_narrow({plain("b"), plain("a")})) << "hashed in another order";
  EXPECT_FALSE(Plan({"a"}).is_narrow({plain("a"), plain("b")}));
  EXPECT_FALSE(Plan({"a"}).is_narrow({}));
  EXPECT_FALSE(Plan({"a"}).is_narrow({plain("a")}, StateKind::Distinct));
  EXPECT_FALSE(Plan({"a"}).is_narrow({{"a", Expr::column("b", kInt, {})}}));
  EXPECT_FALSE(Plan({"a"}).then(ProjectNode{{{"a", Expr::column("b", kInt, {})}}}).is_narrow({plain("a")}));
  EXPECT_FALSE(Plan({"a"}).then(ExpandNode{"a", {}}).is_narrow({plain("a")}));
  Plan gathered({"a"});
  gathered.then(ExchangeNode{ExchangeKind::Gather, {}});
  EXPECT_FALSE(gathered.is_narrow({plain("a")}));
  Plan mixed({"a"});
  const NodeId source(size_t{0});
  mixed.last = mixed.plan.graph.nodes.add(node_of(UnionNode{}, {mixed.last, source}));
  EXPECT_FALSE(mixed.is_narrow({plain("a")}));
  Plan single({"a"});
  single.plan.stages[single.stage].parallelism = 1;
  EXPECT_FALSE(single.is_narrow({plain("a")}));
}

}  // namespace
}  // namespace sluice
