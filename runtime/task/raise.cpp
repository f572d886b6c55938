// Row errors: generated code says where and with which values; the message, the program's span and the place of the
// record are put together here, once per job.
#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lang/source/diagnostics.h"
#include "lang/support/invariant.h"
#include "runtime/abi/decode_error.h"
#include "runtime/abi/kernel_abi.h"
#include "runtime/abi/runtime_functions.h"
#include "runtime/task/record_location.h"
#include "runtime/task/task_data.h"

namespace sluice {

namespace {

constexpr size_t kShownValueCharacters = 60;

// The sentence of a diagnostic with `{}` replaced by the arguments, one after the other.
std::string message_of(std::string_view code, const std::vector<std::string>& arguments) {
  const DiagnosticRow* row = find_diagnostic(code);
  SLUICE_INVARIANT(row != nullptr, "a row error with a code that diagnostics.def does not have");
  std::string message;
  std::string_view rest = row->format;
  for (size_t used = 0;; ++used) {
    const size_t hole = rest.find("{}");
    message += rest.substr(0, hole);
    if (hole == rest.npos) return message;
    if (used < arguments.size()) message += arguments[used];
    rest.remove_prefix(hole + 2);
  }
}

// Empty for types whose value is not in the bits.
std::string value_text(abi::TaskContext* context, const Type& type, int64_t bits) {
  abi::StringRef text{"", 0};
  if (type.kind == TypeKind::Int) abi::rt_text_int(context, &text, bits);
  if (type.kind == TypeKind::Float) abi::rt_text_float(context, &text, std::bit_cast<double>(bits));
  if (type.kind == TypeKind::Bool) abi::rt_text_bool(context, &text, bits != 0 ? 1 : 0);
  if (type.kind == TypeKind::Timestamp) abi::rt_text_timestamp(context, &text, bits);
  if (type.kind == TypeKind::Duration) abi::rt_text_duration(context, &text, bits);
  if (type.kind == TypeKind::Date) abi::rt_text_date(context, &text, bits);
  if (type.kind == TypeKind::Decimal) {  // too wide for a word, which is its address
    int64_t halves[2];
    std::memcpy(halves, reinterpret_cast<const void*>(bits), sizeof halves);
    abi::rt_text_decimal(context, &text, halves[0], halves[1], type.scale);
  }
  return {text.data, text.size};
}

std::string operands_text(abi::TaskContext* context, const ErrorSite& site, int64_t a, int64_t b) {
  std::string text;
  const int64_t bits[] = {a, b};
  for (size_t i = 0; i < std::min<size_t>({2, site.operands.size(), site.operand_types.size()}); ++i) {
    const std::string value = value_text(context, site.operand_types[i], bits[i]);
    if (value.empty() || value == site.operands[i]) continue;  // a literal says it all by itself
    if (!text.empty()) text += ", ";
    text += site.operands[i] + " = " + value;
  }
  return text;
}

std::string type_in_words(const Type& type) {
  if (type.kind == TypeKind::Int) return "an int";
  if (type.kind == TypeKind::Float) return "a float";
  if (type.kind == TypeKind::Bool) return "a bool (true or false)";
  if (type.kind == TypeKind::Timestamp) return "a timestamp";
  if (type.kind == TypeKind::Duration) return "a duration";
  if (type.kind == TypeKind::String) return "a string";
  if (type.kind == TypeKind::Date) return "a date (2024-01-31)";
  if (type.kind == TypeKind::Decimal) return "a " + type.as_nullable(false).to_string();
  return "a value of its type";
}

Field declared_column(const TaskData& task, const ErrorSite& site, uint32_t column) {
  const auto& nodes = task.plan().graph.nodes;
  if (nodes.contains(site.node))
    if (const auto* source = nodes[site.node].as<SourceNode>(); source && column < source->declared.fields.size())
      return source->declared.fields[column];
  return {site.operands.empty() ? fmt::format("column {}", column + 1) : site.operands[0],
          site.operand_types.empty() ? Type() : site.operand_types[0]};
}

void raise_at(TaskData& task, const ErrorSite& site, RowError error) {
  error.span = site.span;
  if (!error.record && task.chunk() != nullptr) error.record = locate_row(*task.chunk(), task.row);
  task.raise(std::move(error));
}

TaskData& task_of(void* context) { return TaskData::of(static_cast<abi::TaskContext*>(context)); }

}  // namespace

}  // namespace sluice

namespace sluice::abi {

extern "C" {

void rt_raise(Ptr context, I32 site_index, I64 a, I64 b) noexcept {
  TaskData& task = task_of(context);
  const std::string kernel_text = take_raised_text();
  if (task.row_error()) return;
  const ErrorSite& site = task.error_site(static_cast<uint32_t>(site_index));
  // A site of a decimal names its result behind the two operands: "product", decimal(38,8).
  constexpr size_t kResult = 2;
  std::vector<std::string> arguments{kernel_text};
  if (site.operands.size() > kResult)
    arguments = {site.operands[kResult], site.operand_types[kResult].as_nullable(false).to_string()};
  raise_at(task, site,
           {site.code, message_of(site.code, arguments), {}, operands_text(&task, site, a, b), std::nullopt});
}

void rt_raise_field(Ptr context, I32 site_index, I32 column, Ptr data, I64 size) noexcept {
  TaskData& task = task_of(context);
  if (task.row_error()) return;
  const ErrorSite& site = task.error_site(static_cast<uint32_t>(site_index));
  const Field field = declared_column(task, site, column);
  const std::string_view bytes(static_cast<const char*>(data), static_cast<size_t>(size));
  const std::string value = bytes.empty() ? "an empty field" : "`" + shorten(bytes, kShownValueCharacters) + "`";
  RowError error{
      site.code, message_of(site.code, {field.name, type_in_words(field.type), value}), {}, {}, std::nullopt};
  if (const ChunkBuffer* chunk = task.chunk()) {
    const char* begin = chunk->view.data;
    if (bytes.data() >= begin && bytes.data() <= begin + chunk->view.size)
      error.record = locate_position(*chunk, static_cast<uint64_t>(bytes.data() - begin));
  }
  raise_at(task, site, std::move(error));
}

void rt_raise_record(Ptr context, I32 site_index, I64 position, I32 reason) noexcept {
  TaskData& task = task_of(context);
  if (task.row_error()) return;
  const ErrorSite& site = task.error_site(static_cast<uint32_t>(site_index));
  SLUICE_INVARIANT(static_cast<size_t>(reason) < std::size(kDecodeErrors),
                   "generated code raised an unknown decode error");
  auto where = static_cast<uint64_t>(position);
  auto fault = static_cast<DecodeError>(reason);
  if (task.chunk() != nullptr) {
    // What is missing at the end of a line is noticed at what stands behind it.
    const abi::Chunk& chunk = task.chunk()->view;
    if (chunk.line_ends != nullptr && task.row < chunk.row_count && where > chunk.line_ends[task.row]) {
      where = chunk.line_ends[task.row];
      fault = DecodeError::LineBreakInValue;
    }
  }
  const DecodeErrorRow& row = row_of(fault);
  std::string argument(row.message);
  if (argument.empty() && !site.operands.empty()) argument = site.operands[0];
  RowError error{std::string(row.code), message_of(row.code, {argument}), {}, {}, std::nullopt};
  if (task.chunk() != nullptr) error.record = locate_position(*task.chunk(), where);
  raise_at(task, site, std::move(error));
}

}  // extern "C"

}  // namespace sluice::abi
