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
// All columns of `schema` from a row.
[[nodiscard]] Row load_row(FunctionEmitter& f, const Schema& schema, llvm::Value* address, llvm::Value* block_end);
// Writes `values` as the next row of a RowWriter that has room for it (reserve first), and advances it.
void store_row(FunctionEmitter& f, const std::vector<Value>& values, llvm::Value* writer);
[[nodiscard]] llvm::Value* heap_size(FunctionEmitter& f, const std::vector<Value>& values);

// The value of `type` that is null.
[[nodiscard]] Value null_value(FunctionEmitter& f, const Type& type);
// Zero of everything, present where nullable only by `present`.
[[nodiscard]] Value zero_value(FunctionEmitter& f, const Type& type);

}  // namespace sluice::codegen
