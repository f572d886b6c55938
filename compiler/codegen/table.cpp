#include "compiler/codegen/table.h"

#include <algorithm>

#include "compiler/codegen/expr.h"
#include "compiler/codegen/memory.h"
#include "runtime/abi/kernel_abi.h"

namespace sluice::codegen {

namespace {

bool is_string(const Type& type) { return type.kind == TypeKind::String; }

// The value with everything it points to copied into the table's arena.
Value copy_into(FunctionEmitter& f, llvm::Value* table, Value value) {
  for (auto& field : value.fields) field = copy_into(f, table, field);
  if (is_string(value.type)) {
    value.data = f.call("rt_table_copy", {table, value.data, value.size});
  } else if (value.type.kind == TypeKind::List) {
    const Type& element = value.type.element();
    const uint32_t stride = abi::memory_size_of(element);
    value.data = f.call("rt_table_copy", {table, value.data, f.b.CreateMul(value.size, f.int64(stride))});
    f.loop(f.int64(0), value.size, "elements", [&](llvm::Value* i) {
      auto* address = f.offset(value.data, f.b.CreateMul(i, f.int64(stride)));
      store_memory(f, copy_into(f, table, load_memory(f, element, address)), address);
    });
  }
  return value;
}

// A key string is kept as [uint64 size][low][high], see TextWords: short ones need no memory besides the entry.
llvm::Value* text_equal(FunctionEmitter& f, const Value& key, const TextWords& words, llvm::Value* address) {
  llvm::Value* equal = f.b.CreateICmpEQ(f.load(f.stage.i64, address), key.size);
  equal = f.b.CreateAnd(equal, f.b.CreateICmpEQ(f.load(f.stage.i64, address, 8), words.low));
  auto* stored = f.load(f.stage.i64, address, 16);
  auto* same_high = f.b.CreateICmpEQ(stored, words.high);
  auto* must_compare = f.b.CreateAnd(equal, f.b.CreateNot(emit_is_short(f, key.size)));
  return f.if_else(
      must_compare, f.stage.bool_type,
      [&]() -> llvm::Value* {
        return f.b.CreateICmpNE(f.call("rt_equal_bytes", {f.b.CreateIntToPtr(stored, f.stage.ptr), key.data, key.size}),
                                llvm::ConstantInt::get(f.stage.i8, 0));
      },
      [&]() -> llvm::Value* { return f.b.CreateAnd(equal, same_high); });
}

llvm::Value* key_equal(FunctionEmitter& f, const Value& key, const TextWords& words, llvm::Value* address) {
  if (!is_string(key.type)) return emit_same_key(f, load_memory(f, key.type, address), key);
  if (key.present == nullptr) return text_equal(f, key, words, address);
  auto* stored_present = f.b.CreateICmpNE(f.load(f.stage.i64, address), f.int64(0));
  auto* both = f.b.CreateAnd(stored_present, key.present);
  auto* neither = f.b.CreateNot(f.b.CreateOr(stored_present, key.present));
  return f.b.CreateOr(neither, f.b.CreateAnd(both, text_equal(f, key, words, f.offset(address, 8))));
}

llvm::Value* keys_equal(FunctionEmitter& f, const EntryLayout& layout, const std::vector<Value>& keys,
                        const std::vector<TextWords>& words, llvm::Value* entry) {
  llvm::Value* equal = f.boolean(true);
  for (size_t i = 0; i < keys.size(); ++i) {
    const auto compare = [&]() -> llvm::Value* {
      return key_equal(f, keys[i], words[i], f.offset(entry, layout.keys[i]));
    };
    // Later keys are compared only when the earlier ones are equal.
    equal = i == 0 ? compare()
                   : f.if_else(equal, f.stage.bool_type, compare, [&]() -> llvm::Value* { return f.boolean(false); });
  }
  return equal;
}

void store_key(FunctionEmitter& f, llvm::Value* table, const Value& key, const TextWords& words, llvm::Value* address) {
  if (!is_string(key.type)) return store_memory(f, copy_into(f, table, key), address);
  if (key.present) {
    f.store(f.b.CreateZExt(key.present, f.stage.i64), address);
    address = f.offset(address, 8);
  }
  f.store(key.size, address);
  f.store(words.low, address, 8);
  auto* high = f.if_else(
      emit_is_short(f, key.size), f.stage.i64, [&]() -> llvm::Value* { return words.high; },
      [&]() -> llvm::Value* {
        return f.b.CreatePtrToInt(f.call("rt_table_copy", {table, key.data, key.size}), f.stage.i64);
      });
  f.store(high, address, 16);
}

Value load_key(FunctionEmitter& f, const Type& type, llvm::Value* address) {
  if (!is_string(type)) return load_memory(f, type, address);
  Value key;
  key.type = type;
  if (type.nullable) {
    key.present = f.b.CreateICmpNE(f.load(f.stage.i64, address), f.int64(0));
    address = f.offset(address, 8);
  }
  key.size = f.load(f.stage.i64, address);
  auto* inside = f.offset(address, 8);
  auto* outside = f.load(f.stage.ptr, address, 16);
  key.data = f.b.CreateSelect(emit_is_short(f, key.size), inside, outside);
  return key;
}

llvm::Value* first_slot(FunctionEmitter& f, llvm::Value* table, llvm::Value* hash) {
  auto* wide = f.b.getInt128Ty();
  auto* base = f.load(f.stage.i64, table, offsetof(abi::HashTable, hash_base));
  auto* scale = f.load(f.stage.i64, table, offsetof(abi::HashTable, hash_scale));
  auto* product = f.b.CreateMul(f.b.CreateZExt(f.b.CreateSub(hash, base), wide), f.b.CreateZExt(scale, wide));
  return f.b.CreateTrunc(f.b.CreateLShr(product, 64), f.stage.i64);
}

}  // namespace

HashedKeys hash_keys(FunctionEmitter& f, std::vector<Value> keys, WindowHash windows) {
  HashedKeys result;
  for (auto& key : keys) key = emit_key(f, key);
  result.hash =
      windows == WindowHash::Whole ? emit_hash(f, keys, &result.words) : emit_group_hash(f, keys, &result.words);
  result.keys = std::move(keys);
  return result;
}

uint64_t hashed_keys_size(const std::vector<Type>& types) {
  uint64_t size = sizeof(uint64_t);  // the hash
  for (const auto& type : types) size += abi::field_size_of(type) + (is_string(type) ? sizeof(uint64_t[2]) : 0);
  return size;
}

void store_hashed_keys(FunctionEmitter& f, const HashedKeys& keys, llvm::Value* address) {
  f.store(keys.hash, address);
  uint64_t offset = sizeof(uint64_t);
  for (size_t i = 0; i < keys.keys.size(); ++i) {
    const Type& type = keys.keys[i].type;
    store_memory(f, keys.keys[i], f.offset(address, offset));
    offset += abi::field_size_of(type);
    if (!is_string(type)) continue;
    f.store(keys.words[i].low, address, offset);
    f.store(keys.words[i].high, address, offset + sizeof(uint64_t));
    offset += sizeof(uint64_t[2]);
  }
}

HashedKeys load_hashed_keys(FunctionEmitter& f, const std::vector<Type>& types, llvm::Value* address) {
  HashedKeys result;
  result.hash = f.load(f.stage.i64, address);
  uint64_t offset = sizeof(uint64_t);
  for (const auto& type : types) {
    result.keys.push_back(load_memory(f, type, f.offset(address, offset)));
    offset += abi::field_size_of(type);
    auto& words = result.words.emplace_back();
    if (!is_string(type)) continue;
    words = {f.load(f.stage.i64, address, offset), f.load(f.stage.i64, address, offset + sizeof(uint64_t))};
    offset += sizeof(uint64_t[2]);
  }
  return result;
}

void prefetch_slot(FunctionEmitter& f, llvm::Value* table, llvm::Value* hash) {
  constexpr uint32_t kRead = 0;
  constexpr uint32_t kKeepInAllCaches = 3;
  constexpr uint32_t kData = 1;
  auto* slots = f.load(f.stage.ptr, table, offsetof(abi::HashTable, slots));
  auto* address = f.b.CreateGEP(f.stage.i64, slots, first_slot(f, table, hash));
  f.b.CreateIntrinsic(llvm::Intrinsic::prefetch, {f.stage.ptr},
                      {address, f.int32(kRead), f.int32(kKeepInAllCaches), f.int32(kData)});
}

namespace {

// Between steps by texts the same search would be written again and again, some hundred instructions each time. What it
// does depends on the types of the keys alone, so that a stage has one function for all of them.
// `i32 find_<types>(ptr context, ptr table, ptr keys, ptr found)`: whether the entry at *found is new.
llvm::Function* find_function(const FunctionEmitter& caller, const std::string& name, const EntryLayout& layout,
                              const std::vector<Value>& keys) {
  if (auto* function = caller.stage.module->getFunction(name)) return function;
  FunctionEmitter f(caller.stage, name, 3, caller.stage.node(caller.node).span);
  f.function->setLinkage(llvm::Function::InternalLinkage);
  f.node = caller.node;
  std::vector<Value> loaded;
  uint64_t offset = 0;
  for (const auto& key : keys) {
    loaded.push_back(load_memory(f, key.type, f.offset(f.argument(2), offset)));
    offset += abi::field_size_of(key.type);
  }
  const FoundEntry found =
      find_or_insert(f, f.argument(1), layout, hash_keys(f, std::move(loaded)), [](llvm::Value*) {});
  f.store(found.entry, f.argument(3));
  f.finish_with(f.b.CreateZExt(found.is_new, f.stage.i32));
  return f.function;
}

FoundEntry find_by_call(FunctionEmitter& f, llvm::Value* table, const EntryLayout& layout, const std::string& name,
                        const std::vector<Value>& keys) {
  llvm::Function* function = find_function(f, name, layout, keys);
  uint64_t size = 0;
  for (const auto& key : keys) size += abi::field_size_of(key.type);
  auto* place = f.slot(llvm::ArrayType::get(f.stage.i64, (size + 7) / 8), "keys");
  uint64_t offset = 0;
  for (const auto& key : keys) {
    store_memory(f, key, f.offset(place, offset));
    offset += abi::field_size_of(key.type);
  }
  auto* entry = f.slot(f.stage.ptr, "entry");
  auto* is_new = f.b.CreateCall(function, {f.context(), table, place, entry});
  return {f.load(f.stage.ptr, entry), f.b.CreateICmpNE(is_new, f.int32(0))};
}

std::string find_name(const std::vector<Value>& keys) {
  std::string name = "find";
  for (const auto& key : keys) name += "_" + key.type.to_string() + (key.type.is_window ? ".window" : "");
  return name;
}

}  // namespace

FoundEntry find_or_insert(FunctionEmitter& f, llvm::Value* table, const EntryLayout& layout, std::vector<Value> keys,
                          const std::function<void(llvm::Value*)>& initialize, CodeOfSearch wanted) {
  const bool has_text = std::ranges::any_of(keys, [](const Value& key) { return is_string(key.type); });
  const std::string name = find_name(keys);
  const bool is_first = f.stage.searches[name]++ == 0;
  if (!has_text || (is_first && wanted == CodeOfSearch::InlineFirst))
    return find_or_insert(f, table, layout, hash_keys(f, std::move(keys)), initialize);
  const FoundEntry found = find_by_call(f, table, layout, name, keys);
  f.if_then(found.is_new, [&] { initialize(found.entry); });
  return found;
}

namespace {

// Where the search for keys ends: at an entry, found in the block `equal`, which goes on in `found`; or in `missing`,
// which has no end yet.
struct Search {
  llvm::Value* entry;
  llvm::BasicBlock* equal;
  llvm::BasicBlock* missing;
  llvm::BasicBlock* found;
};

Search emit_search(FunctionEmitter& f, llvm::Value* table, const EntryLayout& layout, const HashedKeys& hashed) {
  constexpr uint64_t kAddressMask = (uint64_t{1} << 48) - 1;
  const auto& [keys, words, hash] = hashed;
  auto* tag = f.b.CreateAnd(hash, f.int64(0xffff));
  auto* slots = f.load(f.stage.ptr, table, offsetof(abi::HashTable, slots));
  auto* start = first_slot(f, table, hash);
  auto* before = f.b.GetInsertBlock();
  auto* search = f.block("search");
  auto* occupied = f.block("occupied");
  auto* candidate = f.block("candidate");
  auto* next = f.block("next");
  auto* missing = f.block("missing");
  auto* found = f.block("found");
  f.b.CreateBr(search);

  f.begin(search);
  auto* index = f.b.CreatePHI(f.stage.i64, 2, "slot");
  index->addIncoming(start, before);
  auto* slot = f.b.CreateLoad(f.stage.i64, f.b.CreateGEP(f.stage.i64, slots, index));
  f.b.CreateCondBr(f.b.CreateICmpEQ(slot, f.int64(0)), missing, occupied);

  f.begin(occupied);
  auto* same_tag = f.b.CreateICmpEQ(f.b.CreateLShr(slot, 48), tag);
  f.b.CreateCondBr(same_tag, candidate, next);

  f.begin(candidate);
  auto* entry = f.b.CreateIntToPtr(f.b.CreateAnd(slot, f.int64(kAddressMask)), f.stage.ptr, "entry");
  auto* equal = keys_equal(f, layout, keys, words, entry);
  auto* equal_block = f.b.GetInsertBlock();
  f.b.CreateCondBr(equal, found, next);

  f.begin(next);
  index->addIncoming(f.b.CreateAdd(index, f.int64(1)), next);
  f.b.CreateBr(search);
  return {entry, equal_block, missing, found};
}

}  // namespace

FoundEntry find_or_insert(FunctionEmitter& f, llvm::Value* table, const EntryLayout& layout, const HashedKeys& hashed,
                          const std::function<void(llvm::Value*)>& initialize) {
  const auto& [keys, words, hash] = hashed;
  const Search search = emit_search(f, table, layout, hashed);
  f.begin(search.missing);
  auto* made = f.call("rt_table_insert", {f.context(), table, hash});
  for (size_t i = 0; i < keys.size(); ++i) store_key(f, table, keys[i], words[i], f.offset(made, layout.keys[i]));
  initialize(made);
  auto* missing_end = f.b.GetInsertBlock();
  f.b.CreateBr(search.found);

  f.begin(search.found);
  auto* result = f.b.CreatePHI(f.stage.ptr, 2, "entry");
  result->addIncoming(search.entry, search.equal);
  result->addIncoming(made, missing_end);
  auto* is_new = f.b.CreatePHI(f.stage.bool_type, 2, "is_new");
  is_new->addIncoming(f.boolean(false), search.equal);
  is_new->addIncoming(f.boolean(true), missing_end);
  return {result, is_new};
}

llvm::Value* find_entry(FunctionEmitter& f, llvm::Value* table, const EntryLayout& layout, std::vector<Value> keys) {
  const Search search = emit_search(f, table, layout, hash_keys(f, std::move(keys)));
  f.begin(search.missing);
  f.b.CreateBr(search.found);
  f.begin(search.found);
  auto* result = f.b.CreatePHI(f.stage.ptr, 2, "entry");
  result->addIncoming(search.entry, search.equal);
  result->addIncoming(llvm::ConstantPointerNull::get(f.stage.ptr), search.missing);
  return result;
}

llvm::Value* same_keys(FunctionEmitter& f, const EntryLayout& layout, const std::vector<Type>& types,
                       llvm::Value* entry, llvm::Value* other) {
  std::vector<TextWords> words;
  for (size_t i = 0; i < types.size(); ++i) {
    auto& of_key = words.emplace_back();
    if (!is_string(types[i])) continue;
    auto* text = f.offset(entry, layout.keys[i] + (types[i].nullable ? 8 : 0));
    of_key = {f.load(f.stage.i64, text, 8), f.load(f.stage.i64, text, 16)};
  }
  return keys_equal(f, layout, load_keys(f, layout, types, entry), words, other);
}

std::vector<Value> load_keys(FunctionEmitter& f, const EntryLayout& layout, const std::vector<Type>& types,
                             llvm::Value* entry) {
  std::vector<Value> keys;
  for (size_t i = 0; i < types.size(); ++i) keys.push_back(load_key(f, types[i], f.offset(entry, layout.keys[i])));
  return keys;
}

Value load_state(FunctionEmitter& f, const Type& type, llvm::Value* address) { return load_memory(f, type, address); }

void forget_entry(FunctionEmitter& f, llvm::Value* table, const EntryLayout& layout, const std::vector<Type>& keys,
                  const std::vector<Type>& states, llvm::Value* entry) {
  for (const auto& key : load_keys(f, layout, keys, entry)) {
    if (!is_string(key.type)) continue;
    auto* is_outside = f.b.CreateNot(emit_is_short(f, key.size));
    if (key.present != nullptr) is_outside = f.b.CreateAnd(is_outside, key.present);
    f.if_then(is_outside, [&] { f.call("rt_table_reuse", {table, key.data, key.size}); });
  }
  for (size_t i = 0; i < states.size(); ++i) {
    if (!is_string(states[i])) continue;
    auto* field = f.offset(entry, layout.states[i] + (states[i].nullable ? 8u : 0u));  // {data, size, capacity}
    auto* capacity = f.load(f.stage.i64, field, 16);
    f.if_then(f.b.CreateICmpNE(capacity, f.int64(0)),
              [&] { f.call("rt_table_reuse", {table, f.load(f.stage.ptr, field), capacity}); });
  }
  f.call("rt_table_erase", {table, entry});
}

void store_state(FunctionEmitter& f, llvm::Value* table, const Value& value, llvm::Value* address) {
  if (!is_string(value.type)) {
    store_memory(f, copy_into(f, table, value), address);
    return;
  }
  if (value.present) {
    f.store(f.b.CreateZExt(value.present, f.stage.i64), address);
    address = f.offset(address, 8);
  }
  f.call("rt_table_set_string", {table, address, value.data, value.size});
}

}  // namespace sluice::codegen
