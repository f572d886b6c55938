// Sources go on where another opening of them was.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <zlib.h>
#include <zstd.h>

#include <chrono>
#include <fstream>
#include <string>
#include <tuple>
#include <vector>

#include "runtime/io/source_share.h"
#include "stdlib/catalog.h"
#include "stdlib/connectors/nexmark_model.h"
#include "tests/unit/stdlib/connectors/read_source.h"
#include "tests/unit/stdlib/connectors/temporary_directory.h"

namespace sluice {
namespace {

using testing::source_node;
using testing::TemporaryDirectory;

// What tells a piece from every other: its number, file, offset, line and bytes.
using Piece = std::tuple<uint64_t, std::string, uint64_t, uint64_t, std::string>;

std::unique_ptr<Source> open(const Node& node, uint64_t chunk_bytes, std::vector<std::string>* warnings = nullptr) {
  ConnectorSettings settings;
  settings.chunk_bytes = chunk_bytes;
  if (warnings != nullptr) settings.on_warning = [warnings](const std::string& text) { warnings->push_back(text); };
  auto source = make_connector_factory(settings)->open_source(node);
  EXPECT_TRUE(source.has_value()) << source.error().message;
  return std::move(*source);
}

// At most so many pieces.
std::vector<Piece> take(Source& source, size_t most = 1'000'000) {
  std::vector<Piece> pieces;
  ChunkBuffer chunk;
  while (pieces.size() < most) {
    const auto more = source.next(chunk);
    EXPECT_TRUE(more.has_value()) << more.error().message;
    if (!more || !*more) break;
    EXPECT_EQ(chunk.error_code, "");
    pieces.emplace_back(chunk.sequence, chunk.file, chunk.offset, chunk.first_line,
                        std::string(chunk.view.data, chunk.view.size));
  }
  return pieces;
}

// Stops behind every number of pieces and goes on with another opening: nothing differs.
void expect_continued(const Node& node, uint64_t chunk_bytes) {
  const auto all = take(*open(node, chunk_bytes));
  ASSERT_GT(all.size(), 1u);
  for (size_t stop = 0; stop <= all.size(); ++stop) {
    const auto first = open(node, chunk_bytes);
    auto pieces = take(*first, stop);
    const auto position = first->position();
    ASSERT_TRUE(position.has_value()) << position.error().message;
    const auto second = open(node, chunk_bytes);
    const auto sought = second->seek(*position);
    ASSERT_TRUE(sought.has_value()) << sought.error().message;
    EXPECT_EQ(second->position().value_or("none"), *position);
    for (auto& piece : take(*second)) pieces.push_back(std::move(piece));
    ASSERT_EQ(pieces, all) << chunk_bytes << " " << stop;
  }
}

Schema columns(std::initializer_list<const char*> names) {
  Schema schema;
  for (const char* name : names) schema.fields.push_back({name, Type(TypeKind::String)});
  return schema;
}
Node lines_of(const std::string& path) { return source_node("lines", {{"path", path}}, columns({"line"})); }

std::string numbered_lines(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "line " + std::to_string(i * i) + std::string(i % 7, '.') + "\n";
  return text;
}

TEST(SourcePosition, ManyFilesOfLines) {
  const TemporaryDirectory directory;
  directory.write("in/a.txt", "\xef\xbb\xbf" + numbered_lines(30));
  directory.write("in/b.txt", "");
  directory.write("in/c.txt", numbered_lines(12) + std::string(300, 'x') + "\nlast");
  for (const uint64_t size : {uint64_t{1}, uint64_t{40}, uint64_t{200}, uint64_t{1000}})
    expect_continued(lines_of(directory.path("in")), size);
}

TEST(SourcePosition, CsvKeepsItsHeaderAndJsonItsLines) {
  const TemporaryDirectory directory;
  std::string csv =
      "\xef\xbb\xbf"
      "b,\"a\n\",c\n";
  std::string json;
  for (int i = 0; i < 40; ++i) {
    csv += std::to_string(i) + ",\"two\nlines\",x\n";
    json += "{\"a\":\"" + std::string(i % 9, 'y') + "\"}\n";
  }
  directory.write("csv/1.csv", csv);
  directory.write("csv/2.csv", "c,b\n1,2\n3,4\n");
  const Node node = source_node("csv", {{"path", directory.path("csv")}, {"header", true}}, columns({"c", "b"}));
  for (const uint64_t size : {uint64_t{1}, uint64_t{50}, uint64_t{300}}) expect_continued(node, size);
  expect_continued(source_node("json", {{"path", directory.write("a.json", json)}}, columns({"a"})), 64);
  // The fields are found by the header, which was not read again by what follows it.
  const auto first = open(node, 50);
  take(*first, 3);
  const auto second = open(node, 50);
  ASSERT_TRUE(second->seek(*first->position()).has_value());
  ChunkBuffer chunk;
  ASSERT_TRUE(*second->next(chunk));
  EXPECT_EQ(chunk.field_map, (std::vector<uint32_t>{2, 0}));
  EXPECT_GT(second->read_bytes(), 0u);
}

TEST(SourcePosition, PackedFiles) {
  const TemporaryDirectory directory;
  const std::string text = numbered_lines(200);
  std::filesystem::create_directories(directory.path("in"));
  gzFile packed = gzopen(directory.path("in/a.txt.gz").c_str(), "wb");
  ASSERT_EQ(gzwrite(packed, text.data(), static_cast<unsigned>(text.size())), static_cast<int>(text.size()));
  gzclose(packed);
  std::string zstd(ZSTD_compressBound(text.size()), '\0');
  zstd.resize(ZSTD_compress(zstd.data(), zstd.size(), text.data(), text.size(), 3));
  directory.write("in/b.txt.zst", zstd);
  expect_continued(lines_of(directory.path("in")), 500);
}

// Why a source cannot go on; `change` happens in between.
std::string refusal(const Node& node, const std::function<void()>& change, size_t pieces = 2,
                    std::vector<std::string>* warnings = nullptr) {
  const auto first = open(node, 20);
  take(*first, pieces);
  const auto position = first->position();
  change();
  const auto sought = open(node, 20, warnings)->seek(*position);
  return sought ? "" : sought.error().message;
}

TEST(SourcePosition, AFileThatChangedIsRefusedByName) {
  const TemporaryDirectory directory;
  const std::string path = directory.write("in/a.txt", numbered_lines(10));
  const std::string later = directory.write("in/b.txt", numbered_lines(10));
  const Node node = lines_of(directory.path("in"));
  EXPECT_EQ(refusal(node, [] {}), "");
  EXPECT_NE(refusal(node, [&] { std::ofstream(later, std::ios::app) << "more\n"; })
                .find(later + " is not what it was when the job began (it had "),
            std::string::npos);
  EXPECT_NE(refusal(node,
                    [&] {
                      directory.write("new", numbered_lines(10));
                      std::filesystem::rename(directory.path("new"), path);
                    })
                .find(path + " is not what it was when the job began (another file has its name)"),
            std::string::npos);
  EXPECT_NE(refusal(node, [&] { std::filesystem::last_write_time(path, {}); }).find("(it was written to)"),
            std::string::npos);
  EXPECT_EQ(refusal(node, [&] { std::filesystem::remove(later); }),
            later + " is gone, and the job has not read all of it; put it back");
}

TEST(SourcePosition, WhatWasReadToItsEndMayBeGoneAndWhatCameLaterIsNotRead) {
  const TemporaryDirectory directory;
  const std::string early = directory.write("in/a.txt", "one\n");
  directory.write("in/b.txt", numbered_lines(10));
  const Node node = lines_of(directory.path("in"));
  std::vector<std::string> warnings;
  const std::string late = directory.path("in/0.txt");
  EXPECT_EQ(refusal(
                node,
                [&] {
                  std::filesystem::remove(early);
                  std::ofstream(late) << "zero\n";
                },
                2, &warnings),
            "");
  EXPECT_EQ(warnings, std::vector<std::string>{late + ": came after the job had begun and is not read"});
}

TEST(SourcePosition, APipeIsRefusedByName) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("pipe");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const auto source = open(lines_of(path), 20);
  const auto position = source->position();
  ASSERT_FALSE(position.has_value());
  EXPECT_TRUE(position.error().message.starts_with(path + " cannot be read again from its middle"));
  EXPECT_FALSE(source->seek("").has_value());
  const auto input = open(lines_of("-"), 20)->position();
  ASSERT_FALSE(input.has_value());
  EXPECT_TRUE(input.error().message.starts_with("standard input cannot be read again"));
}

TEST(SourcePosition, DamageIsFound) {
  const TemporaryDirectory directory;
  const Node node = lines_of(directory.write("a.txt", numbered_lines(10)));
  const auto first = open(node, 20);
  take(*first, 3);
  const std::string position = *first->position();
  for (size_t size = 0; size < position.size(); ++size)
    EXPECT_FALSE(open(node, 20)->seek(position.substr(0, size)).has_value()) << size;
  EXPECT_FALSE(open(node, 21)->seek(position).has_value());
}

TEST(SourcePosition, SharesGoOnFromPlacesOfTheirOwn) {
  const TemporaryDirectory directory;
  const Node node = lines_of(directory.write("a.txt", numbered_lines(60)));
  const auto all = take(*open(node, 64));
  std::vector<std::string> positions;
  std::vector<Piece> pieces;
  for (uint32_t share = 0; share < 2; ++share) {
    SourceShare source(open(node, 64), share, 2);
    for (auto& piece : take(source, share == 0 ? 1 : 5)) pieces.push_back(std::move(piece));
    positions.push_back(*source.position());
  }
  for (uint32_t share = 0; share < 2; ++share) {
    SourceShare source(open(node, 64), share, 2);
    EXPECT_FALSE(source.seek(positions[1 - share]).has_value());
    ASSERT_TRUE(source.seek(positions[share]).has_value());
    for (auto& piece : take(source)) pieces.push_back(std::move(piece));
  }
  std::ranges::sort(pieces);
  EXPECT_EQ(pieces, all);
}

Node nexmark(int64_t events, const char* pace = "fast", int64_t rate = 1'000'000) {
  return source_node("nexmark_events",
                     {{"events", events},
                      {"rate", rate},
                      {"pace", std::string(pace)},
                      {"seed", int64_t{7}},
                      {"start", int64_t{0}},
                      {"disorder", int64_t{0}}},
                     columns({"kind"}));
}

TEST(SourcePosition, NexmarkGoesOnWithItsNextEvent) {
  const auto ranges = [](Source& source, size_t most) {
    std::vector<std::tuple<uint64_t, uint64_t, uint64_t, int64_t>> taken;
    ChunkBuffer chunk;
    while (taken.size() < most && *source.next(chunk))
      taken.emplace_back(chunk.sequence, chunk.offset, chunk.view.row_count, *chunk.clock);
    return taken;
  };
  const auto all = ranges(*open(nexmark(1000), 1600), 100);
  ASSERT_EQ(all.size(), 10u);
  const auto first = open(nexmark(1000), 1600);
  auto taken = ranges(*first, 4);
  const auto second = open(nexmark(1000), 1600);
  ASSERT_TRUE(second->seek(*first->position()).has_value());
  for (const auto& range : ranges(*second, 100)) taken.push_back(range);
  EXPECT_EQ(taken, all);
  EXPECT_FALSE(open(nexmark(1001), 1600)->seek(*first->position()).has_value());
  EXPECT_FALSE(open(nexmark(1000), 1600)->seek("").has_value());
}

TEST(SourcePosition, NexmarkInRealTimeDoesNotWaitForWhatIsBehindIt) {
  // This event is due an hour after the first.
  const Node node = nexmark(0, "real", 1);
  const auto source = open(node, 16);
  std::string position = *source->position();
  const uint64_t next = 3600;
  position.replace(position.size() - 16, 8, std::string_view(reinterpret_cast<const char*>(&next), 8));
  ASSERT_TRUE(source->seek(position).has_value());
  ChunkBuffer chunk;
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_TRUE(*source->next(chunk));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::minutes(5));
  EXPECT_EQ(chunk.offset, next);
}

}  // namespace
}  // namespace sluice
