#include <gtest/gtest.h>

#include "check_support.h"

namespace sluice {
namespace {

TEST(CheckPipelines, WordCount) {
  EXPECT_EQ(checked(R"flow(from lines("books/*.txt")
|> expand word in words(lower(line))
|> aggregate count() per word
|> top 20 by count desc
|> to print()
)flow"),
            R"flow(node 1 source "lines(\"books/*.txt\")"
  name lines
  connector lines
  option path = "books/*.txt"
  declared line: string
  schema line: string
node 2 expand (1) "expand word in words(lower(line))"
  name expand
  element word
  list call words flow_words(call lower flow_lower(line:string):string):[string]
  schema line: string, word: string
node 3 aggregate (2) "aggregate count() per word"
  name aggregate
  key word = word:string
  call count count
    state n: int
      init 0:int
      step add($n:int, 1:int):int
      merge add($n:int, $o.n:int):int
    finish $n:int
  schema word: string, count: int
  table word
node 4 top (3) "top 20 by count desc"
  name top
  limit 20
  order count:int desc
  schema word: string, count: int
  table
node 5 sink (4) "to print()"
  name to
  connector print
  schema word: string, count: int
  table
)flow");
}

}  // namespace
}  // namespace sluice
