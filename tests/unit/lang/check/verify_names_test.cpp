#include "lang/check/verify_names.h"

#include <gtest/gtest.h>

#include "lang/graph/graph_text.h"
#include "stdlib/catalog.h"

namespace sluice {
namespace {

std::string problem_of(const std::string& nodes) {
  const auto graph = read_graph("graph \"g\"\n" + nodes);
  EXPECT_TRUE(graph.has_value()) << graph.error().message;
  if (!graph) return "";
  const auto violation = find_name_violation(*graph, standard_functions(), standard_connectors());
  return violation ? violation->text : "";
}

std::string source(const std::string& connector, const std::string& options, const std::string& declared) {
  return "node 1 source\n  connector " + connector + "\n" + options + "  declared " + declared + "\n  schema " +
         declared + "\n";
}
const std::string kPath = "  option path = \"a\"\n";

std::string problem_of_call(const std::string& call) {
  return problem_of(source("csv", kPath, "s: string, m: string?, n: int") + "node 2 filter (1)\n  condition eq(" +
                    call + ", null:int?):bool\n  schema s: string, m: string?, n: int\n");
}

TEST(VerifyNames, Calls) {
  EXPECT_EQ(problem_of_call("call length flow_length(s:string):int"), "");
  EXPECT_EQ(problem_of_call("call length flow_length(m:string?):int?"), "");
  EXPECT_EQ(problem_of_call("call position flow_position(s:string, s:string):int?"), "");
  EXPECT_EQ(problem_of_call("call length flow_lower(s:string):int"),
            "there is no function length with the kernel flow_lower");
  EXPECT_EQ(problem_of_call("call length flow_length(n:int):int"), "length with arguments of other types");
  EXPECT_EQ(problem_of_call("call length flow_length():int"), "length with arguments of other types");
  EXPECT_EQ(problem_of_call("call length flow_length(m:string?):int"), "length with a result of another type");
  EXPECT_EQ(problem_of_call("fallible_call length flow_length(s:string):int"), "length is a `call`");
}

TEST(VerifyNames, Connectors) {
  EXPECT_EQ(problem_of(source("csv", kPath, "s: string")), "");
  EXPECT_EQ(problem_of(source("kafka", kPath, "s: string")), "there is no connector `kafka`");
  EXPECT_EQ(problem_of(source("print", "", "s: string")), "print cannot read");
  EXPECT_EQ(problem_of("node 1 sink\n  connector lines\n" + kPath + "  schema\n"), "lines cannot write");
  EXPECT_EQ(problem_of(source("csv", kPath + kPath, "s: string")), "two options `path`");
  EXPECT_EQ(problem_of(source("csv", kPath + "  option colour = 1\n", "s: string")), "csv has no option `colour`");
  EXPECT_EQ(problem_of(source("csv", kPath + "  option header = 1\n", "s: string")), "option `header` is not bool");
  EXPECT_EQ(problem_of(source("csv", "", "s: string")), "csv needs the option `path`");
  EXPECT_EQ(problem_of(source("csv", kPath + "  option quote = \"ab\"\n", "s: string")),
            "option `quote` must be one ASCII character other than a line end, or \"\" for none");
}

TEST(VerifyNames, ColumnsOfSources) {
  EXPECT_EQ(problem_of(source("lines", kPath, "line: string")), "");
  EXPECT_EQ(problem_of(source("lines", kPath, "s: string")), "lines has other columns");
  EXPECT_EQ(problem_of(source("json", kPath, "l: [{a: int}]")), "");
  EXPECT_EQ(problem_of(source("csv", kPath, "l: [int]")), "csv has no column `l` of type [int]");
  EXPECT_EQ(problem_of(source("json", kPath, "l: [null]")), "json has no column `l` of type [null]");
  EXPECT_EQ(problem_of(source("json", kPath, "w: window")), "json has no column `w` of type window");
}

TEST(VerifyNames, FilesOfSinks) {
  const auto sink = [](const std::string& label, const std::string& path) {
    return "node " + label + " sink (1)\n  connector csv\n  option path = \"" + path + "\"\n  schema s: string\n";
  };
  const std::string rows = source("csv", kPath, "s: string");
  EXPECT_EQ(problem_of(rows + sink("2", "b") + sink("3", "c")), "");
  EXPECT_EQ(problem_of(rows + sink("2", "b") + sink("3", "./b")), "another sink writes b too");
}

}  // namespace
}  // namespace sluice
