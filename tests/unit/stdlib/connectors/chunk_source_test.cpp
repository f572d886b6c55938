#include "stdlib/connectors/chunk_source.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <atomic>
#include <fstream>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/stdlib/connectors/csv_reference.h"
#include "tests/unit/stdlib/connectors/read_source.h"
#include "tests/unit/stdlib/connectors/temporary_directory.h"

namespace sluice {
namespace {

using testing::read_source;
using testing::source_node;
using testing::SourceContents;
using Records = std::vector<std::vector<std::string>>;

Schema text_columns(std::initializer_list<const char*> names, bool nullable = false) {
  Schema schema;
  for (const char* name : names) schema.fields.push_back({name, Type(TypeKind::String, nullable)});
  return schema;
}
Node lines_of(const std::string& path) { return source_node("lines", {{"path", path}}, text_columns({"line"})); }
Node json_of(const std::string& path) { return source_node("json", {{"path", path}}, text_columns({"a"})); }
Node csv_of(const std::string& path, Schema schema, bool header = true) {
  return source_node("csv", {{"path", path}, {"header", header}}, std::move(schema));
}

constexpr uint64_t kBig = 1 << 20;

TEST(LinesSource, EveryChunkSizeGivesTheSameLines) {
  const testing::TemporaryDirectory directory;
  const std::string path = directory.write("a.txt", "one\ntwo\r\n\n\r\n  three \nvier ä\nlast");
  const Records expected = {{"one"}, {"two"}, {""}, {""}, {"  three "}, {"vier ä"}, {"last"}};
  for (uint64_t size = 1; size < 40; ++size) {
    const SourceContents contents = read_source(lines_of(path), size);
    ASSERT_EQ(contents.records, expected) << size;
    ASSERT_EQ(contents.error, "");
    ASSERT_EQ(contents.places.back(), path + ":7");
  }
}

TEST(LinesSource, AFileIsReadAsItWasWhenItWasListed) {
  const testing::TemporaryDirectory directory;
  const std::string path = directory.write("in/a.txt", "one\ntwo\n");
  const std::string empty = directory.write("in/b.txt", "");
  auto factory = make_connector_factory({});
  const Node node = lines_of(directory.path("in"));
  const auto source = factory->open_source(node);
  ASSERT_TRUE(source);
  EXPECT_EQ((*factory->open_source(node))->fingerprint(), (*source)->fingerprint());
  std::ofstream(path, std::ios::app) << "three\n";
  std::ofstream(empty, std::ios::app) << "four\n";
  EXPECT_NE((*factory->open_source(node))->fingerprint(), (*source)->fingerprint());
  ChunkBuffer chunk;
  ASSERT_TRUE(*(*source)->next(chunk));
  EXPECT_EQ(std::string_view(chunk.view.data, chunk.view.size), "one\ntwo\n");
  EXPECT_FALSE(*(*source)->next(chunk));
}

TEST(LinesSource, EmptyFilesAndByteOrderMarks) {
  const testing::TemporaryDirectory directory;
  directory.write("in/1", "");
  directory.write("in/2", "\xef\xbb\xbfx\n");
  directory.write("in/3", "\xef\xbb\xbf");
  directory.write("in/4", "\n");
  directory.write("in/.hidden", "not this\n");
  for (const uint64_t size : {uint64_t{1}, uint64_t{2}, kBig})
    EXPECT_EQ(read_source(lines_of(directory.path("in")), size).records, (Records{{"x"}, {""}}));
}

TEST(LinesSource, AnInvalidByteEndsTheRecordsBeforeItsLine) {
  const testing::TemporaryDirectory directory;
  const std::string path = directory.write("a.txt",
                                           "one\ntwo\nthr\xff"
                                           "e\nfour\n");
  for (const uint64_t size : {uint64_t{1}, uint64_t{9}, kBig}) {
    const SourceContents contents = read_source(lines_of(path), size);
    EXPECT_EQ(contents.records, (Records{{"one"}, {"two"}}));
    EXPECT_EQ(contents.error_code, "R0204");
    EXPECT_EQ(contents.error_place, path + ":11");
  }
}

TEST(LinesSource, ALineLongerThanManyChunks) {
  const testing::TemporaryDirectory directory;
  const std::string line(3'000'000, 'x');
  const std::string path = directory.write("a.txt", "first\n" + line + "\nlast");
  EXPECT_EQ(read_source(lines_of(path), 1000).records, (Records{{"first"}, {line}, {"last"}}));
}

TEST(LinesSource, ManyTasksShareASource) {
  const testing::TemporaryDirectory directory;
  std::string text;
  for (int i = 0; i < 20000; ++i) text += "line " + std::to_string(i) + "\n";
  const Node node = lines_of(directory.write("a.txt", text));
  ConnectorSettings settings;
  settings.chunk_bytes = 1000;
  const auto source = *make_connector_factory(settings)->open_source(node);
  EXPECT_EQ(source->total_bytes(), text.size());
  std::mutex mutex;
  std::set<std::string> lines;
  std::set<uint64_t> sequences;
  std::vector<std::thread> tasks;
  for (int task = 0; task < 4; ++task)
    tasks.emplace_back([&] {
      ChunkBuffer chunk;
      while (*source->next(chunk)) {
        SourceContents contents;
        testing::take_chunk(chunk, SourceFormat::Lines, contents);
        const std::lock_guard lock(mutex);
        EXPECT_TRUE(sequences.insert(chunk.sequence).second);
        for (const auto& record : contents.records) lines.insert(record[0]);
      }
    });
  for (auto& task : tasks) task.join();
  EXPECT_EQ(lines.size(), 20000u);
  EXPECT_EQ(*sequences.rbegin() + 1, sequences.size());
  EXPECT_EQ(source->read_bytes(), text.size());
}

TEST(CsvSource, ColumnsAreFoundByName) {
  const testing::TemporaryDirectory directory;
  directory.write("in/1.csv", "a,b,c\n1,2,3\n\n4,5,6");
  directory.write("in/2.csv", "\n\"c\",x,b,\"a\"\r\n3,,2,1\r\n");
  directory.write("in/3.csv", "c,b,a\n");
  directory.write("in/4.csv", "");
  const Node node = csv_of(directory.path("in"), text_columns({"c", "a"}));
  for (uint64_t size = 1; size < 30; ++size) {
    const SourceContents contents = read_source(node, size);
    ASSERT_EQ(contents.records, (Records{{"3", "1"}, {"6", "4"}, {"3", "1"}})) << size;
    ASSERT_EQ(contents.error, "");
    ASSERT_EQ(contents.places[1], directory.path("in/1.csv") + ":4");
    ASSERT_EQ(contents.places[2], directory.path("in/2.csv") + ":3");
  }
}

TEST(CsvSource, MissingColumns) {
  const testing::TemporaryDirectory directory;
  const std::string path = directory.write("a.csv", "id,amount\n1,2\n");
  EXPECT_EQ(read_source(csv_of(path, text_columns({"id", "note"}, true)), kBig).records, (Records{{"1", "(none)"}}));
  const SourceContents contents = read_source(csv_of(path, text_columns({"id", "amuont"})), kBig);
  EXPECT_EQ(contents.error_code, "read");
  EXPECT_EQ(contents.error, path +
                                " has no column `amuont`, did you mean `amount`?; its header has: id, amount. Declare "
                                "the column as `string?` if it may be missing, or write `header = false` if the "
                                "first line is data");
  const std::string twice = directory.write("b.csv", "id,id\n1,2\n");
  EXPECT_EQ(read_source(csv_of(twice, text_columns({"id"})), kBig).error,
            twice + " has two columns `id`; rename one of them");
}

TEST(CsvSource, WithoutHeaderColumnsCountFromTheLeft) {
  const testing::TemporaryDirectory directory;
  const std::string path = directory.write("a.csv", "1;2\n3;4\n5\n");
  Node node = source_node("csv", {{"path", path}, {"header", false}, {"delimiter", ";"}}, text_columns({"x", "y"}));
  const SourceContents contents = read_source(node, kBig);
  EXPECT_EQ(contents.records, (Records{{"1", "2"}, {"3", "4"}}));
  EXPECT_EQ(contents.error_code, "R0202");
  EXPECT_EQ(contents.error, "this record has 1 field, but 2 are expected");
  EXPECT_EQ(contents.error_place, path + ":8");
}

TEST(CsvSource, BadOptionsAreRefusedWhenOpening) {
  const testing::TemporaryDirectory directory;
  const std::string path = directory.write("a.csv", "a\n1\n");
  for (const char* delimiter : {"", "ab", "\n", "ä", "\""}) {
    const Node node = source_node("csv", {{"path", path}, {"delimiter", delimiter}}, text_columns({"a"}));
    EXPECT_EQ(read_source(node, kBig).error_code, "open") << delimiter;
  }
}

// Malformed or not: chunks of any size give what the reference finds in the whole text.
TEST(CsvSource, RandomTextsInChunksOfEverySize) {
  const testing::TemporaryDirectory directory;
  std::mt19937 random(23);
  const std::string_view alphabets[] = {"ab,\n", "ab,\n\"", "aaaa,,\n\r\"\"", "aa\"\"\n"};
  for (int round = 0; round < 300; ++round) {
    const std::string_view alphabet = alphabets[random() % std::size(alphabets)];
    std::string text(random() % 120, '\0');
    for (char& c : text) c = alphabet[random() % alphabet.size()];
    std::string whole = text;
    if (!whole.empty() && !whole.ends_with('\n')) whole += '\n';
    const auto expected = testing::read_csv(whole, 2);
    const std::string path = directory.write("a.csv", text);
    for (const uint64_t size : {uint64_t{1}, uint64_t{2}, uint64_t{3}, uint64_t{7}, uint64_t{30}, kBig}) {
      const SourceContents contents = read_source(csv_of(path, text_columns({"x", "y"}), false), size);
      ASSERT_EQ(contents.records, expected.records) << size << "\n" << text;
      ASSERT_EQ(contents.error_code.empty(), expected.fault == CsvFault::None) << size << "\n" << text;
      if (expected.fault != CsvFault::None) {
        ASSERT_EQ(contents.error_place, path + ":" + std::to_string(expected.fault_position)) << size << "\n" << text;
      }
    }
  }
}

TEST(CsvSource, AQuoteThatIsNeverClosedAndOneThatIsMisplaced) {
  const testing::TemporaryDirectory directory;
  std::string rows;
  for (int i = 0; i < 1000; ++i) rows += "1,2\n";
  const std::string misplaced = directory.write("a.csv", "a,b\n1,5\" screen\n" + rows);
  SourceContents contents = read_source(csv_of(misplaced, text_columns({"a", "b"})), 100);
  EXPECT_EQ(contents.error, "this record is badly quoted: here is a quote, but the field does not begin with one");
  EXPECT_EQ(contents.error_place, misplaced + ":7");
  const std::string open = directory.write("b.csv", "a,b\n1,2\n1,\"2\n" + rows);
  contents = read_source(csv_of(open, text_columns({"a", "b"})), 100);
  EXPECT_EQ(contents.records.size(), 1u);
  EXPECT_EQ(contents.error, "this record is badly quoted: this quote is never closed");
  EXPECT_EQ(contents.error_place, open + ":10");
}

TEST(JsonSource, EveryChunkSizeGivesTheSameLines) {
  const testing::TemporaryDirectory directory;
  std::mt19937 random(29);
  const std::string_view lines[] = {
      R"({"a":1})",     R"({"a":"x\"y","b":[1,2,{"c":null}]})", R"(  {"a" : "ä😀\\"} )", "{}", "", "  \t",
      R"({"a":"{,}:"})"};
  for (int round = 0; round < 60; ++round) {
    std::string text;
    Records expected;
    for (size_t count = random() % 30; count != 0; --count) {
      const std::string_view line = lines[random() % std::size(lines)];
      const bool has_return = random() % 4 == 0;
      text += std::string(line) + (has_return ? "\r\n" : "\n");
      if (line.find('{') != line.npos) expected.push_back({std::string(line) + (has_return ? "\r" : "")});
    }
    if (random() % 2 == 0) text += R"({"last":true})", expected.push_back({R"({"last":true})"});
    const std::string path = directory.write("a.json", text);
    const SourceContents whole = read_source(json_of(path), kBig);
    ASSERT_EQ(whole.records, expected) << text;
    for (const uint64_t size : {1, 5, 20, 64, 200}) {
      const SourceContents contents = read_source(json_of(path), size);
      ASSERT_EQ(contents.records, expected) << size << "\n" << text;
      ASSERT_EQ(contents.structurals, whole.structurals);
      ASSERT_EQ(contents.places, whole.places);
      ASSERT_EQ(contents.error, "");
    }
  }
}

TEST(JsonSource, MalformedLinesAreFound) {
  const testing::TemporaryDirectory directory;
  const auto read = [&](const std::string& line, uint64_t size) {
    return read_source(json_of(directory.write("a.json", "{\"a\":1}\n\n" + line + "\n{\"a\":2}\n")), size);
  };
  for (const uint64_t size : {uint64_t{1}, uint64_t{10}, kBig}) {
    SourceContents contents = read(R"({"a":"open)", size);
    EXPECT_EQ(contents.records.size(), 1u);
    EXPECT_EQ(contents.error, "this line is not a JSON object as it should be: the line ends inside of a string");
    EXPECT_EQ(contents.error_place, directory.path("a.json") + ":9");
    contents = read("{\"a\":\"x\ty\"}", size);
    EXPECT_EQ(contents.error_code, "R0205");
    EXPECT_EQ(contents.error_place, directory.path("a.json") + ":9");
    contents = read("{\"a\":\"\xff\"}", size);
    EXPECT_EQ(contents.error_code, "R0204");
    EXPECT_EQ(contents.error_place, directory.path("a.json") + ":15");
  }
}

TEST(PackedSource, GzipAndZstd) {
  const testing::TemporaryDirectory directory;
  std::string text;
  for (int i = 0; i < 30000; ++i) text += "line " + std::to_string(i) + "\n";
  Records expected;
  for (int i = 0; i < 30000; ++i) expected.push_back({"line " + std::to_string(i)});
  const std::string gzip = directory.path("a.gz");
  for (const size_t part : {0, 1}) {  // two members one behind the other
    gzFile file = ::gzopen(gzip.c_str(), part == 0 ? "wb" : "ab");
    const size_t begin = part * text.size() / 2;
    ::gzwrite(file, text.data() + begin, static_cast<unsigned>(text.size() / 2));
    ::gzclose(file);
  }
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), 1));
  const std::string zstd = directory.write("a.zst", packed);
  for (const uint64_t size : {uint64_t{100}, uint64_t{5000}, kBig}) {
    EXPECT_EQ(read_source(lines_of(gzip), size).records, expected);
    EXPECT_EQ(read_source(lines_of(zstd), size).records, expected);
  }
  const std::string cut = directory.write("cut.zst", packed.substr(0, packed.size() / 2));
  EXPECT_EQ(read_source(lines_of(cut), kBig).error, cut + " cannot be unpacked: it ends too early");
  const std::string half = directory.read("a.gz").substr(0, 1000);
  EXPECT_EQ(read_source(lines_of(directory.write("cut.gz", half)), kBig).error_code, "read");
  EXPECT_EQ(read_source(lines_of(directory.write("no.gz", "plain\n")), kBig).error_code, "read");
  EXPECT_EQ(read_source(lines_of(directory.write("no.zst", "plain\n")), kBig).error_code, "read");
}

TEST(PipeSource, GivesWhatIsThereAndCanBeInterrupted) {
  const testing::TemporaryDirectory directory;
  const std::string path = directory.path("pipe");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const int writer = ::open(path.c_str(), O_RDWR);  // opens without a reader
  const auto source = *make_connector_factory({})->open_source(lines_of(path));
  EXPECT_TRUE(source->may_block());
  EXPECT_EQ(source->total_bytes(), 0u);
  ASSERT_EQ(::write(writer, "one\ntwo\nthr", 11), 11);
  ChunkBuffer chunk;
  ASSERT_TRUE(*source->next(chunk));  // although the writer has not closed the pipe
  EXPECT_EQ(chunk.view.row_count, 2u);
  ASSERT_EQ(::write(writer, "ee\n", 3), 3);
  ASSERT_TRUE(*source->next(chunk));
  EXPECT_EQ(chunk.view.row_count, 1u);
  EXPECT_EQ(chunk.first_line, 3u);
  std::atomic<bool> is_done = false;
  std::thread reader([&] {
    EXPECT_FALSE(*source->next(chunk));
    is_done = true;
  });
  EXPECT_FALSE(is_done);
  source->interrupt();
  reader.join();
  EXPECT_FALSE(*source->next(chunk));
  ::close(writer);
}

TEST(Sources, AFileThatBecomesShorterIsAnError) {
  const testing::TemporaryDirectory directory;
  const std::string path = directory.write("a.txt", std::string(1000, 'x') + "\n" + std::string(1000, 'y') + "\n");
  ConnectorSettings settings;
  settings.chunk_bytes = 1001;
  const auto source = *make_connector_factory(settings)->open_source(lines_of(path));
  ChunkBuffer chunk;
  ASSERT_TRUE(*source->next(chunk));
  ASSERT_EQ(::truncate(path.c_str(), 1100), 0);
  const auto result = source->next(chunk);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().domain, ErrorDomain::External);
}

}  // namespace
}  // namespace sluice
