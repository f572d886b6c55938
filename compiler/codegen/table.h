// Hash tables in generated code: the layout of their entries, and the search that finds or makes one.
#pragma once

#include <functional>

#include "compiler/codegen/expr.h"
#include "compiler/codegen/function_emitter.h"
#include "compiler/codegen/value.h"
#include "runtime/state/entry_layout.h"

namespace sluice::codegen {

struct FoundEntry {
  llvm::Value* entry;   // ptr
  llvm::Value* is_new;  // i1
};

// Keys as a table takes them, with what the search needs of them.
struct HashedKeys {
  std::vector<Value> keys;
  std::vector<TextWords> words;  // of those that are strings
  llvm::Value* hash = nullptr;   // i64
};
// Whole: for a table that holds windows of many ends; its hashes are not those of exchanges (emit_group_hash).
enum class WindowHash : uint8_t { OfGroup, Whole };
[[nodiscard]] HashedKeys hash_keys(FunctionEmitter& f, std::vector<Value> keys,
                                   WindowHash windows = WindowHash::OfGroup);
// Hashed keys in memory until they are looked up: how many bytes they take, and both ways. Strings stay where they are.
[[nodiscard]] uint64_t hashed_keys_size(const std::vector<Type>& types);
void store_hashed_keys(FunctionEmitter& f, const HashedKeys& keys, llvm::Value* address);
[[nodiscard]] HashedKeys load_hashed_keys(FunctionEmitter& f, const std::vector<Type>& types, llvm::Value* address);
// Asks the processor to have the slot at which a search begins at hand when it comes to it.
void prefetch_slot(FunctionEmitter& f, llvm::Value* table, llvm::Value* hash);

// Searches for `keys`; when there is no entry makes one, stores the keys (strings copied) and runs `initialize`.
[[nodiscard]] FoundEntry find_or_insert(FunctionEmitter& f, llvm::Value* table, const EntryLayout& layout,
                                        const HashedKeys& keys,
                                        const std::function<void(llvm::Value* entry)>& initialize);
// The code of a search by texts is long: from the second one of a stage for keys of such types, or already from the
// first where another one is sure to follow, it is a function.
enum class CodeOfSearch : uint8_t { InlineFirst, Function };
[[nodiscard]] FoundEntry find_or_insert(FunctionEmitter& f, llvm::Value* table, const EntryLayout& layout,
                                        std::vector<Value> keys,
                                        const std::function<void(llvm::Value* entry)>& initialize,
                                        CodeOfSearch wanted = CodeOfSearch::InlineFirst);

// The entry with `keys`, null when there is none.
[[nodiscard]] llvm::Value* find_entry(FunctionEmitter& f, llvm::Value* table, const EntryLayout& layout,
                                      std::vector<Value> keys);

// i1: do two entries have the same keys?
[[nodiscard]] llvm::Value* same_keys(FunctionEmitter& f, const EntryLayout& layout, const std::vector<Type>& types,
                                     llvm::Value* entry, llvm::Value* other);
[[nodiscard]] std::vector<Value> load_keys(FunctionEmitter& f, const EntryLayout& layout,
                                           const std::vector<Type>& types, llvm::Value* entry);
[[nodiscard]] Value load_state(FunctionEmitter& f, const Type& type, llvm::Value* address);
// Forgets an entry with these keys and states; the memory of its strings, and its own, serve other keys. The table was
// told so when it was made.
void forget_entry(FunctionEmitter& f, llvm::Value* table, const EntryLayout& layout, const std::vector<Type>& keys,
                  const std::vector<Type>& states, llvm::Value* entry);
// Replaces a state; the table owns the bytes of strings.
void store_state(FunctionEmitter& f, llvm::Value* table, const Value& value, llvm::Value* address);

}  // namespace sluice::codegen
