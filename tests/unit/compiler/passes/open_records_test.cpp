#include <gtest/gtest.h>

#include "pass_testing.h"

namespace sluice {
namespace {

using testing::filter;
using testing::find_node;
using testing::hits;
using testing::sink;

using Lines = std::vector<std::string>;

const std::string kRecordType = "{url: string, status: int}";
const std::string kRecordRow = "r: " + kRecordType + ", ms: float";
const std::string kRecord = "node 2 project (1)\n  name p\n  column r = record(url:string, status:int):" + kRecordType +
                            "\n  column ms = ms:float\n  schema " + kRecordRow + "\n";
const std::string kStatus = "field status(r:" + kRecordType + "):int";

PassResult open(const std::string& rest) { return testing::run(hits(rest), {"open_records"}); }

std::string columns(const PassResult& result, const char* label) {
  std::string text;
  for (const auto& name : find_node(result.graph, label)->schema.names()) text += (text.empty() ? "" : " ") + name;
  return text;
}

std::string read_status(const std::string& input) {
  return "node 8 project (" + input + ")\n  name q\n  column s = " + kStatus + "\n  schema s: int\n" +
         sink("9", "8", "s: int");
}

TEST(OpenRecords, FieldsBecomeColumns) {
  const auto result = open(kRecord + read_status("2"));
  EXPECT_EQ(columns(result, "2"), "r.url r.status ms");
  EXPECT_EQ(flow_text(find_node(result.graph, "8")->as<ProjectNode>()->columns[0].expr), "`r.status`");
  EXPECT_EQ(testing::notes_of(result), (Lines{"+ 2: the fields of `r` are columns of their own"}));
}

TEST(OpenRecords, ThroughStepsThatPassRowsOn) {
  const auto result = open(kRecord + filter("3", "2", "lt(" + kStatus + ", 400:int):bool", kRecordRow) +
                           "node 4 top (3)\n  name t\n  limit 3\n  order ms:float asc\n  schema " + kRecordRow + "\n" +
                           read_status("4"));
  EXPECT_EQ(flow_text(find_node(result.graph, "3")->as<FilterNode>()->condition), "`r.status` < 400");
  EXPECT_EQ(columns(result, "4"), "r.url r.status ms") << "ties are broken as before";
}

TEST(OpenRecords, OneWholeRecordForThoseWhoWantIt) {
  const auto result = open(kRecord + read_status("2") + sink("7", "2", kRecordRow));
  EXPECT_EQ(columns(result, "2"), "r.url r.status ms");
  EXPECT_EQ(columns(result, "7"), "r ms");
  EXPECT_EQ(flow_text(find_node(result.graph, "2a")->as<ProjectNode>()->columns[0].expr),
            "{url = `r.url`, status = `r.status`}");
}

TEST(OpenRecords, RecordsInRecords) {
  const std::string outer = "{in: " + kRecordType + ", ms: float}";
  const auto result =
      open(kRecord + "node 3 project (2)\n  name p\n  column o = record(r:" + kRecordType + ", ms:float):" + outer +
           "\n  schema o: " + outer + "\nnode 4 project (3)\n  name q\n  column s = field status(field in(o:" + outer +
           "):" + kRecordType + "):int\n  schema s: int\n" + sink("5", "4", "s: int"));
  EXPECT_EQ(columns(result, "3"), "o.in.url o.in.status o.ms");
  EXPECT_EQ(flow_text(find_node(result.graph, "4")->as<ProjectNode>()->columns[0].expr), "`o.in.status`");
}

TEST(OpenRecords, UnionsOfUnlikeInputsGetRecords) {
  const std::string other =
      "node 3 project (1)\n  name p\n  column r = record(note.url:string, status:int):" + kRecordType +
      "\n  column ms = ms:float\n  schema " + kRecordRow + "\n";
  std::string alike = other;
  alike.replace(alike.find("note.url"), 8, "url");
  const std::string rest = "node 4 union (2, 3)\n  name u\n  schema " + kRecordRow + "\n" + read_status("4");
  EXPECT_EQ(columns(open(kRecord + alike + rest), "4"), "r.url r.status ms");
  const std::string source_of_records =
      "node 3 source\n  name j\n  connector json\n  declared " + kRecordRow + "\n  schema " + kRecordRow + "\n";
  EXPECT_EQ(columns(open(kRecord + source_of_records + rest), "4"), "r ms");
}

TEST(OpenRecords, WindowsStayWhole) {
  const std::string row = "w: window, url: string";
  const auto result = open(
      "node 3 project (1)\n  name p\n  column w = record(1:timestamp, 2:timestamp"
      "):window\n  column url = url:string\n  schema " +
      row + "\nnode 4 project (3)\n  name q\n  column s = field start(w:window):timestamp\n  schema s: timestamp\n" +
      sink("5", "4", "s: timestamp"));
  EXPECT_EQ(columns(result, "3"), "w url");
  EXPECT_TRUE(testing::notes_of(result).empty());
}

TEST(OpenRecords, NotWhereNobodyReadsAField) {
  const auto result = open(kRecord + sink("3", "2", kRecordRow));
  EXPECT_EQ(columns(result, "2"), "r ms");
  EXPECT_EQ(testing::notes_of(result), (Lines{"- 2: `r` stays a record: nobody reads single fields of it"}));
}

}  // namespace
}  // namespace sluice
