// Rows that a step keeps per key: chains of abi::JoinCell in the memory of the step's hash table, each row in block
// layout behind its cell. Equal rows have equal bytes. The joins keep their sides so, and incremental aggregates the
// arguments of functions that cannot take a row back.
#pragma once

#include <functional>
#include <vector>

#include "compiler/codegen/function_emitter.h"
#include "compiler/codegen/value.h"

namespace sluice::codegen {

// Adds a row in front of the chain whose first cell is at `chain`; returns its cell. `until` when nobody needs it any
// more; null: it stays.
llvm::Value* store_cell(FunctionEmitter& f, llvm::Value* table, llvm::Value* chain, std::vector<Value> values,
                        llvm::Value* until = nullptr);
// Takes one row with these values out of the chain, which must have one.
void remove_cell(FunctionEmitter& f, llvm::Value* table, llvm::Value* chain, std::vector<Value> values);
[[nodiscard]] Row load_cell(FunctionEmitter& f, const Schema& kept, llvm::Value* cell);

// Every cell of the chain. What the body needs of the scratch memory is given back behind each. It may take the cell
// out of the chain: then it returns whether, else null.
using CellBody = std::function<llvm::Value*(llvm::Value* cell)>;
void for_each_cell(FunctionEmitter& f, llvm::Value* chain, const CellBody& body);

}  // namespace sluice::codegen
