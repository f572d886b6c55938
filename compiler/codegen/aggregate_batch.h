// AggregateBatch: the rows that one record makes by `expand`, on their way into an aggregate. The search for a row's
// group mostly waits for memory. So the rows are gathered first: their keys are hashed and the slots where the searches
// will begin are asked for; when the rows then enter their groups, the waiting is over or goes on for several at once.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/codegen/aggregate.h"
#include "compiler/codegen/function_emitter.h"

namespace sluice::codegen {

class AggregateBatch {
 public:
  static constexpr uint64_t kRows = 32;

  // The aggregate that every row of `expand` reaches, if there is such a one, and at most once per element.
  [[nodiscard]] static std::optional<NodeId> behind(const StageContext& stage, NodeId expand);

  AggregateBatch(FunctionEmitter& emitter, NodeId aggregate);

  void begin();              // forgets all rows
  void add(const Row& row);  // at most kRows times
  void flush();              // all rows into their groups

 private:
  [[nodiscard]] llvm::Value* address_of(llvm::Value* position);

  FunctionEmitter& f_;
  NodeId id_;
  const AggregateNode& node_;
  AggregateLayout layout_;
  std::vector<std::string> columns_;  // that the calls use
  std::vector<Type> column_types_;
  uint64_t row_size_;
  llvm::Value* rows_;
  llvm::Value* count_;
};

}  // namespace sluice::codegen
