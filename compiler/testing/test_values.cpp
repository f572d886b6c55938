#include "compiler/testing/test_values.h"

#include "lang/check/tests.h"
#include "lang/support/decimal.h"
#include "lang/support/time_text.h"
#include "lang/syntax/expr_text.h"

namespace sluice {

namespace {

Json literal_json(const Expr& literal) {
  if (std::holds_alternative<std::monostate>(literal.value)) return nullptr;
  if (const auto* truth = std::get_if<bool>(&literal.value)) return *truth;
  if (const auto* number = std::get_if<double>(&literal.value)) return *number;
  if (const auto* text = std::get_if<std::string>(&literal.value)) return *text;
  if (const auto* decimal = std::get_if<Decimal>(&literal.value)) return float_of(decimal->unscaled, decimal->scale);
  const int64_t integer = std::get<int64_t>(literal.value);
  if (literal.type.kind == TypeKind::Date) return date_text(integer);
  if (literal.type.kind == TypeKind::Timestamp) return timestamp_text(integer);
  if (literal.type.kind == TypeKind::Duration) return duration_text(integer);
  return integer;
}

// A timestamp as a sink writes it, as tests write it.
std::string without_test_day(const std::string& timestamp) {
  static const std::string day = timestamp_text(kTestDay).substr(0, 11);  // "2000-01-01T"
  if (!timestamp.starts_with(day)) return "@" + timestamp;
  return "@" + timestamp.substr(day.size(), timestamp.size() - day.size() - 1);
}

}  // namespace

Json json_of(const Expr& constant) {
  if (constant.kind == ExprKind::List) {
    Json list = Json::array();
    for (const auto& element : constant.args) list.push_back(json_of(element));
    return list;
  }
  if (constant.kind == ExprKind::Record) {
    Json record = Json::object();
    for (size_t i = 0; i < constant.args.size(); ++i) record[constant.type.fields[i].name] = json_of(constant.args[i]);
    return record;
  }
  return literal_json(constant);
}

std::string flow_text(const Json& value, const Type& type) {
  if (value.is_null()) return "null";
  if (value.is_array()) {
    std::string text;
    for (const auto& element : value) text += (text.empty() ? "" : ", ") + flow_text(element, type.element());
    return "[" + text + "]";
  }
  if (value.is_object()) {
    std::string text;
    for (const auto& field : type.fields)
      text +=
          (text.empty() ? "" : ", ") + name_text({field.name, {}}) + " = " + flow_text(value[field.name], field.type);
    return "{ " + text + " }";
  }
  if (!value.is_string()) return value.dump();
  const auto& text = value.get_ref<const std::string&>();
  if (type.kind == TypeKind::String) return quoted_text(text);
  if (type.kind == TypeKind::Timestamp) return without_test_day(text);
  if (type.kind == TypeKind::Date) return "@" + text;
  return text;
}

}  // namespace sluice
