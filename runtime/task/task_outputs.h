// TaskOutputs: where the rows of a task go: a block builder per edge and partition, and behind each the channels to the
// consumers. Blocks that a full channel does not take wait here, and the task with them.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "runtime/abi/layout.h"
#include "runtime/data/block_builder.h"
#include "runtime/net/channel.h"
#include "runtime/task/task_profile.h"

namespace sluice {

class TaskOutputs;

struct OutputTraits {
  bool is_ordered = false;
  // The consumer puts the blocks of several producers in order: each block has rows of one input piece only, and a
  // piece without rows sends an empty block, so that the others are not held up.
  bool tells_progress = false;
  bool holds_watermark = false;  // its consumers learn of no watermark before it ends
  uint32_t row_size = 0;
  uint64_t block_bytes = 0;
};

// One channel and the blocks that wait for room in it.
struct Outlet {
  explicit Outlet(ChannelWriter* to) : channel(to) {}
  Outlet(Outlet&&) = default;
  Outlet& operator=(Outlet&&) = default;

  ChannelWriter* channel;
  std::deque<Block> waiting;
};

// One partition of an edge: rows are built into blocks, which go to its outlets: one, or for a broadcast all consumers.
class OutputPartition final : public BlockReceiver {
 public:
  OutputPartition(TaskOutputs& outputs, const OutputTraits& traits, const std::vector<ChannelWriter*>& channels);
  void take(Block block) override;
  Block spare() override;

  BlockBuilder builder;
  std::vector<Outlet> outlets;
  OutputProfile* profile = nullptr;  // of the edge
  bool holds_watermark;
  uint64_t progress = 0;             // the consumers know that no rows of a sequence below this will follow
  int64_t watermark = kNoWatermark;  // the consumers know it

 private:
  TaskOutputs* outputs_;
};

struct OutputEdge {
  OutputTraits traits;
  std::vector<std::unique_ptr<OutputPartition>> partitions;                    // those without channels never get rows
  std::unique_ptr<OutputProfile> profile = std::make_unique<OutputProfile>();  // what was sent
};

class TaskOutputs {
 public:
  explicit TaskOutputs(abi::TaskContext& context) : context_(&context) {}
  TaskOutputs(const TaskOutputs&) = delete;
  TaskOutputs& operator=(const TaskOutputs&) = delete;

  void add_edge(const OutputTraits& traits, const std::vector<std::vector<ChannelWriter*>>& channels_of_partitions);
  // As TaskContext::writers wants them.
  [[nodiscard]] std::vector<abi::RowWriter*> writers();

  // The blocks to come belong to the input piece with this sequence.
  void begin_unit(uint64_t sequence) { sequence_ = sequence; }
  // The unit is processed; `ends_sequence` when it was the last one of its sequence.
  void end_unit(bool ends_sequence);
  // No rows of a sequence below `progress` will come from this task.
  void tell_progress(uint64_t progress);
  // The blocks sent from now on say that event time has come this far, and with it the windows of a stage that has
  // some.
  void set_watermark(int64_t watermark, bool has_windows) {
    watermark_ = watermark;
    if (has_windows) window_progress_ = window_sequence(watermark) + 1;
  }
  // Sends partly filled blocks.
  void flush();
  // Lets every consumer know the watermark, also where there are no rows to send.
  void announce();
  // Sends what is there, and behind it the barrier of a checkpoint to every consumer.
  void send_barrier(uint64_t checkpoint);
  // Retries the blocks that wait.
  void drain();
  // What was sent, by edge.
  [[nodiscard]] std::vector<OutputProfile> profiles() const;
  // Over all edges.
  [[nodiscard]] OutputProfile sent() const;
  // Must the task wait for room?
  [[nodiscard]] bool is_congested() const { return congested_ != 0; }
  // There are outputs, and nobody wants their rows any more.
  [[nodiscard]] bool is_abandoned() const;
  void close();
  // Do all rows go to edges whose consumers take them in order?
  [[nodiscard]] bool is_ordered() const;
  // An error follows what was sent: first its place in the order, then, when no block waits any more, that it is there.
  // The task may end with it when a consumer has got that far.
  void tell_failure_place() { tell_progress(sequence_); }
  void fail();
  [[nodiscard]] bool is_failure_reached() const;

 private:
  friend class OutputPartition;
  [[nodiscard]] int64_t watermark_of(const OutputPartition& partition) const {
    return partition.holds_watermark ? kNoWatermark : watermark_;
  }
  void send_to_all(OutputPartition& partition, Block block);
  void send(Outlet& outlet, Block block);
  void set_congested(uint32_t count);
  template <class Visit>
  void for_each_partition(const Visit& visit) {
    for (auto& edge : edges_)
      for (auto& partition : edge.partitions) visit(edge, *partition);
  }

  abi::TaskContext* context_;
  std::vector<OutputEdge> edges_;
  uint64_t sequence_ = 0;
  int64_t watermark_ = kNoWatermark;
  uint64_t window_progress_ = 0;  // no rows of windows below this sequence will come
  bool ends_sequence_ = false;    // the blocks sent now are the last ones of sequence_
  uint32_t congested_ = 0;        // outlets with waiting blocks
};

}  // namespace sluice
