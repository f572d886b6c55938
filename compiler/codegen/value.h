// Value: a Flow value as generated code holds it in registers; Row: the named values of one row.
#pragma once

#include <llvm/IR/Value.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lang/types/type.h"

namespace sluice::codegen {

// What stands where by type: bool i1; int, timestamp, duration i64; float double; string and list: `data` is a ptr and
// `size` an i64 (bytes, elements); record: `fields` only. `present` is an i1 for nullable types, else null. The data of
// an absent value is undefined but harmless: a string or list has size 0.
struct Value {
  Type type;
  llvm::Value* data = nullptr;
  llvm::Value* size = nullptr;
  llvm::Value* present = nullptr;
  std::vector<Value> fields;
};

// The registers of a value in a fixed order, and back: for phis and function boundaries.
void flatten(const Value& value, std::vector<llvm::Value*>& parts);
[[nodiscard]] Value unflatten(const Type& type, llvm::Value* const*& parts);

class Row {
 public:
  void add(std::string name, Value value) { columns_.emplace_back(std::move(name), std::move(value)); }
  [[nodiscard]] const Value* find(std::string_view name) const;
  [[nodiscard]] const Value& at(std::string_view name) const;  // which must exist
  [[nodiscard]] const std::vector<std::pair<std::string, Value>>& columns() const { return columns_; }

 private:
  std::vector<std::pair<std::string, Value>> columns_;
};

}  // namespace sluice::codegen
