#include "compiler/codegen/memory.h"

#include "lang/support/invariant.h"
#include "runtime/abi/kernel_abi.h"
#include "runtime/data/row_layout.h"

namespace sluice::codegen {

namespace {

bool has_heap(const Type& type) {
  if (type.kind == TypeKind::String || type.kind == TypeKind::List) return true;
  for (const auto& field : type.fields)
    if (has_heap(field.type)) return true;
  return false;
}

bool has_list(const Type& type) {
  if (type.kind == TypeKind::List) return true;
  for (const auto& field : type.fields)
    if (has_list(field.type)) return true;
  return false;
}

llvm::Type* scalar_type(const FunctionEmitter& f, TypeKind kind) {
  if (kind == TypeKind::Float) return f.stage.f64;
  if (kind == TypeKind::Decimal) return f.stage.i128;
  return f.stage.i64;
}

llvm::Value* load_bool(FunctionEmitter& f, llvm::Value* address) {
  return f.b.CreateICmpNE(f.load(f.stage.i8, address), llvm::ConstantInt::get(f.stage.i8, 0));
}

void store_bool(FunctionEmitter& f, llvm::Value* value, llvm::Value* address) {
  f.store(f.b.CreateZExt(value, f.stage.i8), address);
}

}  // namespace

void store_memory(FunctionEmitter& f, const Value& value, llvm::Value* address) {
  if (value.present) {
    f.store(f.b.CreateZExt(value.present, f.stage.i64), address);
    address = f.offset(address, 8);
  }
  switch (value.type.kind) {
    case TypeKind::Record:
      for (const auto& field : value.fields) {
        store_memory(f, field, address);
        address = f.offset(address, abi::memory_size_of(field.type));
      }
      return;
    case TypeKind::Bool:
    case TypeKind::Null:
      store_bool(f, value.data, address);
      return;
    case TypeKind::String:
    case TypeKind::List:
      f.store(value.data, address);
      f.store(value.size, address, 8);
      return;
    case TypeKind::Int:
    case TypeKind::Float:
    case TypeKind::Timestamp:
    case TypeKind::Duration:
    case TypeKind::Date:
    case TypeKind::Decimal:
      f.store(value.data, address);
      return;
    default:
      SLUICE_INVARIANT(false, "values of type " + value.type.to_string() + " are not compiled");
  }
}

Value load_memory(FunctionEmitter& f, const Type& type, llvm::Value* address) {
  Value value;
  value.type = type;
  if (type.nullable) {
    value.present = f.b.CreateICmpNE(f.load(f.stage.i64, address), f.int64(0));
    address = f.offset(address, 8);
  }
  if (type.kind == TypeKind::Record) {
    for (const auto& field : type.fields) {
      value.fields.push_back(load_memory(f, field.type, address));
      address = f.offset(address, abi::memory_size_of(field.type));
    }
  } else if (type.kind == TypeKind::Bool || type.kind == TypeKind::Null) {
    value.data = load_bool(f, address);
  } else if (type.kind == TypeKind::String || type.kind == TypeKind::List) {
    value.data = f.load(f.stage.ptr, address);
    value.size = f.load(f.stage.i64, address, 8);
  } else {
    value.data = f.load(scalar_type(f, type.kind), address);
  }
  return value;
}

llvm::Value* heap_size(FunctionEmitter& f, const Value& value) {
  if (!has_heap(value.type)) return f.int64(0);
  if (value.type.kind == TypeKind::String) return value.size;
  if (value.type.kind == TypeKind::Record) return heap_size(f, value.fields);
  const Type& element = value.type.element();
  auto* rows = f.b.CreateMul(value.size, f.int64(block_size_of(element)));
  if (!has_heap(element)) return rows;
  auto* total = f.slot(f.stage.i64, "heap");
  f.b.CreateStore(rows, total);
  f.loop(f.int64(0), value.size, "elements", [&](llvm::Value* i) {
    auto* address = f.offset(value.data, f.b.CreateMul(i, f.int64(abi::memory_size_of(element))));
    auto* size = heap_size(f, load_memory(f, element, address));
    f.b.CreateStore(f.b.CreateAdd(f.b.CreateLoad(f.stage.i64, total), size), total);
  });
  return f.b.CreateLoad(f.stage.i64, total);
}

llvm::Value* heap_size(FunctionEmitter& f, const std::vector<Value>& values) {
  llvm::Value* total = f.int64(0);
  for (const auto& value : values)
    if (has_heap(value.type)) total = f.b.CreateAdd(total, heap_size(f, value));
  return total;
}

void store_block(FunctionEmitter& f, const Value& value, llvm::Value* address, llvm::Value* heap,
                 llvm::Value* block_end) {
  if (value.present) {
    store_bool(f, value.present, address);
    address = f.offset(address, 1);
  }
  const auto take = [&](llvm::Value* bytes) {  // moves the heap down and notes the distance in the row
    auto* start = f.b.CreateGEP(f.stage.i8, f.b.CreateLoad(f.stage.ptr, heap), f.b.CreateNeg(bytes));
    f.b.CreateStore(start, heap);
    auto* distance = f.b.CreateSub(f.b.CreatePtrToInt(block_end, f.stage.i64), f.b.CreatePtrToInt(start, f.stage.i64));
    f.store(f.b.CreateTrunc(distance, f.stage.i32), address);
    f.store(f.b.CreateTrunc(value.size, f.stage.i32), address, 4);
    return start;
  };
  switch (value.type.kind) {
    case TypeKind::Record:
      for (const auto& field : value.fields) {
        store_block(f, field, address, heap, block_end);
        address = f.offset(address, block_size_of(field.type));
      }
      return;
    case TypeKind::Bool:
    case TypeKind::Null:
      store_bool(f, value.data, address);
      return;
    case TypeKind::String:
      f.copy(take(value.size), value.data, value.size);
      return;
    case TypeKind::List: {
      const Type& element = value.type.element();
      auto* first = take(f.b.CreateMul(value.size, f.int64(block_size_of(element))));
      f.loop(f.int64(0), value.size, "elements", [&](llvm::Value* i) {
        auto* from = f.offset(value.data, f.b.CreateMul(i, f.int64(abi::memory_size_of(element))));
        auto* to = f.offset(first, f.b.CreateMul(i, f.int64(block_size_of(element))));
        store_block(f, load_memory(f, element, from), to, heap, block_end);
      });
      return;
    }
    case TypeKind::Int:
    case TypeKind::Float:
    case TypeKind::Timestamp:
    case TypeKind::Duration:
    case TypeKind::Date:
    case TypeKind::Decimal:
      f.store(value.data, address);
      return;
    default:
      SLUICE_INVARIANT(false, "values of type " + value.type.to_string() + " are not compiled");
  }
}

Value load_block(FunctionEmitter& f, const Type& type, llvm::Value* address, llvm::Value* block_end) {
  Value value;
  value.type = type;
  if (type.nullable) {
    value.present = load_bool(f, address);
    address = f.offset(address, 1);
  }
  const auto heap_address = [&] {
    auto* distance = f.b.CreateZExt(f.load(f.stage.i32, address), f.stage.i64);
    value.size = f.b.CreateZExt(f.load(f.stage.i32, address, 4), f.stage.i64);
    return f.offset(block_end, f.b.CreateNeg(distance));
  };
  if (type.kind == TypeKind::Record) {
    for (const auto& field : type.fields) {
      value.fields.push_back(load_block(f, field.type, address, block_end));
      address = f.offset(address, block_size_of(field.type));
    }
  } else if (type.kind == TypeKind::Bool || type.kind == TypeKind::Null) {
    value.data = load_bool(f, address);
  } else if (type.kind == TypeKind::String) {
    value.data = heap_address();
  } else if (type.kind == TypeKind::List) {
    // Elements move to the scratch arena, where strings have addresses.
    const Type& element = type.element();
    auto* from = heap_address();
    value.data = f.scratch(f.b.CreateMul(value.size, f.int64(abi::memory_size_of(element))));
    f.loop(f.int64(0), value.size, "elements", [&](llvm::Value* i) {
      auto* source = f.offset(from, f.b.CreateMul(i, f.int64(block_size_of(element))));
      auto* target = f.offset(value.data, f.b.CreateMul(i, f.int64(abi::memory_size_of(element))));
      store_memory(f, load_block(f, element, source, block_end), target);
    });
  } else {
    value.data = f.load(scalar_type(f, type.kind), address);
  }
  return value;
}

Row load_row(FunctionEmitter& f, const Schema& schema, llvm::Value* address, llvm::Value* block_end) {
  Row row;
  const RowLayout layout = block_layout(schema);
  for (size_t i = 0; i < schema.fields.size(); ++i) {
    const Type& type = schema.fields[i].type;
    const auto load = [&f, type, address, block_end, offset = layout.offsets[i]] {
      return load_block(f, type, f.offset(address, offset), block_end);
    };
    // Lists are rebuilt when they are loaded: once.
    if (is_wide(schema.fields.size()) && !has_list(type)) {
      row.add_in_memory(schema.fields[i].name, load);
    } else {
      row.add(schema.fields[i].name, load());
    }
  }
  return row;
}

Value as_type(const FunctionEmitter& f, const Type& type, Value value) {
  if (!type.nullable) value.present = nullptr;
  if (type.nullable && value.present == nullptr) value.present = f.boolean(true);
  value.type = type;
  return value;
}

bool is_wide(size_t columns) { return columns > 64; }

RowBuilder::RowBuilder(FunctionEmitter& emitter, const std::vector<Type>& types) : f_(emitter) {
  if (!is_wide(types.size())) return;
  uint64_t size = 0;
  for (const auto& type : types) size += abi::memory_size_of(type);
  memory_ = f_.memory(size);
}

void RowBuilder::add(std::string name, const Type& type, Value value) {
  if (memory_ == nullptr) return row_.add(std::move(name), std::move(value));
  value = as_type(f_, type, std::move(value));
  auto* place = f_.offset(memory_, used_);
  used_ += abi::memory_size_of(type);
  store_memory(f_, value, place);
  row_.add_in_memory(std::move(name), [&f = f_, type, memory = memory_, offset = used_ - abi::memory_size_of(type)] {
    return load_memory(f, type, f.offset(memory, offset));
  });
}

void store_row(FunctionEmitter& f, const std::vector<Value>& values, llvm::Value* writer) {
  auto* address = f.load(f.stage.ptr, writer, offsetof(abi::RowWriter, row));
  auto* block_end = f.load(f.stage.ptr, writer, offsetof(abi::RowWriter, end));
  auto* heap = f.slot(f.stage.ptr, "heap");
  f.b.CreateStore(f.load(f.stage.ptr, writer, offsetof(abi::RowWriter, heap)), heap);
  uint32_t size = 0;
  for (const auto& value : values) {
    store_block(f, value, f.offset(address, size), heap, block_end);
    size += block_size_of(value.type);
  }
  f.store(f.b.CreateLoad(f.stage.ptr, heap), writer, offsetof(abi::RowWriter, heap));
  f.store(f.offset(address, size), writer, offsetof(abi::RowWriter, row));
}

Value zero_value(FunctionEmitter& f, const Type& type) {
  Value value;
  value.type = type;
  if (type.nullable) value.present = f.boolean(false);
  if (type.kind == TypeKind::Record) {
    for (const auto& field : type.fields) value.fields.push_back(zero_value(f, field.type));
  } else if (type.kind == TypeKind::Bool || type.kind == TypeKind::Null) {
    value.data = f.boolean(false);
  } else if (type.kind == TypeKind::String || type.kind == TypeKind::List) {
    value.data = llvm::ConstantPointerNull::get(f.stage.ptr);
    value.size = f.int64(0);
  } else if (type.kind == TypeKind::Float) {
    value.data = llvm::ConstantFP::get(f.stage.f64, 0.0);
  } else if (type.kind == TypeKind::Decimal) {
    value.data = llvm::ConstantInt::get(f.stage.i128, 0);
  } else {
    value.data = f.int64(0);
  }
  return value;
}

Value null_value(FunctionEmitter& f, const Type& type) { return zero_value(f, type.as_nullable()); }

}  // namespace sluice::codegen
