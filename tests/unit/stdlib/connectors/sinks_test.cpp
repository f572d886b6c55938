#include "stdlib/connectors/sinks.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <future>
#include <stop_token>
#include <string>

#include "stdlib/catalog.h"
#include "tests/unit/stdlib/connectors/temporary_directory.h"

namespace sluice {
namespace {

using testing::TemporaryDirectory;

// Standard output goes to `file` while this lives.
class RedirectedOutput {
 public:
  explicit RedirectedOutput(int file) : saved_(::dup(STDOUT_FILENO)) {
    ::fflush(stdout);
    ::dup2(file, STDOUT_FILENO);
  }
  ~RedirectedOutput() {
    ::dup2(saved_, STDOUT_FILENO);
    ::close(saved_);
  }
  RedirectedOutput(const RedirectedOutput&) = delete;
  RedirectedOutput& operator=(const RedirectedOutput&) = delete;

 private:
  int saved_;
};

Schema two_columns() { return Schema{{{"word", Type(TypeKind::String)}, {"count", Type(TypeKind::Int)}}}; }

Node sink_node(const std::string& connector, std::vector<ConnectorOption> options = {}) {
  Node node;
  node.label = "2";
  node.schema = two_columns();
  node.payload = SinkNode{connector, std::move(options)};
  return node;
}

Result<std::unique_ptr<Sink>> open(const Node& node, ConnectorSettings settings = {}, uint32_t task = 0,
                                   const JobAttempt& attempt = {}) {
  return make_connector_factory(settings)->open_sink(node, task, attempt);
}

// As it would be on a cluster.
std::unique_ptr<Sink> open_for(uint64_t attempt, const Node& node, const std::string& job = "00000000000000aa") {
  auto sink = open(node, {}, 0, {job, attempt, attempt != 1, {}});
  EXPECT_TRUE(sink.has_value()) << sink.error().to_string();
  return sink ? std::move(*sink) : nullptr;
}

// What a print sink shows for rows, the last of them after a pause.
std::string printed(const ConnectorSettings& settings, const std::string& rows, const std::string& later = "") {
  const TemporaryDirectory directory;
  const int file = ::open(directory.path("out").c_str(), O_WRONLY | O_CREAT, 0600);
  {
    const RedirectedOutput redirected(file);
    const auto sink = open(sink_node("print"), settings);
    if (!rows.empty()) EXPECT_TRUE((*sink)->write(rows).has_value());
    if (!later.empty()) {
      EXPECT_TRUE((*sink)->flush().has_value());
      EXPECT_TRUE((*sink)->write(later).has_value());
    }
    EXPECT_TRUE((*sink)->commit().has_value());
  }
  ::close(file);
  return directory.read("out");
}

TEST(FileSink, AppearsOnlyWhenCommitted) {
  const TemporaryDirectory directory;
  const std::string path = directory.write("out.json", "old\n");
  const auto sink = open(sink_node("json", {{"path", path}}));
  ASSERT_TRUE(sink.has_value());
  ASSERT_TRUE((*sink)->write("{\"a\":1}\n").has_value());
  ASSERT_TRUE((*sink)->write("{\"a\":2}\n").has_value());
  EXPECT_EQ(directory.read("out.json"), "old\n");
  EXPECT_EQ(directory.file_count(), 2u);
  ASSERT_TRUE((*sink)->commit().has_value());
  EXPECT_EQ(directory.read("out.json"), "{\"a\":1}\n{\"a\":2}\n");
  EXPECT_EQ(directory.file_count(), 1u);
}

TEST(FileSink, AbortedOrForgottenItLeavesNothing) {
  const TemporaryDirectory directory;
  {
    const auto sink = open(sink_node("json", {{"path", directory.path("a.json")}}));
    ASSERT_TRUE((*sink)->write("{}\n").has_value());
    (*sink)->abort();
    EXPECT_EQ(directory.file_count(), 0u);
    const auto forgotten = open(sink_node("json", {{"path", directory.path("b.json")}}));
    ASSERT_TRUE((*forgotten)->write("{}\n").has_value());
  }
  EXPECT_EQ(directory.file_count(), 0u);
}

TEST(FileSink, CsvHasAHeaderUnlessToldOtherwise) {
  const TemporaryDirectory directory;
  auto sink = open(sink_node("csv", {{"path", directory.path("a.csv")}}));
  ASSERT_TRUE((*sink)->write("x,1\n").has_value());
  ASSERT_TRUE((*sink)->commit().has_value());
  EXPECT_EQ(directory.read("a.csv"), "word,count\nx,1\n");
  sink = open(sink_node("csv", {{"path", directory.path("a.csv")}, {"header", false}}));
  ASSERT_TRUE((*sink)->commit().has_value());
  EXPECT_EQ(directory.read("a.csv"), "");
  EXPECT_EQ(csv_header(Schema{{{"a b", Type()}, {"c,\"d\"", Type()}}}, ','), "a b,\"c,\"\"d\"\"\"\n");
  EXPECT_FALSE(open(sink_node("csv", {{"path", "x"}, {"delimiter", ";"}})).has_value());
}

TEST(FileSink, ADirectoryGetsAPartPerTask) {
  const TemporaryDirectory directory;
  directory.write("out/.keep", "");
  const Node node = sink_node("json", {{"path", directory.path("out/")}});
  const auto first = open(node, {}, 0);
  const auto second = open(node, {}, 7);
  ASSERT_TRUE((*first)->write("{}\n").has_value());
  ASSERT_TRUE((*first)->commit().has_value());
  ASSERT_TRUE((*second)->commit().has_value());
  EXPECT_EQ(directory.read("out/part-00000.json"), "{}\n");
  EXPECT_EQ(directory.read("out/part-00007.json"), "");
  const auto again = open(node, {}, 0);
  ASSERT_FALSE(again.has_value());
  EXPECT_NE(again.error().message.find("holds results of an earlier run"), std::string::npos);
}

TEST(FileSink, AnEarlierAttemptThatWakesUpChangesNothing) {
  const TemporaryDirectory directory;
  directory.write("out/.keep", "");
  for (const std::string path : {"out.json", "out/"}) {
    const Node node = sink_node("json", {{"path", directory.path(path)}});
    const std::string name = path.ends_with('/') ? path + "part-00000.json" : path;
    const auto first = open_for(1, node);
    ASSERT_TRUE(first->write("first\n").has_value());
    const auto second = open_for(2, node);
    ASSERT_TRUE(second->write("second\n").has_value());
    EXPECT_EQ(second->file(), directory.path(name));
    ASSERT_TRUE(second->commit().has_value());
    const auto late = first->commit();
    ASSERT_FALSE(late.has_value());
    EXPECT_EQ(directory.read(name), "second\n");
    // One that was asleep before it had made its file.
    static_cast<void>(open(node, {}, 0, {"00000000000000aa", 1, false, {}}));
    EXPECT_EQ(directory.read(name), "second\n");
  }
  EXPECT_EQ(directory.file_count(), 2U);
}

TEST(FileSink, WhatAnEarlierAttemptHasCommittedIsReplaced) {
  const TemporaryDirectory directory;
  directory.write("out/.keep", "");
  const Node node = sink_node("json", {{"path", directory.path("out/")}});
  ASSERT_TRUE(open_for(1, node)->commit().has_value());
  const auto second = open_for(2, node);
  ASSERT_TRUE(second->write("second\n").has_value());
  ASSERT_TRUE(second->commit().has_value());
  EXPECT_EQ(directory.read("out/part-00000.json"), "second\n");
}

TEST(FileSink, AttemptsLeaveTheFilesOfOthersAlone) {
  const TemporaryDirectory directory;
  const Node node = sink_node("json", {{"path", directory.path("a")}});
  const Node longer = sink_node("json", {{"path", directory.path("a.00000000000000aa")}});
  const auto other_job = open_for(1, node, "00000000000000bb");
  const auto other_file = open_for(1, longer);
  const auto later = open_for(3, node);
  const auto plain = open(node);
  const auto second = open_for(2, node);
  for (const auto* sink : {&other_job, &other_file, &later, &*plain, &second})
    EXPECT_TRUE((*sink)->commit().has_value());
  EXPECT_EQ(directory.file_count(), 2U);
}

TEST(FileSink, NamesMayBeAsLongAsFileSystemsLetThem) {
  const TemporaryDirectory directory;
  const std::string a = std::string(250, 'n') + ".json";
  const std::string b = std::string(249, 'n') + "o.json";
  std::string letters;  // of two bytes each
  while (letters.size() < 254) letters += "\xc3\xa4";
  for (const auto& name : {a, b, letters}) {
    const Node node = sink_node("json", {{"path", directory.path(name)}});
    const auto asleep = open_for(1, node);
    const auto second = open_for(2, node);
    EXPECT_FALSE(asleep->commit().has_value()) << "what an attempt before left was taken away";
    ASSERT_TRUE(second->commit().has_value());
    EXPECT_TRUE(std::filesystem::exists(directory.path(name)));
  }
  EXPECT_EQ(directory.file_count(), 3U);
  const auto longer = open(sink_node("json", {{"path", directory.path(a + "n")}}));
  ASSERT_FALSE(longer.has_value());
  EXPECT_NE(longer.error().message.find("File name too long"), std::string::npos) << longer.error().message;
}

TEST(FileSink, APipeWhoseReaderStandsStillIsGivenUp) {
  const TemporaryDirectory directory;
  ASSERT_EQ(::mkfifo(directory.path("pipe").c_str(), 0600), 0);
  const int reader = ::open(directory.path("pipe").c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(reader, 0);
  std::stop_source stop;
  const auto sink =
      open(sink_node("json", {{"path", directory.path("pipe")}}), {}, 0, {.job = {}, .stop = stop.get_token()});
  ASSERT_TRUE(sink.has_value());
  EXPECT_TRUE((*sink)->is_final());
  EXPECT_EQ((*sink)->file(), "");
  ASSERT_TRUE((*sink)->write("{}\n").has_value());
  auto written = std::async(std::launch::async, [&] { return (*sink)->write(std::string(1 << 20, 'x')); });
  char first[3];
  ASSERT_EQ(::read(reader, first, sizeof first), 3);
  stop.request_stop();
  const Status status = written.get();
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().error_number, ECANCELED);
  ::close(reader);
}

TEST(FileSink, WhatCannotBeOpened) {
  const TemporaryDirectory directory;
  const auto message = [](const std::string& path) {
    const auto sink = open(sink_node("json", {{"path", path}}));
    return sink ? std::string("opened") : sink.error().message;
  };
  EXPECT_EQ(message(directory.path("none/a.json")),
            "cannot write " + directory.path("none/a.json") + ": there is no such directory; make it first");
  EXPECT_EQ(message(directory.path("none/")).substr(0, 13), "cannot write ");
  const std::string itself = directory.path("x/..");
  std::filesystem::create_directory(directory.path("x"));
  EXPECT_NE(message(itself).find("it is a directory"), std::string::npos) << message(itself);
  std::filesystem::remove(directory.path("x"));
  EXPECT_EQ(message(""), "the path to write to is empty");
  EXPECT_EQ(directory.file_count(), 0u);
}

TEST(FileSink, ALinkKeepsPointingToItsFile) {
  const TemporaryDirectory directory;
  directory.write("real.json", "old\n");
  ASSERT_EQ(::symlink(directory.path("real.json").c_str(), directory.path("link.json").c_str()), 0);
  const auto sink = open(sink_node("json", {{"path", directory.path("link.json")}}));
  ASSERT_TRUE((*sink)->write("new\n").has_value());
  ASSERT_TRUE((*sink)->commit().has_value());
  EXPECT_EQ(directory.read("real.json"), "new\n");
  struct stat status{};
  ASSERT_EQ(::lstat(directory.path("link.json").c_str(), &status), 0);
  EXPECT_TRUE(S_ISLNK(status.st_mode));
}

TEST(FileSink, AFileThatIsReplacedKeepsWhoMayReadIt) {
  const TemporaryDirectory directory;
  directory.write("private.json", "old\n");
  ASSERT_EQ(::chmod(directory.path("private.json").c_str(), 0600), 0);
  const auto sink = open(sink_node("json", {{"path", directory.path("private.json")}}));
  ASSERT_TRUE((*sink)->write("new\n").has_value());
  ASSERT_TRUE((*sink)->commit().has_value());
  struct stat status{};
  ASSERT_EQ(::stat(directory.path("private.json").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
}

TEST(FileSink, AFullDiskIsAnErrorOfTheWorld) {
  const auto sink = open(sink_node("json", {{"path", "/dev/full"}}));
  ASSERT_TRUE(sink.has_value());
  const auto status = (*sink)->write("{}\n");
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().domain, ErrorDomain::External);
  EXPECT_EQ(status.error().error_number, ENOSPC);
  EXPECT_EQ(status.error().message, "cannot write /dev/full: No space left on device");
}

TEST(OutputSink, AClosedPipeIsKnownByItsErrno) {
  const auto handler = ::signal(SIGPIPE, SIG_IGN);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  Status status;
  {
    const RedirectedOutput redirected(ends[1]);
    const auto sink = open(sink_node("json", {{"path", "-"}}));
    status = (*sink)->write("{}\n");
  }
  ::close(ends[1]);
  ::signal(SIGPIPE, handler);
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().error_number, EPIPE);
}

TEST(PrintSink, IsCsvWhenNobodyLooks) {
  EXPECT_EQ(printed({}, "the,12\na,3\n"), "word,count\nthe,12\na,3\n");
  EXPECT_EQ(printed({}, ""), "word,count\n");
}

TEST(PrintSink, PutsJsonRowsInAnEnvelope) {
  ConnectorSettings settings;
  settings.json_rows = true;
  EXPECT_EQ(printed(settings, "{\"a\":1}\n{\"a\":2}\n"),
            "{\"v\":1,\"type\":\"row\",\"data\":{\"a\":1}}\n{\"v\":1,\"type\":\"row\",\"data\":{\"a\":2}}\n");
  EXPECT_EQ(printed(settings, ""), "");
}

TEST(PrintSink, IsATableOnATerminal) {
  ConnectorSettings settings;
  settings.terminal_output = true;
  EXPECT_EQ(printed(settings, "the\t12\n日本\t7\n\t\n"),
            " word │ count\n"
            "──────┼───────\n"
            " the  │    12\n"
            " 日本 │     7\n"
            "      │      \n");
  EXPECT_EQ(printed(settings, ""),
            " word │ count\n"
            "──────┼───────\n");
  // Later rows keep the widths, and make room for themselves where they need it.
  EXPECT_EQ(printed(settings, "a\t1\n", "longer\t123456\n"),
            " word │ count\n"
            "──────┼───────\n"
            " a    │     1\n"
            " longer │ 123456\n");
  EXPECT_EQ(printed(settings, "a\\tb\x1b[0m\\\\\t1\n"),
            " word         │ count\n"
            "──────────────┼───────\n"
            " a\\tb\\x1b[0m\\ │     1\n");
  // C1 controls are code points of two bytes; what is not UTF-8 may be one, too.
  EXPECT_EQ(printed(settings,
                    "\xc2\x9b"
                    "0m\xc2\xa0\x9b\t1\n"),
            " word        │ count\n"
            "─────────────┼───────\n"
            " \\x9b0m\xc2\xa0\\x9b │     1\n");
}

TEST(PrintSink, ShowsManyRowsBlockByBlock) {
  ConnectorSettings settings;
  settings.terminal_output = true;
  std::string rows;
  for (int i = 0; i < 5000; ++i) rows += "w\t" + std::to_string(i) + "\n";
  const std::string text = printed(settings, rows);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 5002);
}

TEST(Blackhole, TakesEverything) {
  const auto sink = open(sink_node("blackhole"));
  EXPECT_TRUE((*sink)->write("").has_value());
  EXPECT_TRUE((*sink)->commit().has_value());
  (*sink)->abort();
}

}  // namespace
}  // namespace sluice
