#include "stdlib/catalog.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "stdlib/table_text.h"

namespace sluice {
namespace {

TEST(TableText, ReadsSignatures) {
  const TableSignature signature = parse_table_signature("(text: string, n: int = 3, flag: bool = true) -> [string?]?");
  ASSERT_EQ(signature.params.size(), 3u);
  EXPECT_EQ(signature.params[1].default_value, LiteralValue(int64_t{3}));
  EXPECT_EQ(signature.params[2].default_value, LiteralValue(true));
  EXPECT_EQ(signature.result.to_string(), "[string?]?");
  EXPECT_EQ(parse_table_type("{line: string, at: timestamp?}").to_string(), "{line: string, at: timestamp?}");
  EXPECT_EQ(parse_table_params(R"(q: string = "\"")")[0].default_value, LiteralValue(std::string("\"")));
}

TEST(Functions, EveryRowHasAKernelAndSaysWhatItDoes) {
  std::set<std::string> signatures;
  for (const auto& overload : standard_functions().overloads()) {
    EXPECT_NE(kernel_address(overload.symbol), nullptr) << overload.symbol;
    EXPECT_TRUE(overload.doc.ends_with('.')) << overload.name;
    EXPECT_NE(overload.example.find(overload.name + "("), std::string::npos) << overload.name;
    std::string signature = overload.name;
    for (const auto& param : overload.params) signature += " " + param.type.to_string();
    EXPECT_TRUE(signatures.insert(signature).second) << signature;
  }
  EXPECT_EQ(kernel_address("no_such_kernel"), nullptr);
}

TEST(Functions, ModulesInFlowAreEmbedded) {
  ASSERT_FALSE(standard_functions().modules().empty());
  EXPECT_EQ(standard_functions().modules().front().name, "aggregates");
  EXPECT_NE(standard_functions().modules().front().text.find("agg count("), std::string::npos);
}

// Every connector, whatever it is, behaves well in the situations all of them meet.
class EveryConnector : public ::testing::TestWithParam<ConnectorEntry> {};

TEST_P(EveryConnector, IsDescribed) {
  const ConnectorEntry& entry = GetParam();
  EXPECT_TRUE(entry.can_read || entry.can_write);
  EXPECT_FALSE(entry.doc.empty());
  EXPECT_EQ(standard_connectors().find(entry.name)->name, entry.name);
}

TEST_P(EveryConnector, ReadsAnEmptyFileAndRefusesAMissingOne) {
  const ConnectorEntry& entry = GetParam();
  const bool reads_files = !entry.params.empty() && entry.params.front().name == "path";
  if (!entry.can_read || !reads_files) return;
  Node node;
  node.schema = entry.fixed_schema.value_or(Schema{{{"a", Type(TypeKind::String)}}});
  node.payload = SourceNode{entry.name, {{"path", "/dev/null"}}, node.schema, {}};
  const auto source = make_connector_factory({})->open_source(node);
  ASSERT_TRUE(source.has_value()) << source.error().message;
  ChunkBuffer chunk;
  EXPECT_FALSE(*(*source)->next(chunk));
  EXPECT_FALSE(*(*source)->next(chunk));
  (*source)->interrupt();
  node.payload = SourceNode{entry.name, {{"path", "/no/such/file"}}, node.schema, {}};
  const auto missing = make_connector_factory({})->open_source(node);
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().domain, ErrorDomain::User);
}

TEST_P(EveryConnector, WritesNothingWhenAborted) {
  const ConnectorEntry& entry = GetParam();
  if (!entry.can_write) return;
  Node node;
  node.schema = Schema{{{"a", Type(TypeKind::String)}}};
  std::vector<ConnectorOption> options;
  if (!entry.params.empty()) options.push_back({"path", "/dev/null"});
  node.payload = SinkNode{entry.name, options};
  const auto sink = make_connector_factory({})->open_sink(node, 0, {});
  ASSERT_TRUE(sink.has_value()) << sink.error().message;
  EXPECT_TRUE((*sink)->flush().has_value());
  (*sink)->abort();
}

INSTANTIATE_TEST_SUITE_P(Connectors, EveryConnector,
                         ::testing::ValuesIn(standard_connectors().entries().begin(),
                                             standard_connectors().entries().end()),
                         [](const auto& info) { return info.param.name; });

TEST(Connectors, EncodingOfPrintFollowsTheSettings) {
  ConnectorSettings settings;
  EXPECT_EQ(sink_encoding("print", settings), SinkEncoding::Csv);
  settings.terminal_output = true;
  EXPECT_EQ(sink_encoding("print", settings), SinkEncoding::Cells);
  EXPECT_EQ(sink_encoding("csv", settings), SinkEncoding::Csv);
  settings.json_rows = true;
  EXPECT_EQ(sink_encoding("print", settings), SinkEncoding::Json);
  EXPECT_EQ(sink_encoding("blackhole", settings), SinkEncoding::None);
  EXPECT_EQ(source_format("csv"), SourceFormat::Csv);
}

}  // namespace
}  // namespace sluice
