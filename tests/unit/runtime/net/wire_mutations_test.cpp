// Bytes from outside that are almost right: a short run of what the fuzzers of tests/fuzz do for long.
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "tests/fuzz/wire_inputs.h"

namespace sluice::testing {
namespace {

std::string bytes_of(const Frame& frame) {
  std::string bytes(reinterpret_cast<const char*>(&frame.header), sizeof frame.header);
  for (const auto& piece : frame.body()) bytes.append(piece.data(), piece.size());
  return bytes;
}

std::string block_frame() {
  const RowLayout layout = block_layout(rich_schema());
  Block block = Block::make(4096, layout.size);
  std::memset(block.rows(), 0, 2 * layout.size);
  const uint32_t reference[2] = {5, 5};
  block.rows()[layout.offsets[2]] = 1;
  std::memcpy(block.rows() + layout.offsets[2] + 1, reference, sizeof reference);
  std::memcpy(block.end() - 5, "heap!", 5);
  block.header()->row_count = 2;
  block.header()->heap_bytes = 5;
  Frame frame = make_block_frame(1, 1, std::move(block));
  frame.header.sequence = 1;
  seal_body(frame);
  seal_header(frame.header);
  return bytes_of(frame);
}

void mutate(const std::string& seed, const std::function<void(std::string_view)>& take, int times = 2'000) {
  take(seed);
  std::mt19937 random(4711);
  for (int i = 0; i < times; ++i) {
    std::string bytes = seed;
    for (uint32_t change = 0; change <= random() % 4 && !bytes.empty(); ++change) {
      const size_t at = random() % bytes.size();
      switch (random() % 4) {
        case 0:
          bytes[at] = static_cast<char>(random());
          break;
        case 1:
          bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8));
          break;
        case 2:
          bytes.resize(at);
          break;
        case 3:
          bytes.insert(at, bytes.substr(random() % bytes.size(), random() % 100));
          break;
      }
    }
    take(bytes);
  }
}

TEST(WireMutations, Frames) {
  const std::string hello = bytes_of(*hello_frame(make_hello(kCredentials)));
  for (const char* sealed : {"0", "1"}) {
    mutate(sealed + block_frame() + hello, take_frames);
    mutate(sealed + hello, take_frames);
  }
}

TEST(WireMutations, Hello) {
  wire::Hello hello = make_hello(kCredentials);
  hello.set_link(7);
  hello.mutable_join()->set_host("here");
  mutate(hello.SerializeAsString(), take_hello);
}

TEST(WireMutations, Commands) {
  wire::Command message = wire::to_wire(9, DeployTasks{{{{StageId(size_t{2}), 1}, 3, 4}}});
  message.mutable_deploy()->set_plan("plan 1\n");
  mutate(message.SerializeAsString(), take_command);
}

TEST(WireMutations, Reports) {
  const TaskAddress first{StageId(size_t{0}), 0};
  TaskReport ended{TaskReport::End::Finished, first, std::nullopt, std::nullopt};
  std::string bytes;
  for (const WorkerReport& report : {WorkerReport(TasksDeployed{1}), WorkerReport(TasksDeployed{2}),
                                     WorkerReport(TaskEnded{ended}), WorkerReport(SinksCommitted{1})}) {
    const std::string text = wire::to_wire(9, report).SerializeAsString();
    bytes += static_cast<char>(text.size() * 3 + 1);
    bytes += text;
  }
  mutate(bytes, take_reports);
}

TEST(WireMutations, Requests) {
  const auto coordinator = make_test_coordinator();
  for (const char* request : {"POST /v1/jobs\n{\"plan\": \"plan 1\\n\", \"name\": \"n\", \"block_bytes\": 4096}",
                              "GET /v1/jobs/1/output from=12", "POST /v1/jobs/1/cancel\n{}", "GET /v1/workers"})
    mutate(request, [&](std::string_view bytes) { take_request(*coordinator, bytes); }, 500);
}

}  // namespace
}  // namespace sluice::testing
