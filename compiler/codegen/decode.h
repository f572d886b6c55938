// What the decoders of all formats share.
#pragma once

#include <functional>

#include "compiler/codegen/function_emitter.h"
#include "compiler/codegen/value.h"
#include "lang/graph/flow_graph.h"

namespace sluice::codegen {

// Emits the decoding of the declared column with this index.
using ColumnDecoder = std::function<Value(size_t declared_column)>;

// Decodes the columns the filter reads, then, for rows that pass, the others of the node's schema; passes the row on.
void emit_filtered_row(FunctionEmitter& f, NodeId id, const SourceNode& node, const ColumnDecoder& decode);

// The bytes of one field, and where it belongs for messages.
struct FieldText {
  NodeId source;
  size_t column = 0;  // declared
  llvm::Value* data = nullptr;
  llvm::Value* size = nullptr;
};

// How numbers are written: json knows no `+1`, `01`, `.5`, `1.` and no words such as inf.
enum class NumberForm { Any, Json };

// The field's value, never null; a row error when the bytes are no value of the type.
[[nodiscard]] Value parse_field(FunctionEmitter& f, const Type& type, const FieldText& field,
                                NumberForm numbers = NumberForm::Any);
void fail_field_if(FunctionEmitter& f, llvm::Value* condition, const FieldText& field);

}  // namespace sluice::codegen
