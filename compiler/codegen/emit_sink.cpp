// to: the row as bytes of the sink's encoding, appended to the sink's buffer.
#include "compiler/codegen/decimal.h"
#include "compiler/codegen/memory.h"
#include "compiler/codegen/operators.h"
#include "lang/support/invariant.h"
#include "runtime/abi/kernel_abi.h"

#include <llvm/IR/InlineAsm.h>

#include <algorithm>

namespace sluice::codegen {

namespace {

class RowEncoder {
 public:
  RowEncoder(FunctionEmitter& emitter, uint32_t sink) : f_(emitter), sink_(emitter.int32(sink)) {}

  void text(std::string_view constant) { pending_ += constant; }

  void flush() {
    if (pending_.empty()) return;
    f_.call("rt_sink_bytes", {f_.context(), sink_, f_.stage.bytes(pending_), f_.int64(pending_.size())});
    pending_.clear();
  }

  void json(const Value& value) {
    when_present(value, "null", [&] {
      switch (value.type.kind) {
        case TypeKind::String:
          put("rt_sink_json_string", value.data, value.size);
          return;
        case TypeKind::Timestamp:
        case TypeKind::Duration:
        case TypeKind::Date:
          text("\"");
          scalar(value, "rt_sink_float");
          text("\"");
          return;
        case TypeKind::Record:
          json_record(value);
          return;
        case TypeKind::List:
          json_list(value);
          return;
        case TypeKind::Null:
        case TypeKind::Bool:
        case TypeKind::Int:
        case TypeKind::Float:
        case TypeKind::Decimal:
          scalar(value, "rt_sink_json_float");
          return;
        default:
          SLUICE_INVARIANT(false, "values of type " + value.type.to_string() + " are not compiled");
      }
    });
  }

  void json_record(const Value& value) {
    text("{");
    for (size_t i = 0; i < value.fields.size(); ++i) {
      text(i == 0 ? "\"" : ",\"");
      json_name(value.type.fields[i].name);
      text("\":");
      json(value.fields[i]);
    }
    text("}");
  }

  void json_name(std::string_view name) {
    for (const char c : name) {
      if (c == '"' || c == '\\') pending_ += '\\';
      if (static_cast<unsigned char>(c) < 0x20) {
        constexpr std::string_view kHex = "0123456789abcdef";
        pending_ += "\\u00";
        pending_ += kHex[static_cast<unsigned char>(c) >> 4];
        pending_ += kHex[c & 15];
      } else {
        pending_ += c;
      }
    }
  }

  // csv leaves null empty; cells (print) too. Text is quoted or escaped by `string_function`.
  void plain(const Value& value, std::string_view string_function) {
    when_present(value, "", [&] {
      if (value.type.kind == TypeKind::String) {
        put(string_function, value.data, value.size);
      } else if (value.type.kind == TypeKind::Record || value.type.kind == TypeKind::List) {
        nested(value, string_function);
      } else {
        scalar(value, "rt_sink_float");
      }
    });
  }

 private:
  // Lists and records are json; in csv that needs quotes around it, which only its text can tell.
  void nested(const Value& value, std::string_view string_function) {
    if (string_function != "rt_sink_csv_string") return json(value);
    flush();
    auto* mark = f_.call("rt_sink_mark", {f_.context(), sink_});
    json(value);
    flush();
    f_.call("rt_sink_csv_field", {f_.context(), sink_, mark});
  }

  void when_present(const Value& value, std::string_view null_text, const std::function<void()>& encode) {
    if (value.present == nullptr) return encode();
    flush();
    auto* present = f_.block("present");
    auto* absent = f_.block("absent");
    auto* after = f_.block("after");
    f_.b.CreateCondBr(value.present, present, absent);
    f_.begin(present);
    encode();
    flush();
    f_.b.CreateBr(after);
    f_.begin(absent);
    text(null_text);
    flush();
    f_.b.CreateBr(after);
    f_.begin(after);
  }

  void put(std::string_view function, llvm::Value* data, llvm::Value* size) {
    flush();
    f_.call(function, {f_.context(), sink_, data, size});
  }

  void scalar(const Value& value, std::string_view float_function) {
    flush();
    switch (value.type.kind) {
      case TypeKind::Int:
        f_.call("rt_sink_int", {f_.context(), sink_, value.data});
        return;
      case TypeKind::Float:
        f_.call(float_function, {f_.context(), sink_, value.data});
        return;
      case TypeKind::Bool:
      case TypeKind::Null:
        f_.call("rt_sink_bool", {f_.context(), sink_, f_.b.CreateZExt(value.data, f_.stage.i8)});
        return;
      case TypeKind::Timestamp:
        f_.call("rt_sink_timestamp", {f_.context(), sink_, value.data});
        return;
      case TypeKind::Duration:
        f_.call("rt_sink_duration", {f_.context(), sink_, value.data});
        return;
      case TypeKind::Date:
        f_.call("rt_sink_date", {f_.context(), sink_, value.data});
        return;
      case TypeKind::Decimal: {
        const Halves halves = halves_of(f_, value.data);
        f_.call("rt_sink_decimal", {f_.context(), sink_, halves.low, halves.high, f_.int32(value.type.scale)});
        return;
      }
      default:
        SLUICE_INVARIANT(false, "no encoding of " + value.type.to_string());
    }
  }

  void json_list(const Value& value) {
    const Type& element = value.type.element();
    text("[");
    flush();
    f_.loop(f_.int64(0), value.size, "elements", [&](llvm::Value* i) {
      f_.if_then(f_.b.CreateICmpNE(i, f_.int64(0)), [&] {
        text(",");
        flush();
      });
      auto* address = f_.offset(value.data, f_.b.CreateMul(i, f_.int64(abi::memory_size_of(element))));
      json(load_memory(f_, element, address));
      flush();
    });
    text("]");
  }

  FunctionEmitter& f_;
  llvm::Value* sink_;
  std::string pending_;  // constant bytes not yet written: adjacent ones become one call
};

// A sink that drops its rows is there to measure what comes in front of it: a value that nobody takes would not be
// computed at all.
void keep_value(FunctionEmitter& f, const Value& value) {
  const auto keep = [&](llvm::Value* part) {
    auto* type = llvm::FunctionType::get(f.stage.void_type, {part->getType()}, false);
    f.b.CreateCall(llvm::InlineAsm::get(type, "", "r", true), {part});
  };
  std::vector<llvm::Value*> parts;
  flatten(value, parts);
  for (llvm::Value* part : parts) {
    if (part->getType()->isDoubleTy()) part = f.b.CreateBitCast(part, f.stage.i64);
    if (part->getType()->isIntegerTy(1)) part = f.b.CreateZExt(part, f.stage.i32);
    if (part->getType()->isIntegerTy(128)) {
      keep(f.b.CreateTrunc(f.b.CreateLShr(part, 64), f.stage.i64));
      part = f.b.CreateTrunc(part, f.stage.i64);
    }
    keep(part);
  }
}

}  // namespace

void consume(FunctionEmitter& f, NodeId id, const SinkNode& node, const Row& row) {
  const auto& sinks = f.stage.stage.sinks;
  const auto sink = static_cast<uint32_t>(std::ranges::find(sinks, id) - sinks.begin());
  SLUICE_INVARIANT(sink < sinks.size(), "the stage does not list the sink " + f.stage.node(id).label);
  const auto& fields = f.stage.node(id).schema.fields;
  RowEncoder encoder(f, sink);
  switch (sink_encoding(node.connector, f.stage.connectors)) {
    case SinkEncoding::None:
      for (const auto& field : fields) keep_value(f, row.at(field.name));
      break;
    case SinkEncoding::Json: {
      Value record;
      for (const auto& field : fields) {
        record.type.fields.push_back(field);
        record.fields.push_back(row.at(field.name));
      }
      encoder.json_record(record);
      encoder.text("\n");
      break;
    }
    case SinkEncoding::Csv:
    case SinkEncoding::Cells: {
      const bool is_csv = sink_encoding(node.connector, f.stage.connectors) == SinkEncoding::Csv;
      for (size_t i = 0; i < fields.size(); ++i) {
        if (i != 0) encoder.text(is_csv ? "," : "\t");
        encoder.plain(row.at(fields[i].name), is_csv ? "rt_sink_csv_string" : "rt_sink_cell_string");
      }
      encoder.text("\n");
      break;
    }
  }
  encoder.flush();
  auto* code = f.call("rt_sink_row", {f.context(), f.int32(sink)});
  auto* failed = f.block("sink_failed");
  auto* after = f.block("after");
  f.b.CreateCondBr(f.b.CreateICmpEQ(code, f.int32(static_cast<uint32_t>(abi::Code::Done))), after, failed);
  f.begin(failed);
  f.return_code(abi::Code::Failed);
  f.begin(after);
}

}  // namespace sluice::codegen
