// Sinks as parts of checkpoints: prepared, cut off and gone on with, committed once.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <vector>

#include "stdlib/catalog.h"
#include "tests/unit/stdlib/connectors/temporary_directory.h"

namespace sluice {
namespace {

using testing::TemporaryDirectory;

Node sink_node(const std::string& connector, std::vector<ConnectorOption> options = {}) {
  Node node;
  node.label = "2";
  node.schema = Schema{{{"word", Type(TypeKind::String)}, {"count", Type(TypeKind::Int)}}};
  node.payload = SinkNode{connector, std::move(options)};
  return node;
}

// One job with its directory, and what it has shown.
class StagedSinks : public ::testing::Test {
 protected:
  Result<std::unique_ptr<Sink>> open(const Node& node, bool is_resumed, uint32_t task = 0) {
    std::filesystem::create_directories(directory_.path("state"));
    ConnectorSettings settings;
    settings.staging = {"job1", directory_.path("state"), is_resumed};
    settings.output = [this](std::string_view text) -> Status {
      shown_ += text;
      return {};
    };
    return make_connector_factory(settings)->open_sink(node, task, {});
  }
  std::unique_ptr<Sink> begin(const Node& node, uint32_t task = 0) { return std::move(*open(node, false, task)); }
  std::unique_ptr<Sink> resume(const Node& node, const std::string& position, uint32_t task = 0) {
    auto sink = std::move(*open(node, true, task));
    const auto resumed = sink->resume(position);
    EXPECT_TRUE(resumed.has_value()) << resumed.error().message;
    return sink;
  }
  std::string resume_error(const Node& node, const std::string& position) {
    const auto sink = std::move(*open(node, true));
    const auto resumed = sink->resume(position);
    return resumed ? "" : resumed.error().message;
  }
  // Hidden ones too.
  std::vector<std::string> files(const std::string& name) {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(directory_.path(name)))
      found.push_back(entry.path().filename().string());
    std::ranges::sort(found);
    return found;
  }

  TemporaryDirectory directory_;
  std::string shown_;
};

using Files = std::vector<std::string>;

TEST_F(StagedSinks, AFileGoesOnWhereItWasPrepared) {
  directory_.write("out/keep", "");
  const Node node = sink_node("csv", {{"path", directory_.path("out/a.csv")}});
  std::string position;
  {
    const auto sink = begin(node);
    ASSERT_TRUE(sink->write("x,1\n").has_value());
    position = *sink->prepare();
    ASSERT_TRUE(sink->confirm().has_value());
    ASSERT_TRUE(sink->write("lost,2\n").has_value());
  }  // nothing tells a crash from this
  EXPECT_EQ(files("out"), (Files{".a.csv.job1-2-0.tmp", "keep"}));
  {
    const auto sink = resume(node, position);
    ASSERT_TRUE(sink->write("y,2\n").has_value());
    position = *sink->prepare();
    ASSERT_TRUE(sink->write("lost,3\n").has_value());
    sink->suspend();
  }
  const auto sink = resume(node, position);
  ASSERT_TRUE(sink->write("z,3\n").has_value());
  ASSERT_TRUE(sink->commit().has_value());
  EXPECT_EQ(directory_.read("out/a.csv"), "word,count\nx,1\ny,2\nz,3\n");
  EXPECT_EQ(files("out"), (Files{"a.csv", "keep"}));
}

TEST_F(StagedSinks, AnAttemptWithoutACheckpointLeavesNothingToTheNext) {
  directory_.write("out/keep", "");
  const Node node = sink_node("json", {{"path", directory_.path("out/a.json")}});
  {
    const auto sink = begin(node);
    ASSERT_TRUE(sink->write("{\"old\":1}\n").has_value());
    static_cast<void>(*sink->prepare());  // of a checkpoint that was never complete
  }
  const auto sink = begin(node);
  ASSERT_TRUE(sink->write("{}\n").has_value());
  ASSERT_TRUE(sink->commit().has_value());
  EXPECT_EQ(directory_.read("out/a.json"), "{}\n");
  EXPECT_EQ(files("out"), (Files{"a.json", "keep"}));
  const auto aborted = begin(sink_node("json", {{"path", directory_.path("out/b.json")}}));
  static_cast<void>(*aborted->prepare());
  aborted->abort();
  EXPECT_EQ(files("out"), (Files{"a.json", "keep"}));
}

TEST_F(StagedSinks, ACommitThatWasCutOffIsFinished) {
  std::filesystem::create_directories(directory_.path("out"));
  const Node node = sink_node("json", {{"path", directory_.path("out/")}});
  std::vector<std::string> positions;
  {
    const auto first = begin(node, 0);
    const auto second = begin(node, 1);
    ASSERT_TRUE(first->write("{\"a\":1}\n").has_value());
    ASSERT_TRUE(second->write("{\"a\":2}\n").has_value());
    positions = {*first->prepare(), *second->prepare()};
    ASSERT_TRUE(first->commit().has_value());
  }  // a crash before the other commit
  EXPECT_FALSE(open(node, false).has_value());  // parts of an earlier run
  for (int life = 0; life < 2; ++life) {
    for (uint32_t task = 0; task < 2; ++task) {
      const auto sink = resume(node, positions[task], task);
      EXPECT_EQ(*sink->prepare(), positions[task]);
      ASSERT_TRUE(sink->commit().has_value());
    }
    EXPECT_EQ(files("out"), (Files{"part-00000.json", "part-00001.json"}));
    EXPECT_EQ(directory_.read("out/part-00000.json") + directory_.read("out/part-00001.json"),
              "{\"a\":1}\n{\"a\":2}\n");
  }
}

TEST_F(StagedSinks, WhatWasGatheredMustBeThere) {
  const std::string path = directory_.path("a.json");
  const std::string staged = directory_.path(".a.json.job1-2-0.tmp");
  const Node node = sink_node("json", {{"path", path}});
  std::string position;
  {
    const auto sink = begin(node);
    ASSERT_TRUE(sink->write("{\"a\":1}\n").has_value());
    position = *sink->prepare();
  }
  EXPECT_EQ(resume_error(node, position), "");
  std::filesystem::resize_file(staged, 3);
  EXPECT_EQ(resume_error(node, position),
            "the job cannot go on writing " + path + ": " + staged +
                ", where it is gathered, should have 8 bytes at least and has 3; put it back, or begin anew with "
                "another --state-dir");
  directory_.write("a.json", "{\"b\":1}\n");  // as long, but not what this job wrote
  std::filesystem::remove(staged);
  EXPECT_EQ(resume_error(node, position), "the job cannot go on writing " + path + ": " + staged +
                                              ", where it was gathered, is gone; put it back, or begin anew with "
                                              "another --state-dir");
  EXPECT_FALSE(resume_error(node, position.substr(1)).empty());
}

TEST_F(StagedSinks, ADeviceCannotBePartOfACheckpoint) {
  const auto sink = begin(sink_node("json", {{"path", "/dev/null"}}));
  const auto prepared = sink->prepare();
  ASSERT_FALSE(prepared.has_value());
  EXPECT_TRUE(prepared.error().message.starts_with("/dev/null is no file"));
}

TEST_F(StagedSinks, BlackholeHasNothingToRemember) {
  const auto sink = begin(sink_node("blackhole"));
  EXPECT_EQ(*sink->prepare(), "");
  EXPECT_TRUE(sink->resume("").has_value());
  EXPECT_TRUE(sink->confirm().has_value());
}

TEST_F(StagedSinks, PrintShowsWhatACompleteCheckpointHolds) {
  const Node node = sink_node("print");
  const auto sink = begin(node);
  ASSERT_TRUE(sink->write("x,1\n").has_value());
  ASSERT_TRUE(sink->flush().has_value());
  static_cast<void>(*sink->prepare());  // comes to nothing
  ASSERT_TRUE(sink->write("y,2\n").has_value());
  static_cast<void>(*sink->prepare());
  ASSERT_TRUE(sink->write("z,3\n").has_value());
  EXPECT_EQ(shown_, "");
  ASSERT_TRUE(sink->confirm().has_value());
  EXPECT_EQ(shown_, "word,count\nx,1\ny,2\n");
  ASSERT_TRUE(sink->commit().has_value());
  EXPECT_EQ(shown_, "word,count\nx,1\ny,2\nz,3\n");
}

TEST_F(StagedSinks, PrintLosesNothingAndShowsNothingTwiceThatWasNoted) {
  const Node node = sink_node("print");
  std::string position;
  {
    const auto sink = begin(node);
    ASSERT_TRUE(sink->write("x,1\n").has_value());
    position = *sink->prepare();
  }  // a crash behind the checkpoint, before anything was shown
  {
    const auto sink = resume(node, position);
    EXPECT_EQ(shown_, "word,count\nx,1\n");
    ASSERT_TRUE(sink->write("y,2\n").has_value());
    position = *sink->prepare();
    ASSERT_TRUE(sink->confirm().has_value());
    ASSERT_TRUE(sink->write("z,3\n").has_value());
  }
  shown_.clear();
  const auto sink = resume(node, position);
  EXPECT_EQ(shown_, "");
  ASSERT_TRUE(sink->write("z,3\n").has_value());
  static_cast<void>(*sink->prepare());
  ASSERT_TRUE(sink->confirm().has_value());
  EXPECT_EQ(shown_, "word,count\nz,3\n");
}

TEST_F(StagedSinks, TwoPrintsAreShownAsTheirCheckpointsComplete) {
  ConnectorSettings settings;
  std::filesystem::create_directories(directory_.path("state"));
  settings.staging = {"job1", directory_.path("state"), false};
  settings.output = [this](std::string_view text) -> Status {
    shown_ += text;
    return {};
  };
  const auto factory = make_connector_factory(settings);
  Node other = sink_node("print");
  other.label = "3";
  const auto first = std::move(*factory->open_sink(sink_node("print"), 0, {}));
  const auto second = std::move(*factory->open_sink(other, 0, {}));
  ASSERT_TRUE(second->write("b,2\n").has_value());
  static_cast<void>(*second->prepare());
  ASSERT_TRUE(second->confirm().has_value());
  EXPECT_EQ(shown_, "word,count\nb,2\n");
  ASSERT_TRUE(first->commit().has_value());
}

}  // namespace
}  // namespace sluice
