// Value: a Flow value as generated code holds it in registers; Row: the named values of one row.
#pragma once

#include <llvm/IR/Value.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lang/types/type.h"

namespace sluice::codegen {

// What stands where by type: bool i1; int, date, timestamp, duration i64; decimal i128; float double; string and list:
// `data` is a ptr and `size` an i64 (bytes, elements); record: `fields` only. `present` is an i1 for nullable types,
// else null. The data of an absent value is undefined but harmless: a string or list has size 0.
struct Value {
  Type type;
  llvm::Value* data = nullptr;
  llvm::Value* size = nullptr;
  llvm::Value* present = nullptr;
  std::vector<Value> fields;
};

[[nodiscard]] Value timestamp_value(llvm::Value* microseconds);
[[nodiscard]] Value window_value(llvm::Value* start, llvm::Value* end);

// The registers of a value in a fixed order, and back: for phis and function boundaries.
void flatten(const Value& value, std::vector<llvm::Value*>& parts);
[[nodiscard]] Value unflatten(const Type& type, llvm::Value* const*& parts);

class Row {
 public:
  // Writes the code that brings a column from memory into registers, at the place where it is wanted.
  using Load = std::function<Value()>;

  void add(std::string name, Value value) { columns_.push_back({std::move(name), std::move(value), nullptr}); }
  void add_in_memory(std::string name, Load load) { columns_.push_back({std::move(name), {}, std::move(load)}); }
  // A column of another row under a new name, wherever that keeps it.
  void add_from(const Row& other, std::string_view column, std::string name);
  [[nodiscard]] bool contains(std::string_view name) const { return find(name) != nullptr; }
  [[nodiscard]] Value at(std::string_view name) const;  // which must exist

 private:
  struct Column {
    std::string name;
    Value value;
    Load load;  // empty: `value` it is
  };
  [[nodiscard]] const Column* find(std::string_view name) const;
  [[nodiscard]] const Column& get(std::string_view name) const;
  std::vector<Column> columns_;
};

}  // namespace sluice::codegen
