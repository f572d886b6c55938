// json: one object per line, walked along the structural positions that the source's scanner has found. A first pass
// over the keys notes where the values of the columns in use begin; values are decoded when they are needed.
#include <map>

#include "compiler/codegen/decode.h"
#include "compiler/codegen/memory.h"
#include "compiler/codegen/operators.h"
#include "lang/support/invariant.h"
#include "runtime/abi/decode_error.h"
#include "runtime/abi/json_bytes.h"
#include "runtime/abi/kernel_abi.h"
#include "runtime/abi/layout.h"

namespace sluice::codegen {

namespace {

constexpr uint32_t kMissing = 0xffffffffu;

class JsonDecoder {
 public:
  JsonDecoder(FunctionEmitter& emitter, NodeId source, const SourceNode& payload, llvm::Value* chunk)
      : f_(emitter), id_(source), node_(payload), chunk_(chunk) {
    data_ = f_.load(f_.stage.ptr, chunk, offsetof(abi::Chunk, data));
    index_ = f_.load(f_.stage.ptr, chunk, offsetof(abi::Chunk, index));
    line_ends_ = f_.load(f_.stage.ptr, chunk, offsetof(abi::Chunk, line_ends));
    cursor_ = f_.slot(f_.stage.i64, "cursor");
    f_.b.CreateStore(f_.int64(0), cursor_);
  }

  void emit_lines() {
    auto* count = f_.load(f_.stage.i64, chunk_, offsetof(abi::Chunk, row_count));
    f_.loop(f_.int64(0), count, "lines", [&](llvm::Value* line) {
      f_.store(line, f_.context(), offsetof(abi::TaskContext, row));
      emit_line(position(line_ends_, line));
    });
  }

 private:
  void emit_line(llvm::Value* line_end) {
    const auto places = emit_object(used_columns());
    auto* last = structural(f_.b.CreateSub(cursor(), f_.int64(1)));
    fail_record(f_.b.CreateICmpUGT(last, line_end), last, abi::DecodeError::LineBreakInValue);
    auto* following = structural(cursor());
    fail_record(f_.b.CreateICmpULT(following, line_end), following, abi::DecodeError::TrailingText);
    emit_filtered_row(f_, id_, node_, [&](size_t declared) {
      const Field& column = node_.declared.fields[declared];
      return emit_member(column.type, column.name, declared, f_.b.CreateLoad(f_.stage.i32, places.at(column.name)));
    });
    f_.reset_scratch();
  }

  std::vector<std::string> used_columns() const {
    std::vector<std::string> used = f_.stage.node(id_).schema.names();
    if (node_.filter) collect_columns(*node_.filter, used);
    return used;
  }

  // Walks the object at the cursor and leaves the cursor behind it. For each wanted field: a slot with the structural
  // position of its value, kMissing when the object has none. Of equal keys the last counts.
  std::map<std::string, llvm::Value*> emit_object(const std::vector<std::string>& wanted) {
    std::map<std::string, llvm::Value*> places;
    // In registers the places of many fields would all go through every branch of the loop over the keys.
    auto* memory = is_wide(wanted.size()) ? f_.memory(wanted.size() * 4) : nullptr;
    for (const auto& name : wanted) {
      if (places.contains(name)) continue;
      auto* place = memory != nullptr ? f_.offset(memory, places.size() * 4) : f_.slot(f_.stage.i32, "place");
      f_.b.CreateStore(f_.int32(kMissing), place);
      places.emplace(name, place);
    }
    expect('{', cursor(), abi::DecodeError::ExpectedObject);
    advance(1);
    auto* keys = f_.block("keys");
    auto* key = f_.block("key");
    auto* after = f_.block("object_end");
    // {} has no key.
    f_.b.CreateCondBr(is_byte(cursor(), '}'), after, keys);
    f_.begin(keys);
    f_.b.CreateBr(key);
    f_.begin(key);
    expect('"', cursor(), abi::DecodeError::ExpectedKey);
    auto* colon = f_.b.CreateAdd(cursor(), f_.int64(1));
    expect(':', colon, abi::DecodeError::ExpectedColon);
    note_key(places, structural(cursor()), structural(colon));
    advance(2);
    skip_value();
    auto* separator = cursor();
    auto* next = f_.block("next_key");
    auto* last = f_.block("last_key");
    f_.b.CreateCondBr(is_byte(separator, ','), next, last);
    f_.begin(next);
    advance(1);
    f_.b.CreateBr(key);
    f_.begin(last);
    expect('}', separator, abi::DecodeError::ExpectedCommaOrEnd);
    f_.b.CreateBr(after);
    f_.begin(after);
    advance(1);
    return places;
  }

  // Compares the key between the structurals `open` (its quote) and `colon` with the wanted names, by length first. A
  // key that is none of them as it stands is unescaped, if there may be anything to, and compared once more.
  void note_key(const std::map<std::string, llvm::Value*>& places, llvm::Value* open, llvm::Value* colon) {
    if (places.empty()) return;
    auto* raw_name = f_.offset(data_, f_.b.CreateAdd(open, f_.int64(1)));
    auto* close = trimmed_end(colon);  // one behind the closing quote
    auto* raw_length = f_.b.CreateSub(close, f_.b.CreateAdd(open, f_.int64(2)));
    auto* value = f_.b.CreateTrunc(f_.b.CreateAdd(cursor(), f_.int64(2)), f_.stage.i32);
    auto* before = f_.b.GetInsertBlock();
    auto* compare = f_.block("compare_key");
    auto* missed = f_.block("key_missed");
    auto* done = f_.block("key_noted");
    f_.b.CreateBr(compare);
    f_.begin(compare);
    auto* name = f_.b.CreatePHI(f_.stage.ptr, 2);
    auto* length = f_.b.CreatePHI(f_.stage.i64, 2);
    auto* is_unescaped = f_.b.CreatePHI(f_.b.getInt1Ty(), 2);
    name->addIncoming(raw_name, before);
    length->addIncoming(raw_length, before);
    is_unescaped->addIncoming(f_.boolean(false), before);
    match_name(places, {name, length, is_unescaped}, value, missed, done);
    f_.begin(missed);
    auto* escaped = f_.block("key_escaped");
    f_.b.CreateCondBr(f_.b.CreateAnd(f_.b.CreateNot(is_unescaped), may_have_escape(raw_name, raw_length)), escaped,
                      done);
    f_.begin(escaped);
    auto* result = f_.slot(llvm::ArrayType::get(f_.stage.i64, 2), "key");
    auto* is_valid = f_.call("rt_json_unescape", {f_.context(), raw_name, raw_length, result});
    fail_record(f_.b.CreateICmpEQ(is_valid, byte(0)), open, abi::DecodeError::BadEscape);
    name->addIncoming(f_.load(f_.stage.ptr, result), f_.b.GetInsertBlock());
    length->addIncoming(f_.load(f_.stage.i64, result, 8), f_.b.GetInsertBlock());
    is_unescaped->addIncoming(f_.boolean(true), f_.b.GetInsertBlock());
    f_.b.CreateBr(compare);
    f_.begin(done);
  }

  struct Key {
    llvm::Value* name;
    llvm::Value* length;
    llvm::Value* is_unescaped;
  };

  // Stores `value` in the place of the wanted name that equals `key` and goes to `done`, else to `missed`.
  void match_name(const std::map<std::string, llvm::Value*>& places, const Key& key, llvm::Value* value,
                  llvm::BasicBlock* missed, llvm::BasicBlock* done) {
    std::map<size_t, std::vector<std::pair<std::string, llvm::Value*>>> by_length;
    for (const auto& [text, place] : places) by_length[text.size()].emplace_back(text, place);
    auto* choice = f_.b.CreateSwitch(key.length, missed, static_cast<unsigned>(by_length.size()));
    for (const auto& [size, candidates] : by_length) {
      auto* block = f_.block("key_of_length");
      choice->addCase(f_.int64(size), block);
      f_.begin(block);
      for (const auto& [text, place] : candidates) {
        auto* hit = f_.block("key_found");
        auto* miss = f_.block("key_other");
        auto* is_equal = equals(key.name, text);
        // What has a backslash never stands for itself.
        if (text.find('\\') != std::string::npos) is_equal = f_.b.CreateAnd(is_equal, key.is_unescaped);
        f_.b.CreateCondBr(is_equal, hit, miss);
        f_.begin(hit);
        f_.b.CreateStore(value, place);
        f_.b.CreateBr(done);
        f_.begin(miss);
      }
      f_.b.CreateBr(missed);
    }
  }

  // Is there a backslash among the first bytes behind `name`, or is the name longer than these? A chunk has padding
  // enough to read them all at once.
  llvm::Value* may_have_escape(llvm::Value* name, llvm::Value* length) {
    constexpr unsigned kWidth = 16;
    static_assert(kWidth <= abi::kChunkPadding);
    auto* type = llvm::FixedVectorType::get(f_.stage.i8, kWidth);
    auto* bytes = f_.b.CreateAlignedLoad(type, name, llvm::Align(1));
    auto* is_backslash = f_.b.CreateICmpEQ(bytes, f_.b.CreateVectorSplat(kWidth, byte('\\')));
    auto* mask = f_.b.CreateBitCast(is_backslash, f_.b.getIntNTy(kWidth));
    return f_.b.CreateOr(f_.b.CreateICmpNE(mask, llvm::ConstantInt::get(f_.b.getIntNTy(kWidth), 0)),
                         f_.b.CreateICmpUGT(length, f_.int64(kWidth)));
  }

  llvm::Value* equals(llvm::Value* name, const std::string& text) {
    auto* type = llvm::FunctionType::get(f_.stage.i32, {f_.stage.ptr, f_.stage.ptr, f_.stage.i64}, false);
    auto* difference =
        f_.b.CreateCall(f_.stage.library("bcmp", type), {name, f_.stage.bytes(text), f_.int64(text.size())});
    return f_.b.CreateICmpEQ(difference, f_.int32(0));
  }

  // Moves the cursor from a value to what follows it. It is checked as far as its structurals tell: what stands inside
  // of a number, a word or a string is looked at only when the value is decoded.
  void skip_value() {
    auto* first = byte_at(cursor());
    auto* is_nested = f_.b.CreateOr(f_.b.CreateICmpEQ(first, byte('{')), f_.b.CreateICmpEQ(first, byte('[')));
    auto* nested = f_.block("nested");
    auto* scalar = f_.block("scalar");
    auto* after = f_.block("after");
    f_.b.CreateCondBr(is_nested, nested, scalar);
    f_.begin(nested);
    auto* fault = f_.call("rt_json_skip", {chunk_, cursor_});
    auto* reason = f_.b.CreateSub(f_.b.CreateZExt(fault, f_.stage.i32), f_.int32(1));
    fail_record(f_.b.CreateICmpNE(fault, byte(0)), structural(cursor()), reason);
    f_.b.CreateBr(after);
    f_.begin(scalar);
    auto* table = f_.stage.bytes(std::string_view(abi::kBeginsJsonValue.data(), abi::kBeginsJsonValue.size()));
    auto* begins_value =
        f_.b.CreateAlignedLoad(f_.stage.i8, f_.offset(table, f_.b.CreateZExt(first, f_.stage.i64)), llvm::Align(1));
    fail_record(f_.b.CreateICmpEQ(begins_value, byte(0)), structural(cursor()), abi::DecodeError::ExpectedValue);
    advance(1);
    f_.b.CreateBr(after);
    f_.begin(after);
  }

  // The value of a field whose value begins at structural `place`, or kMissing.
  Value emit_member(const Type& type, const std::string& name, size_t column, llvm::Value* place) {
    auto* is_missing = f_.b.CreateICmpEQ(place, f_.int32(kMissing));
    auto* at = f_.b.CreateZExt(place, f_.stage.i64);
    if (!type.nullable) {
      fail_record(is_missing, structural(f_.b.CreateSub(cursor(), f_.int64(1))), abi::DecodeError::MissingField, name);
      return emit_value(type, column, at);
    }
    return f_.if_else(
        is_missing, type, [&] { return null_value(f_, type); },
        [&] {
          return f_.if_else(
              is_byte(at, 'n'), type, [&] { return emit_null(type, column, at); },
              [&] { return as_type(f_, type, emit_value(type.as_nullable(false), column, at)); });
        });
  }

  Value emit_null(const Type& type, size_t column, llvm::Value* at) {
    const FieldText text = scalar_text(column, at);
    auto* is_null = f_.if_else(
        f_.b.CreateICmpEQ(text.size, f_.int64(4)), f_.stage.bool_type,
        [&]() -> llvm::Value* { return equals(text.data, "null"); },
        [&]() -> llvm::Value* { return f_.boolean(false); });
    fail_field_if(f_, f_.b.CreateNot(is_null), text);
    return null_value(f_, type);
  }

  // The value at structural `at`, which is there.
  Value emit_value(const Type& type, size_t column, llvm::Value* at) {
    switch (type.kind) {
      case TypeKind::String:
      case TypeKind::Timestamp:
      case TypeKind::Duration:
      case TypeKind::Date:
        return parse_field(f_, type, string_text(column, at));
      case TypeKind::Record:
        return emit_record(type, column, at);
      case TypeKind::List:
        return emit_list(type, column, at);
      case TypeKind::Null:
      case TypeKind::Bool:
      case TypeKind::Int:
      case TypeKind::Float:
      case TypeKind::Decimal: {
        const FieldText text = scalar_text(column, at);
        return parse_field(f_, type, text, NumberForm::Json);
      }
      default:
        SLUICE_INVARIANT(false, "values of type " + type.to_string() + " are not compiled");
    }
  }

  Value emit_record(const Type& type, size_t column, llvm::Value* at) {
    auto* outer = f_.b.CreateLoad(f_.stage.i64, cursor_);
    f_.b.CreateStore(at, cursor_);
    std::vector<std::string> names;
    for (const auto& field : type.fields) names.push_back(field.name);
    const auto places = emit_object(names);
    Value record;
    record.type = type;
    for (const auto& field : type.fields)
      record.fields.push_back(
          emit_member(field.type, field.name, column, f_.b.CreateLoad(f_.stage.i32, places.at(field.name))));
    f_.b.CreateStore(outer, cursor_);
    return record;
  }

  // A list: its values are counted first, then decoded into the scratch arena.
  Value emit_list(const Type& type, size_t column, llvm::Value* at) {
    const Type& element = type.element();
    auto* outer = f_.b.CreateLoad(f_.stage.i64, cursor_);
    expect('[', at, abi::DecodeError::ExpectedValue);
    auto* count = f_.slot(f_.stage.i64, "count");
    f_.b.CreateStore(f_.int64(0), count);
    const auto for_each_element = [&](const std::function<void(llvm::Value*)>& visit) {
      f_.b.CreateStore(f_.b.CreateAdd(at, f_.int64(1)), cursor_);
      auto* elements = f_.block("elements");
      auto* after = f_.block("list_end");
      f_.b.CreateCondBr(is_byte(cursor(), ']'), after, elements);
      f_.begin(elements);
      visit(cursor());
      skip_value();
      auto* more = f_.block("more");
      auto* last = f_.block("last_element");
      auto* separator = cursor();
      f_.b.CreateCondBr(is_byte(separator, ','), more, last);
      f_.begin(more);
      advance(1);
      f_.b.CreateBr(elements);
      f_.begin(last);
      expect(']', separator, abi::DecodeError::ExpectedCommaOrBracket);
      f_.b.CreateBr(after);
      f_.begin(after);
    };
    const auto counted = [&] { return f_.b.CreateLoad(f_.stage.i64, count); };
    for_each_element([&](llvm::Value*) { f_.b.CreateStore(f_.b.CreateAdd(counted(), f_.int64(1)), count); });
    Value list;
    list.type = type;
    list.size = counted();
    const uint32_t stride = abi::memory_size_of(element);
    list.data = f_.scratch(f_.b.CreateMul(list.size, f_.int64(stride)));
    f_.b.CreateStore(f_.int64(0), count);
    for_each_element([&](llvm::Value* place) {
      auto* to = f_.offset(list.data, f_.b.CreateMul(counted(), f_.int64(stride)));
      store_memory(
          f_, emit_member(element, node_.declared.fields[column].name, column, f_.b.CreateTrunc(place, f_.stage.i32)),
          to);
      f_.b.CreateStore(place, cursor_);
      f_.b.CreateStore(f_.b.CreateAdd(counted(), f_.int64(1)), count);
    });
    f_.b.CreateStore(outer, cursor_);
    return list;
  }

  // The bytes of a number or word: from its structural to the next one, without blanks.
  FieldText scalar_text(size_t column, llvm::Value* at) {
    auto* begin = structural(at);
    auto* end = trimmed_end(structural(f_.b.CreateAdd(at, f_.int64(1))));
    return {id_, column, f_.offset(data_, begin), f_.b.CreateSub(end, begin)};
  }

  // The contents of a string, unescaped.
  FieldText string_text(size_t column, llvm::Value* at) {
    FieldText text = scalar_text(column, at);
    fail_field_if(f_, f_.b.CreateOr(f_.b.CreateNot(is_byte(at, '"')), f_.b.CreateICmpULT(text.size, f_.int64(2))),
                  text);
    auto* last = f_.b.CreateAlignedLoad(f_.stage.i8, f_.offset(text.data, f_.b.CreateSub(text.size, f_.int64(1))),
                                        llvm::Align(1));
    fail_record(f_.b.CreateICmpNE(last, byte('"')), structural(at), abi::DecodeError::UnterminatedString);
    auto* result = f_.result_slot();
    auto* is_valid = f_.call("rt_json_unescape",
                             {f_.context(), f_.offset(text.data, 1), f_.b.CreateSub(text.size, f_.int64(2)), result});
    fail_record(f_.b.CreateICmpEQ(is_valid, byte(0)), structural(at), abi::DecodeError::BadEscape);
    text.data = f_.load(f_.stage.ptr, result);
    text.size = f_.load(f_.stage.i64, result, 8);
    return text;
  }

  // One behind the last byte that is no blank in front of position `end`.
  llvm::Value* trimmed_end(llvm::Value* end) {
    auto* last =
        f_.b.CreateAlignedLoad(f_.stage.i8, f_.offset(data_, f_.b.CreateSub(end, f_.int64(1))), llvm::Align(1));
    return f_.if_else(
        f_.b.CreateICmpULE(last, byte(' ')), f_.stage.i64,
        [&]() -> llvm::Value* { return f_.b.CreateCall(trim_function(), {data_, end}); },
        [&]() -> llvm::Value* { return end; });
  }

  // i64 trim(ptr data, i64 end): a function of its own, because blanks are rare and its loop would be repeated for
  // every column.
  llvm::Function* trim_function() {
    if (auto* existing = f_.stage.module->getFunction("trim")) return existing;
    auto* type = llvm::FunctionType::get(f_.stage.i64, {f_.stage.ptr, f_.stage.i64}, false);
    auto* trim = llvm::Function::Create(type, llvm::Function::InternalLinkage, "trim", *f_.stage.module);
    trim->setDoesNotThrow();
    trim->addFnAttr(llvm::Attribute::Cold);
    trim->addFnAttr(llvm::Attribute::NoInline);
    trim->addFnAttr("frame-pointer", "all");
    auto* entry = llvm::BasicBlock::Create(f_.stage.llvm, "entry", trim);
    auto* head = llvm::BasicBlock::Create(f_.stage.llvm, "head", trim);
    auto* after = llvm::BasicBlock::Create(f_.stage.llvm, "after", trim);
    llvm::IRBuilder<> b(entry);
    b.CreateBr(head);
    b.SetInsertPoint(head);
    auto* at = b.CreatePHI(f_.stage.i64, 2);
    auto* previous = b.CreateSub(at, f_.int64(1));
    at->addIncoming(trim->getArg(1), entry);
    at->addIncoming(previous, head);
    auto* last = b.CreateAlignedLoad(f_.stage.i8, b.CreateGEP(f_.stage.i8, trim->getArg(0), previous), llvm::Align(1));
    b.CreateCondBr(b.CreateICmpULE(last, byte(' ')), head, after);
    b.SetInsertPoint(after);
    b.CreateRet(at);
    return trim;
  }

  // ---- structurals ----
  llvm::ConstantInt* byte(char c) const { return llvm::ConstantInt::get(f_.stage.i8, static_cast<uint8_t>(c)); }
  llvm::Value* cursor() { return f_.b.CreateLoad(f_.stage.i64, cursor_); }
  void advance(uint64_t count) { f_.b.CreateStore(f_.b.CreateAdd(cursor(), f_.int64(count)), cursor_); }
  llvm::Value* position(llvm::Value* array, llvm::Value* at) {
    auto* address = f_.b.CreateGEP(f_.stage.i32, array, at);
    return f_.b.CreateZExt(f_.b.CreateAlignedLoad(f_.stage.i32, address, llvm::Align(4)), f_.stage.i64);
  }
  llvm::Value* structural(llvm::Value* at) { return position(index_, at); }
  llvm::Value* byte_at(llvm::Value* at) {
    return f_.b.CreateAlignedLoad(f_.stage.i8, f_.offset(data_, structural(at)), llvm::Align(1));
  }
  llvm::Value* is_byte(llvm::Value* at, char wanted) { return f_.b.CreateICmpEQ(byte_at(at), byte(wanted)); }

  void expect(char wanted, llvm::Value* at, abi::DecodeError reason) {
    fail_record(f_.b.CreateNot(is_byte(at, wanted)), structural(at), reason);
  }

  // `operand`: the field's name where the reason wants one.
  void fail_record(llvm::Value* condition, llvm::Value* where, abi::DecodeError reason,
                   const std::string& operand = {}) {
    fail_record(condition, where, f_.int32(static_cast<uint32_t>(reason)), operand);
  }
  void fail_record(llvm::Value* condition, llvm::Value* where, llvm::Value* reason, const std::string& operand = {}) {
    std::vector<std::string> operands;
    if (!operand.empty()) operands.push_back(operand);
    const uint32_t site = f_.stage.error_site("R0202", f_.stage.node(id_).span, id_, std::move(operands));
    f_.fail_if(condition, "rt_raise_record", {f_.int32(site), where, reason});
  }

  FunctionEmitter& f_;
  const NodeId id_;
  const SourceNode& node_;
  llvm::Value* chunk_;
  llvm::Value* data_;
  llvm::Value* index_;
  llvm::Value* line_ends_;
  llvm::AllocaInst* cursor_;
};

}  // namespace

void emit_decode_json(FunctionEmitter& f, NodeId id, const SourceNode& node, llvm::Value* chunk) {
  JsonDecoder(f, id, node, chunk).emit_lines();
}

}  // namespace sluice::codegen
