#include "runtime/checkpoint/checkpoint_store.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/unit/stdlib/connectors/temporary_directory.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;
using testing::TemporaryDirectory;

CheckpointManifest manifest_of(uint64_t number) {
  CheckpointManifest manifest;
  manifest.number = number;
  manifest.made = 1'700'000'000'000'000;
  manifest.job_name = "words";
  manifest.plan_fingerprint = 0x1234567890abcdef;
  manifest.abi_fingerprint = 7;
  manifest.stages = {{"S1", 2}, {"S2", 1}};
  manifest.tasks = {{"S1", 0, false, "progress", "", {}}, {"S1", 1, true, "", "", {}}};
  manifest.states = {{"S2", "counts", "aggregate", "string", "int"}};
  manifest.sources = {{"words", 99, std::string("\0\xff", 2), 12}};
  manifest.sinks = {{"out", 0, "position"}};
  return manifest;
}

class Store : public ::testing::Test {
 protected:
  std::unique_ptr<CheckpointStore> open(size_t kept = CheckpointStore::kKept) {
    auto store = CheckpointStore::open(state_, kept);
    EXPECT_TRUE(store.has_value()) << store.error().message;
    return std::move(*store);
  }
  // One checkpoint with a run.
  static Status add(CheckpointStore& store) {
    const uint64_t number = store.next_number();
    SLUICE_ASSIGN(const std::string directory, store.begin(number));
    auto manifest = manifest_of(number);
    SLUICE_ASSIGN(const auto writer, RunWriter::create(directory + "/S2-0.sst"));
    for (uint64_t hash = 0; hash < 100; ++hash) SLUICE_TRY(writer->put({0, hash, "key", "value"}));
    SLUICE_ASSIGN(const RunInfo info, writer->finish());
    manifest.tasks.push_back({"S2", 0, false, "", "S2-0.sst", info});
    return store.commit(manifest);
  }
  // So many checkpoints, from the first on.
  void fill(uint64_t count) {
    const auto store = open();
    for (uint64_t i = 0; i < count; ++i) ASSERT_TRUE(add(*store).has_value());
  }
  std::string inside(uint64_t number, const std::string& name = "") {
    return state_ + "/checkpoints/chk-0000000" + std::to_string(number) + (name.empty() ? "" : "/" + name);
  }
  std::vector<std::string> checkpoints() {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(state_ + "/checkpoints")) names.push_back(entry.path().filename());
    std::ranges::sort(names);
    return names;
  }
  void flip(const std::string& path, size_t at) {
    const std::string name = fs::relative(path, directory_.path("")).string();
    std::string bytes = directory_.read(name);
    bytes[at % bytes.size()] = static_cast<char>(bytes[at % bytes.size()] ^ 1);
    directory_.write(name, bytes);
  }
  // The number that is found, with what is said of others; 0: an error.
  std::pair<uint64_t, std::string> found() {
    const auto latest = open()->latest();
    if (!latest) return {0, latest.error().message};
    EXPECT_TRUE(latest->checkpoint.has_value());
    std::string damaged;
    for (const auto& text : latest->damaged) damaged += text + "\n";
    return {latest->checkpoint->manifest.number, damaged};
  }

  TemporaryDirectory directory_;
  const std::string state_ = directory_.path("state");
};
using Names = std::vector<std::string>;

TEST(CheckpointManifest, IsReadAsItWasWritten) {
  const auto manifest = manifest_of(3);
  const std::string bytes = encode_manifest(manifest);
  EXPECT_EQ(decode_manifest(bytes).value(), manifest);
  for (size_t at = 0; at < bytes.size(); ++at) {
    std::string flipped = bytes;
    flipped[at] = static_cast<char>(flipped[at] ^ 4);
    EXPECT_FALSE(decode_manifest(flipped).has_value()) << at;
    EXPECT_FALSE(decode_manifest(bytes.substr(0, at)).has_value()) << at;
  }
}

TEST_F(Store, BeginsWithNothing) {
  const auto store = open();
  const auto latest = store->latest();
  ASSERT_TRUE(latest.has_value());
  EXPECT_FALSE(latest->checkpoint.has_value());
  EXPECT_EQ(store->next_number(), 1u);
  EXPECT_EQ(store->job_id().size(), 16u);
  EXPECT_FALSE(CheckpointStore::open(directory_.path("no/state")).has_value());
  EXPECT_FALSE(CheckpointStore::open("").has_value());
}

TEST_F(Store, FindsTheLatestInALaterLife) {
  std::string id;
  {
    const auto store = open();
    id = store->job_id();
    ASSERT_TRUE(add(*store).has_value());
    ASSERT_TRUE(add(*store).has_value());
  }
  const auto store = open();
  EXPECT_EQ(store->job_id(), id);
  EXPECT_EQ(store->next_number(), 3u);
  const auto latest = store->latest();
  ASSERT_TRUE(latest.has_value() && latest->checkpoint.has_value());
  EXPECT_TRUE(latest->damaged.empty());
  EXPECT_EQ(latest->checkpoint->directory, inside(2));
  const auto& manifest = latest->checkpoint->manifest;
  EXPECT_EQ(manifest.sources, manifest_of(2).sources);
  const auto reader = RunReader::open(latest->checkpoint->directory + "/" + manifest.tasks.back().run);
  SnapshotRecord record;
  ASSERT_TRUE(*(*reader)->next(record));
  EXPECT_EQ(record.value, "value");
}

TEST_F(Store, KeepsTheLastOnes) {
  fill(5);
  EXPECT_EQ(checkpoints(), (Names{"chk-00000003", "chk-00000004", "chk-00000005"}));
  const auto store = open(1);
  ASSERT_TRUE(add(*store).has_value());
  EXPECT_EQ(checkpoints(), Names{"chk-00000006"});
}

TEST_F(Store, WhatWasNotCommittedIsRemoved) {
  fill(1);
  {
    const auto store = open();
    ASSERT_TRUE(store->begin(2).has_value());
    EXPECT_FALSE(store->begin(3).has_value());
    store->abandon();
    EXPECT_EQ(checkpoints(), Names{"chk-00000001"});
    EXPECT_FALSE(store->begin(2).has_value());
    EXPECT_FALSE(store->commit(manifest_of(2)).has_value());
    ASSERT_TRUE(store->begin(4).has_value());
  }
  EXPECT_EQ(checkpoints(), Names{"chk-00000001"});
  // As a killed process leaves it.
  fs::create_directories(inside(7) + ".tmp");
  fs::copy(inside(1, "manifest"), inside(7) + ".tmp/manifest");
  EXPECT_EQ(found(), std::pair(uint64_t{1}, std::string()));
  EXPECT_EQ(checkpoints(), Names{"chk-00000001"});
}

TEST_F(Store, OneProcessAtATime) {
  const auto first = open();
  const auto second = CheckpointStore::open(state_);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().message, "another process uses the state directory " + state_ +
                                        "; wait until it has ended, or give every job a directory of its own");
}

TEST_F(Store, ADamagedOneIsReportedAndTheOneBeforeIsUsed) {
  const std::vector<std::pair<std::string, std::function<void()>>> damages = {
      {inside(2, "manifest"), [&] { flip(inside(2, "manifest"), 40); }},
      {inside(2, "manifest"), [&] { fs::resize_file(inside(2, "manifest"), 30); }},
      {inside(2, "manifest"), [&] { fs::resize_file(inside(2, "manifest"), 0); }},
      {inside(2, "manifest"), [&] { fs::remove(inside(2, "manifest")); }},
      {inside(2, "manifest"),
       [&] { fs::copy(inside(1, "manifest"), inside(2, "manifest"), fs::copy_options::overwrite_existing); }},
      {inside(2, "S2-0.sst"), [&] { flip(inside(2, "S2-0.sst"), 100); }},
      {inside(2, "S2-0.sst"), [&] { fs::resize_file(inside(2, "S2-0.sst"), 100); }},
      {inside(2, "S2-0.sst"), [&] { fs::remove(inside(2, "S2-0.sst")); }},
  };
  for (const auto& [path, damage] : damages) {
    fs::remove_all(state_);
    fill(2);
    damage();
    const auto [number, text] = found();
    EXPECT_EQ(number, 1u);
    EXPECT_NE(text.find(path), std::string::npos) << text;
    EXPECT_EQ(open()->next_number(), 3u);
  }
}

TEST_F(Store, WhatWasSetAsideIsNeverUsedAgain) {
  fill(3);
  {
    auto store = open();
    ASSERT_TRUE(store->set_newer_aside(1).has_value());
  }
  EXPECT_EQ(found().first, 1u);
  auto store = open();
  EXPECT_EQ(store->next_number(), 4u) << "numbers are not used twice";
  EXPECT_TRUE(fs::exists(state_ + "/checkpoints/chk-00000003.damaged"));
  ASSERT_TRUE(store->forget_job().has_value());
  EXPECT_TRUE(fs::is_empty(state_ + "/checkpoints"));
}

TEST_F(Store, AJobNeverBeginsAnewBecauseAllAreDamaged) {
  fill(2);
  fs::remove(inside(1, "S2-0.sst"));
  flip(inside(2, "manifest"), 20);
  const auto [number, text] = found();
  EXPECT_EQ(number, 0u);
  EXPECT_NE(text.find(inside(1, "S2-0.sst")), std::string::npos) << text;
  EXPECT_NE(text.find(inside(2, "manifest")), std::string::npos) << text;
  directory_.write("state/job-id", "../../x");
  EXPECT_FALSE(CheckpointStore::open(state_).has_value());
}

TEST_F(Store, ACommitThatFailsLeavesNothing) {
  const auto store = open();
  ASSERT_TRUE(add(*store).has_value());
  // A run that is not there, and one that is shorter than was said.
  for (const bool is_there : {false, true}) {
    const uint64_t number = store->next_number();
    const std::string directory = *store->begin(number);
    if (is_there) std::ofstream(directory + "/S2-0.sst") << "x";
    auto manifest = manifest_of(number);
    manifest.tasks.push_back({"S2", 0, false, "", "S2-0.sst", {10, 1}});
    const auto committed = store->commit(manifest);
    ASSERT_FALSE(committed.has_value());
    EXPECT_NE(committed.error().message.find(directory + "/S2-0.sst"), std::string::npos);
    EXPECT_EQ(checkpoints(), Names{"chk-00000001"});
  }
  // A full disk while the manifest is written.
  const uint64_t number = store->next_number();
  const std::string directory = *store->begin(number);
  rlimit saved{};
  ::getrlimit(RLIMIT_FSIZE, &saved);
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{20, saved.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  const auto committed = store->commit(manifest_of(number));
  ::setrlimit(RLIMIT_FSIZE, &saved);
  ::signal(SIGXFSZ, handler);
  ASSERT_FALSE(committed.has_value());
  EXPECT_NE(committed.error().message.find(directory + "/manifest"), std::string::npos);
  EXPECT_EQ(checkpoints(), Names{"chk-00000001"});
  ASSERT_TRUE(add(*store).has_value());
  EXPECT_EQ(checkpoints(), (Names{"chk-00000001", "chk-00000005"}));
}

}  // namespace
}  // namespace sluice
