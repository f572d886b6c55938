#include "stdlib/connectors/csv_scanner.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tests/unit/stdlib/connectors/csv_reference.h"

namespace sluice {
namespace {

using Records = std::vector<std::vector<std::string>>;
using Scan = decltype(&scan_csv);

// What a scan found, as texts. The bytes are in memory of exactly the size that a scanner may read.
testing::CsvReference scan(Scan scanner, std::string_view text, size_t field_count, const CsvDialect& dialect = {}) {
  std::vector<char> bytes(text.begin(), text.end());
  bytes.resize(text.size() + 64, '"');
  std::vector<uint32_t> index;
  std::vector<uint32_t> starts;
  const CsvScan found = scanner(dialect, bytes.data(), text.size(), field_count, index, starts);
  testing::CsvReference result;
  result.fault = found.fault;
  result.fault_position = found.fault_position;
  for (uint64_t row = 0; row < found.rows; ++row) {
    std::vector<std::string> fields;
    uint64_t begin = starts[row];
    for (uint64_t field = 0; field < field_count; ++field) {
      const uint64_t end = index[1 + row * field_count + field];
      fields.emplace_back(text.substr(begin, end - begin));
      begin = end + 1;
    }
    result.records.push_back(std::move(fields));
  }
  return result;
}

void expect_as_reference(std::string_view text, size_t field_count, const CsvDialect& dialect = {}) {
  const auto expected = testing::read_csv(text, field_count, dialect);
  for (const Scan scanner : {&scan_csv, &scan_csv_portable}) {
    const auto found = scan(scanner, text, field_count, dialect);
    ASSERT_EQ(found.records, expected.records) << text;
    ASSERT_EQ(found.fault, expected.fault) << text;
    if (expected.fault != CsvFault::None) {
      ASSERT_EQ(found.fault_position, expected.fault_position) << text;
    }
  }
}

TEST(CsvScanner, Records) {
  expect_as_reference("a,b\nc,d\n", 2);
  expect_as_reference("a,b\r\nc,\r\n", 2);
  expect_as_reference("\n\n\r\na,b\n\nc,d\n\n", 2);
  expect_as_reference("\na\n\n\r\nb\n", 1);
  expect_as_reference(",\n,\n", 2);
  expect_as_reference("\"a\nb\",\"c,\"\"d\"\"\"\r\n\"\",\"\"\n", 2);
  expect_as_reference("a\rb,c\n", 2);
  expect_as_reference("\r\r\n", 1);
}

TEST(CsvScanner, CountsTheFieldsOfAWrongRecord) {
  std::vector<uint32_t> index;
  std::vector<uint32_t> starts;
  std::string text = "a,b,c\nd,e\nf,g,h\n" + std::string(64, ' ');
  CsvScan found = scan_csv({}, text.data(), 16, 3, index, starts);
  EXPECT_EQ(found.rows, 1u);
  EXPECT_EQ(found.fault, CsvFault::FieldCount);
  EXPECT_EQ(found.fields, 2u);
  EXPECT_EQ(found.fault_position, 6u);
  found = scan_csv({}, text.data(), 16, 2, index, starts);
  EXPECT_EQ(found.rows, 0u);
  EXPECT_EQ(found.fields, 3u);
}

TEST(CsvScanner, Faults) {
  expect_as_reference("a,b\"c\n", 2);
  expect_as_reference("a,\"b\"c\n", 2);
  expect_as_reference("a,\"b\"\rc\n", 2);
  expect_as_reference("a,\"b\n", 2);
  expect_as_reference("a,\"b\"\"\n", 2);
  expect_as_reference("a,\"b\" \n", 2);
  expect_as_reference("x,y\na,b,c\nd,\"\"e\n", 2);
}

TEST(CsvScanner, OtherDialects) {
  expect_as_reference("a;'b;''c'\nd;\"\n", 2, {';', '\'', true});
  expect_as_reference("a\t\"b\n\"\t\"\n", 2, {'\t', '"', false});
}

TEST(CsvScanner, BlankLinesAsRecords) {
  constexpr CsvDialect kBlank{',', '"', true, true};
  expect_as_reference("\na\n\n\r\n\"\"\n", 1, kBlank);
  EXPECT_EQ(scan(&scan_csv, "\na\n\n\r\n\"\"\n", 1, kBlank).records.size(), 5U);
  expect_as_reference("\na,b\n\n", 2, kBlank);  // where there are more fields, they stay what they are
}

// Texts of few different bytes, so that every combination of them comes up, at every position of a block.
TEST(CsvScanner, RandomTextsAsTheReference) {
  std::mt19937 random(17);
  const std::string_view alphabets[] = {"a,\n", "a,\n\"", "ab,\n\r\"\"", "aaaaaaaaaaaa,,,,\n\"", "\n\r,"};
  for (int round = 0; round < 60000; ++round) {
    const std::string_view alphabet = alphabets[random() % std::size(alphabets)];
    std::string text(random() % 150, '\0');
    for (char& c : text) c = alphabet[random() % alphabet.size()];
    text += '\n';
    const bool blank_is_record = random() % 2 == 0;
    expect_as_reference(text, 1 + random() % 3, {',', '"', true, blank_is_record});
    if (HasFatalFailure()) return;
  }
}

// Well-formed records with all kinds of fields: long texts without faults.
TEST(CsvScanner, RandomRecordsAsTheReference) {
  std::mt19937 random(19);
  const std::string_view values[] = {"",
                                     "x",
                                     "12345",
                                     "\"\"",
                                     "\"a,b\"",
                                     "\"say \"\"hi\"\"\"",
                                     "\"line\nline\"",
                                     "a rather long field that fills a block of bytes",
                                     "\"\r\n\""};
  for (int round = 0; round < 2000; ++round) {
    const size_t field_count = 1 + random() % 20;
    std::string text;
    for (size_t record = random() % 40; record != 0; --record) {
      for (size_t field = 0; field < field_count; ++field) {
        if (field != 0) text += ',';
        text += values[random() % std::size(values)];
      }
      text += random() % 2 == 0 ? "\n" : "\r\n";
      if (random() % 10 == 0) text += "\r\n";
    }
    const auto expected = testing::read_csv(text, field_count);
    ASSERT_EQ(expected.fault, CsvFault::None);
    expect_as_reference(text, field_count);
    if (HasFatalFailure()) return;
  }
}

TEST(CsvBoundary, IsBehindTheLastRecord) {
  const auto boundary = [](std::string text, bool has_quotes = true) {
    const size_t size = text.size();
    text.resize(size + 64, '"');
    return csv_boundary({',', '"', has_quotes}, text.data(), size);
  };
  EXPECT_EQ(boundary(""), 0u);
  EXPECT_EQ(boundary("abc"), 0u);
  EXPECT_EQ(boundary("a\nb"), 2u);
  EXPECT_EQ(boundary("a\nb\n"), 4u);
  EXPECT_EQ(boundary("a\n\"b\n"), 2u);
  EXPECT_EQ(boundary("a\n\"b\n\"\nc"), 7u);
  EXPECT_EQ(boundary("\"\n\n\n"), 0u);
  EXPECT_EQ(boundary("a\n\"b\n", false), 5u);
}

}  // namespace
}  // namespace sluice
