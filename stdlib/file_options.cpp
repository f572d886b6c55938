#include "stdlib/file_options.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "stdlib/connector_options.h"

namespace sluice {
namespace {

bool separates_fields(std::string_view text) {
  return text.size() == 1 && static_cast<uint8_t>(text[0]) < 0x80 && text != "\n" && text != "\r" && text[0] != '\0';
}

// What reads such a file would unpack it.
std::optional<OptionFault> check_path(const std::string& path, Direction direction) {
  if (direction == Direction::Read || (!path.ends_with(".gz") && !path.ends_with(".zst"))) return std::nullopt;
  return OptionFault{"path", "must not end in .gz or .zst where rows are written: files are not compressed yet"};
}

}  // namespace

std::optional<OptionFault> check_csv_options(const std::vector<ConnectorOption>& options, Direction direction) {
  const ConnectorOptions all("csv", options);
  const std::string delimiter = all.text("delimiter");
  const std::string quote = all.text("quote");
  if (!separates_fields(delimiter))
    return OptionFault{"delimiter", "must be one ASCII character other than a line end"};
  if (!quote.empty() && !separates_fields(quote))
    return OptionFault{"quote", "must be one ASCII character other than a line end, or \"\" for none"};
  if (delimiter == quote && quote == "\"") return OptionFault{"delimiter", "must differ from the quote"};
  if (delimiter == quote) return OptionFault{"quote", "must differ from the delimiter"};
  if (direction == Direction::Write && delimiter != ",")
    return OptionFault{"delimiter", "must be a comma where csv is written: leave it out"};
  if (direction == Direction::Write && quote != "\"")
    return OptionFault{"quote", "must be a double quote where csv is written: leave it out"};
  return check_path(all.text("path"), direction);
}

std::optional<OptionFault> check_json_options(const std::vector<ConnectorOption>& options, Direction direction) {
  return check_path(ConnectorOptions("json", options).text("path"), direction);
}

}  // namespace sluice
