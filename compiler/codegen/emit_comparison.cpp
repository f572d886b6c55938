// Equality, order and hashing of values of any type.
#include <llvm/IR/Intrinsics.h>

#include "compiler/codegen/decimal.h"
#include "compiler/codegen/expr.h"
#include "compiler/codegen/memory.h"
#include "lang/support/invariant.h"
#include "runtime/abi/kernel_abi.h"

namespace sluice::codegen {

namespace {

llvm::Value* equal_text(FunctionEmitter& f, const Value& a, const Value& b) {
  return f.if_else(
      f.b.CreateICmpEQ(a.size, b.size), f.stage.bool_type,
      [&]() -> llvm::Value* {
        // A constant size (one side is a literal) lets LLVM compare words instead of calling bcmp.
        auto* size = llvm::isa<llvm::Constant>(a.size) ? a.size : b.size;
        auto* type = llvm::FunctionType::get(f.stage.i32, {f.stage.ptr, f.stage.ptr, f.stage.i64}, false);
        auto* difference = f.b.CreateCall(f.stage.library("bcmp", type), {a.data, b.data, size});
        return f.b.CreateICmpEQ(difference, f.int32(0));
      },
      [&]() -> llvm::Value* { return f.boolean(false); });
}

// `==` follows IEEE 754, where NaN equals nothing; as a key NaN is one value like any other.
enum class NanIs { Nothing, OneValue };

llvm::Value* equal_values(FunctionEmitter& f, const Value& a, const Value& b, NanIs nan);

llvm::Value* equal_lists(FunctionEmitter& f, const Value& a, const Value& b, NanIs nan) {
  auto* equal = f.slot(f.stage.bool_type, "equal");
  auto* same_size = f.b.CreateICmpEQ(a.size, b.size);
  f.b.CreateStore(same_size, equal);
  const Type& element = a.type.element();
  const uint32_t stride = abi::memory_size_of(element);
  f.loop(f.int64(0), f.b.CreateSelect(same_size, a.size, f.int64(0)), "elements", [&](llvm::Value* i) {
    auto* at = f.b.CreateMul(i, f.int64(stride));
    auto* one = equal_values(f, load_memory(f, element, f.offset(a.data, at)),
                             load_memory(f, element, f.offset(b.data, at)), nan);
    f.b.CreateStore(f.b.CreateAnd(one, f.b.CreateLoad(f.stage.bool_type, equal)), equal);
  });
  return f.b.CreateLoad(f.stage.bool_type, equal);
}

llvm::Value* equal_floats(FunctionEmitter& f, llvm::Value* a, llvm::Value* b, NanIs nan) {
  auto* equal = f.b.CreateFCmpOEQ(a, b);
  if (nan == NanIs::Nothing) return equal;
  return f.b.CreateOr(equal, f.b.CreateAnd(f.b.CreateFCmpUNO(a, a), f.b.CreateFCmpUNO(b, b)));
}

llvm::Value* equal_present(FunctionEmitter& f, const Value& a, const Value& b, NanIs nan) {
  switch (a.type.kind) {
    case TypeKind::Record: {
      llvm::Value* equal = f.boolean(true);
      for (size_t i = 0; i < a.fields.size(); ++i)
        equal = f.b.CreateAnd(equal, equal_values(f, a.fields[i], b.fields[i], nan));
      return equal;
    }
    case TypeKind::Float:
      return equal_floats(f, a.data, b.data, nan);
    case TypeKind::String:
      return equal_text(f, a, b);
    case TypeKind::List:
      return equal_lists(f, a, b, nan);
    case TypeKind::Null:
    case TypeKind::Bool:
    case TypeKind::Int:
    case TypeKind::Timestamp:
    case TypeKind::Duration:
    case TypeKind::Date:
    case TypeKind::Decimal:
      return f.b.CreateICmpEQ(a.data, b.data);
    default:
      SLUICE_INVARIANT(false, "values of type " + a.type.to_string() + " are not compiled");
  }
}

llvm::Value* equal_values(FunctionEmitter& f, const Value& a, const Value& b, NanIs nan) {
  if (a.present == nullptr && b.present == nullptr) return equal_present(f, a, b, nan);
  auto* a_present = a.present ? a.present : f.boolean(true);
  auto* b_present = b.present ? b.present : f.boolean(true);
  auto* both = f.b.CreateAnd(a_present, b_present);
  auto* neither = f.b.CreateNot(f.b.CreateOr(a_present, b_present));
  return f.b.CreateOr(neither, f.b.CreateAnd(both, equal_present(f, a, b, nan)));
}

// -0.0 equals 0.0 and any NaN is as good as any other: one float for each of them.
llvm::Value* canonical_float(FunctionEmitter& f, llvm::Value* value) {
  auto* zero = llvm::ConstantFP::get(f.stage.f64, 0.0);
  auto* number = f.b.CreateSelect(f.b.CreateFCmpOEQ(value, zero), zero, value);
  return f.b.CreateSelect(f.b.CreateFCmpUNO(value, value), llvm::ConstantFP::getNaN(f.stage.f64), number);
}

llvm::Value* three_way(FunctionEmitter& f, llvm::Value* below, llvm::Value* above) {
  return f.b.CreateSub(f.b.CreateZExt(above, f.stage.i32), f.b.CreateZExt(below, f.stage.i32));
}

llvm::Value* compare_lists(FunctionEmitter& f, const Value& a, const Value& b) {
  auto* order = f.slot(f.stage.i32, "order");
  f.b.CreateStore(f.int32(0), order);
  const Type& element = a.type.element();
  const uint32_t stride = abi::memory_size_of(element);
  auto* common = f.b.CreateSelect(f.b.CreateICmpULT(a.size, b.size), a.size, b.size);
  f.loop(f.int64(0), common, "elements", [&](llvm::Value* i) {
    auto* so_far = f.b.CreateLoad(f.stage.i32, order);
    f.if_then(f.b.CreateICmpEQ(so_far, f.int32(0)), [&] {
      auto* at = f.b.CreateMul(i, f.int64(stride));
      f.b.CreateStore(
          emit_compare(f, load_memory(f, element, f.offset(a.data, at)), load_memory(f, element, f.offset(b.data, at))),
          order);
    });
  });
  auto* by_elements = f.b.CreateLoad(f.stage.i32, order);
  auto* by_size = three_way(f, f.b.CreateICmpULT(a.size, b.size), f.b.CreateICmpUGT(a.size, b.size));
  return f.b.CreateSelect(f.b.CreateICmpNE(by_elements, f.int32(0)), by_elements, by_size);
}

llvm::Value* compare_present(FunctionEmitter& f, const Value& a, const Value& b) {
  switch (a.type.kind) {
    case TypeKind::Record: {
      llvm::Value* order = f.int32(0);
      for (size_t i = a.fields.size(); i-- > 0;) {
        auto* one = emit_compare(f, a.fields[i], b.fields[i]);
        order = f.b.CreateSelect(f.b.CreateICmpNE(one, f.int32(0)), one, order);
      }
      return order;
    }
    case TypeKind::Float: {
      auto* by_value = three_way(f, f.b.CreateFCmpOLT(a.data, b.data), f.b.CreateFCmpOGT(a.data, b.data));
      auto* a_nan = f.b.CreateFCmpUNO(a.data, a.data);
      auto* b_nan = f.b.CreateFCmpUNO(b.data, b.data);
      return f.b.CreateSelect(f.b.CreateOr(a_nan, b_nan), three_way(f, b_nan, a_nan), by_value);
    }
    case TypeKind::String:
      return f.call("rt_compare_bytes", {a.data, a.size, b.data, b.size});
    case TypeKind::List:
      return compare_lists(f, a, b);
    case TypeKind::Bool:
    case TypeKind::Null:
      return three_way(f, f.b.CreateICmpULT(a.data, b.data), f.b.CreateICmpUGT(a.data, b.data));
    case TypeKind::Int:
    case TypeKind::Timestamp:
    case TypeKind::Duration:
    case TypeKind::Date:
    case TypeKind::Decimal:
      return three_way(f, f.b.CreateICmpSLT(a.data, b.data), f.b.CreateICmpSGT(a.data, b.data));
    default:
      SLUICE_INVARIANT(false, "values of type " + a.type.to_string() + " are not compiled");
  }
}

llvm::Value* mix(FunctionEmitter& f, llvm::Value* value) {
  // One 64x64->128 bit multiplication folded on itself, as in wyhash: every input bit reaches the top bits, which
  // choose key group and slot.
  auto* wide = f.b.getInt128Ty();
  auto* salted = f.b.CreateXor(value, f.int64(0x9e3779b97f4a7c15ull));
  auto* product = f.b.CreateMul(f.b.CreateZExt(salted, wide), llvm::ConstantInt::get(wide, 0xd6e8feb86659fd93ull));
  auto* low = f.b.CreateTrunc(product, f.stage.i64);
  auto* high = f.b.CreateTrunc(f.b.CreateLShr(product, 64), f.stage.i64);
  return f.b.CreateXor(low, high);
}

// A word that keeps the first `bytes` bytes, by index; for the first and the second eight bytes of a short string.
llvm::Value* byte_mask(FunctionEmitter& f, llvm::Value* size, uint64_t first) {
  std::vector<uint64_t> masks;
  for (uint64_t n = 0; n <= kShortText; ++n) {
    const uint64_t bytes = n <= first ? 0 : n - first;
    masks.push_back(bytes >= 8 ? ~uint64_t{0} : (uint64_t{1} << (8 * bytes)) - 1);
  }
  const std::string_view text(reinterpret_cast<const char*>(masks.data()), masks.size() * 8);
  return f.load(f.stage.i64, f.b.CreateGEP(f.stage.i64, f.stage.bytes(text), size));
}

llvm::Value* rotate(FunctionEmitter& f, llvm::Value* hash) {
  return f.b.CreateIntrinsic(f.stage.i64, llvm::Intrinsic::fshl, {hash, hash, f.int64(23)});
}

llvm::Value* hash_text(FunctionEmitter& f, const Value& value, TextWords& words) {
  // An absent string may have no address at all.
  auto* data = f.b.CreateSelect(f.b.CreateICmpEQ(value.size, f.int64(0)), f.stage.bytes(""), value.data);
  auto* short_block = f.block("short_text");
  auto* long_block = f.block("long_text");
  auto* after = f.block("after");
  f.b.CreateCondBr(emit_is_short(f, value.size), short_block, long_block);
  f.begin(short_block);
  auto* low = f.b.CreateAnd(f.load(f.stage.i64, data), byte_mask(f, value.size, 0));
  auto* high = f.b.CreateAnd(f.load(f.stage.i64, data, 8), byte_mask(f, value.size, 8));
  auto* salted = f.b.CreateXor(mix(f, f.b.CreateXor(low, rotate(f, value.size))), high);
  auto* short_hash = mix(f, salted);
  f.b.CreateBr(after);
  f.begin(long_block);
  auto* long_hash = f.call("rt_hash_bytes", {data, value.size});
  auto* address = f.b.CreatePtrToInt(data, f.stage.i64);
  f.b.CreateBr(after);
  f.begin(after);
  const auto merged = [&](llvm::Value* a, llvm::Value* b) {
    auto* phi = f.b.CreatePHI(f.stage.i64, 2);
    phi->addIncoming(a, short_block);
    phi->addIncoming(b, long_block);
    return phi;
  };
  words.low = merged(low, long_hash);
  words.high = merged(high, address);
  return merged(short_hash, long_hash);
}

llvm::Value* hash_of(FunctionEmitter& f, const Value& value, TextWords& words);

llvm::Value* hash_present(FunctionEmitter& f, const Value& value, TextWords& words) {
  switch (value.type.kind) {
    case TypeKind::Record:
      return emit_hash(f, value.fields);
    case TypeKind::String:
      return hash_text(f, value, words);
    case TypeKind::Bool:
    case TypeKind::Null:
      return mix(f, f.b.CreateZExt(value.data, f.stage.i64));
    case TypeKind::Float:
      return mix(f, f.b.CreateBitCast(canonical_float(f, value.data), f.stage.i64));
    case TypeKind::List: {
      auto* hash = f.slot(f.stage.i64, "hash");
      f.b.CreateStore(value.size, hash);
      const Type& element = value.type.element();
      f.loop(f.int64(0), value.size, "elements", [&](llvm::Value* i) {
        auto* at = f.offset(value.data, f.b.CreateMul(i, f.int64(abi::memory_size_of(element))));
        TextWords unused;
        auto* one = hash_of(f, load_memory(f, element, at), unused);
        f.b.CreateStore(mix(f, f.b.CreateAdd(one, f.b.CreateLoad(f.stage.i64, hash))), hash);
      });
      return f.b.CreateLoad(f.stage.i64, hash);
    }
    case TypeKind::Decimal: {
      const Halves halves = halves_of(f, value.data);
      return mix(f, f.b.CreateXor(mix(f, halves.low), halves.high));
    }
    case TypeKind::Int:
    case TypeKind::Timestamp:
    case TypeKind::Duration:
    case TypeKind::Date:
      return mix(f, value.data);
    default:
      SLUICE_INVARIANT(false, "values of type " + value.type.to_string() + " are not compiled");
  }
}

llvm::Value* hash_of(FunctionEmitter& f, const Value& value, TextWords& words) {
  auto* hash = hash_present(f, value, words);
  return value.present ? f.b.CreateSelect(value.present, hash, f.int64(0x6e756c6cull)) : hash;
}

}  // namespace

llvm::Value* emit_equal(FunctionEmitter& f, const Value& a, const Value& b) {
  return equal_values(f, a, b, NanIs::Nothing);
}

llvm::Value* emit_same_key(FunctionEmitter& f, const Value& a, const Value& b) {
  return equal_values(f, a, b, NanIs::OneValue);
}

Value emit_key(FunctionEmitter& f, Value value) {
  if (value.type.kind == TypeKind::Float) value.data = canonical_float(f, value.data);
  for (auto& field : value.fields) field = emit_key(f, field);
  return value;
}

llvm::Value* emit_order(FunctionEmitter& f, ExprOp op, const Value& a, const Value& b) {
  const bool is_float = a.type.kind == TypeKind::Float;
  const bool is_number = is_float || a.type.kind == TypeKind::Int || a.type.kind == TypeKind::Timestamp ||
                         a.type.kind == TypeKind::Duration || a.type.kind == TypeKind::Date ||
                         a.type.kind == TypeKind::Decimal;
  llvm::Value* left = a.data;
  llvm::Value* right = b.data;
  if (!is_number) {
    left = compare_present(f, a, b);
    right = f.int32(0);
  }
  switch (op) {
    case ExprOp::Lt:
      return is_float ? f.b.CreateFCmpOLT(left, right) : f.b.CreateICmpSLT(left, right);
    case ExprOp::Le:
      return is_float ? f.b.CreateFCmpOLE(left, right) : f.b.CreateICmpSLE(left, right);
    case ExprOp::Gt:
      return is_float ? f.b.CreateFCmpOGT(left, right) : f.b.CreateICmpSGT(left, right);
    case ExprOp::Ge:
      return is_float ? f.b.CreateFCmpOGE(left, right) : f.b.CreateICmpSGE(left, right);
    default:
      SLUICE_INVARIANT(false, "not an order");
  }
}

llvm::Value* emit_compare(FunctionEmitter& f, const Value& a, const Value& b) {
  auto* order = compare_present(f, a, b);
  if (a.present == nullptr && b.present == nullptr) return order;
  auto* a_null = a.present ? f.b.CreateNot(a.present) : f.boolean(false);
  auto* b_null = b.present ? f.b.CreateNot(b.present) : f.boolean(false);
  return f.b.CreateSelect(f.b.CreateOr(a_null, b_null), three_way(f, a_null, b_null), order);
}

llvm::Value* emit_compare_zeros(FunctionEmitter& f, const Value& a, const Value& b) {
  llvm::Value* order = f.int32(0);
  if (a.type.kind == TypeKind::Float) {
    auto* a_bits = f.b.CreateBitCast(a.data, f.stage.i64);
    auto* b_bits = f.b.CreateBitCast(b.data, f.stage.i64);
    auto* by_sign = three_way(f, f.b.CreateICmpSLT(a_bits, b_bits), f.b.CreateICmpSGT(a_bits, b_bits));
    order = f.b.CreateSelect(f.b.CreateFCmpOEQ(a.data, b.data), by_sign, order);
  }
  for (size_t i = a.fields.size(); i-- > 0;) {
    auto* one = emit_compare_zeros(f, a.fields[i], b.fields[i]);
    order = f.b.CreateSelect(f.b.CreateICmpNE(one, f.int32(0)), one, order);
  }
  return a.present ? f.b.CreateSelect(a.present, order, f.int32(0)) : order;
}

llvm::Value* emit_is_short(FunctionEmitter& f, llvm::Value* size) {
  return f.b.CreateICmpULE(size, f.int64(kShortText));
}

llvm::Value* emit_hash(FunctionEmitter& f, const std::vector<Value>& values, std::vector<TextWords>* texts) {
  std::vector<TextWords> words(values.size());
  llvm::Value* hash = f.int64(0);
  for (size_t i = 0; i < values.size(); ++i) {
    auto* one = hash_of(f, values[i], words[i]);
    hash = i == 0 ? one : mix(f, f.b.CreateXor(rotate(f, hash), one));
  }
  if (texts != nullptr) *texts = std::move(words);
  return hash;
}

llvm::Value* emit_group_hash(FunctionEmitter& f, std::vector<Value> keys, std::vector<TextWords>* texts) {
  const auto window =
      std::ranges::find_if(keys, [](const Value& key) { return key.type.is_window && !key.type.nullable; });
  if (keys.size() == 1 || window == keys.end()) return emit_hash(f, keys, texts);
  const auto position = window - keys.begin();
  auto* length = f.b.CreateSub(window->fields[1].data, window->fields[0].data);
  keys.erase(window);
  auto* hash = emit_hash(f, keys, texts);
  if (texts != nullptr) texts->insert(texts->begin() + position, TextWords());
  return f.b.CreateXor(hash, f.b.CreateLShr(mix(f, length), 32));
}

}  // namespace sluice::codegen
