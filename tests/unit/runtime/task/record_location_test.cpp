#include "runtime/task/record_location.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

// A csv chunk of two columns; `text` has CRLF line ends, a blank line and letters of two bytes.
struct CsvChunk {
  CsvChunk() {
    chunk.view.data = text.data();
    chunk.view.size = text.size();
    chunk.starts = {0, 8, 20};
    chunk.index = {3, 6, 14, 18, 23, 25};
    chunk.view.starts = chunk.starts.data();
    chunk.view.index = chunk.index.data();
    chunk.view.index_count = chunk.index.size();
    chunk.view.row_count = 3;
    chunk.view.field_count = 2;
    chunk.file = "in/orders.csv";
    chunk.first_line = 10;
  }
  std::string text = "abc,de\r\nÄÖÜ,fgh\n\nxyz,1\nbad\n";
  //                  0123456 7 8 ..14        18 19 20
  ChunkBuffer chunk;
};

TEST(RecordLocation, OfARow) {
  CsvChunk csv;
  const auto first = locate_row(csv.chunk, 0);
  EXPECT_EQ(first.file, "in/orders.csv");
  EXPECT_EQ(first.line, 10u);
  EXPECT_EQ(first.column, 1u);
  EXPECT_EQ(first.record, "abc,de");
  const auto third = locate_row(csv.chunk, 2);
  EXPECT_EQ(third.line, 13u) << "the blank line counts";
  EXPECT_EQ(third.record, "xyz,1");
}

TEST(RecordLocation, OfAPositionCountsCharacters) {
  CsvChunk csv;
  const auto location = locate_position(csv.chunk, 15);
  EXPECT_EQ(location.line, 11u);
  EXPECT_EQ(location.column, 5u);
  EXPECT_EQ(location.record, "ÄÖÜ,fgh");
}

TEST(RecordLocation, BehindTheGoodRecords) {
  CsvChunk csv;
  const auto location = locate_position(csv.chunk, csv.text.find("bad") + 1);
  EXPECT_EQ(location.line, 14u);
  EXPECT_EQ(location.column, 2u);
  EXPECT_EQ(location.record, "bad");
  EXPECT_EQ(locate_position(csv.chunk, 1000).record, "");
}

TEST(RecordLocation, OfAJsonLine) {
  const std::string text = "{\"a\":1}\n{\"a\":x}\n";
  ChunkBuffer chunk;
  chunk.view.data = text.data();
  chunk.view.size = text.size();
  chunk.starts = {0, 8};
  chunk.line_ends = {7, 15};
  chunk.view.starts = chunk.starts.data();
  chunk.view.line_ends = chunk.line_ends.data();
  chunk.view.row_count = 2;
  const auto location = locate_position(chunk, 13);
  EXPECT_EQ(location.line, 2u);
  EXPECT_EQ(location.column, 6u);
  EXPECT_EQ(location.record, "{\"a\":x}");
}

TEST(Shorten, CutsBetweenCharactersAndHidesControlCharacters) {
  EXPECT_EQ(shorten("größe", 3), "grö…");
  EXPECT_EQ(shorten("größe", 5), "größe");
  EXPECT_EQ(shorten("a\tb\x01", 9), "a b ");
  EXPECT_EQ(shorten("", 3), "");
}

}  // namespace
}  // namespace sluice
