// Reading and writing Flow values in memory, in the two layouts there are:
//   block layout   rows that travel (runtime/data/row_layout.h): strings by distance from the block's end
//   memory layout  table entries and list elements (runtime/abi/kernel_abi.h): strings by address
#pragma once

#include "compiler/codegen/function_emitter.h"
#include "compiler/codegen/value.h"

namespace sluice::codegen {

// ---- memory layout ----
void store_memory(FunctionEmitter& f, const Value& value, llvm::Value* address);
[[nodiscard]] Value load_memory(FunctionEmitter& f, const Type& type, llvm::Value* address);

// ---- block layout ----
// Heap bytes that the value needs in a block: its strings and lists.
[[nodiscard]] llvm::Value* heap_size(FunctionEmitter& f, const Value& value);
// Writes the value at `address` of a row; strings go to the heap that grows down from the address in slot `heap`.
void store_block(FunctionEmitter& f, const Value& value, llvm::Value* address, llvm::Value* heap,
                 llvm::Value* block_end);
[[nodiscard]] Value load_block(FunctionEmitter& f, const Type& type, llvm::Value* address, llvm::Value* block_end);
// All columns of `schema` from a row, which stays where it is as long as the result is used.
[[nodiscard]] Row load_row(FunctionEmitter& f, const Schema& schema, llvm::Value* address, llvm::Value* block_end);
// Writes `values` as the next row of a RowWriter that has room for it (reserve first), and advances it.
void store_row(FunctionEmitter& f, const std::vector<Value>& values, llvm::Value* writer);
[[nodiscard]] llvm::Value* heap_size(FunctionEmitter& f, const std::vector<Value>& values);

// Builds a row. The columns of a wide one are kept in memory and loaded where they are used: in registers they would
// all be alive at once, from their making to their last use, and the time of register allocation and of much else in
// LLVM grows with the square of that.
class RowBuilder {
 public:
  RowBuilder(FunctionEmitter& emitter, const std::vector<Type>& types);
  void add(std::string name, const Type& type, Value value);
  void add_from(const Row& other, std::string_view column, std::string name) {
    row_.add_from(other, column, std::move(name));
  }
  [[nodiscard]] const Row& row() const { return row_; }

 private:
  FunctionEmitter& f_;
  llvm::Value* memory_ = nullptr;  // of a wide row
  uint64_t used_ = 0;
  Row row_;
};
[[nodiscard]] bool is_wide(size_t columns);

// A value of the same kind as one of `type`, which may be nullable where the value's own is not, or the other way
// round.
[[nodiscard]] Value as_type(const FunctionEmitter& f, const Type& type, Value value);
// The value of `type` that is null.
[[nodiscard]] Value null_value(FunctionEmitter& f, const Type& type);
// Zero of everything, present where nullable only by `present`.
[[nodiscard]] Value zero_value(FunctionEmitter& f, const Type& type);

}  // namespace sluice::codegen
