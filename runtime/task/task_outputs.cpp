#include "runtime/task/task_outputs.h"

#include <algorithm>
#include <utility>

namespace sluice {

OutputPartition::OutputPartition(TaskOutputs& outputs, const OutputTraits& traits,
                                 const std::vector<ChannelWriter*>& channels)
    : builder(*this, traits.row_size, traits.block_bytes), holds_watermark(traits.holds_watermark), outputs_(&outputs) {
  for (auto* channel : channels) outlets.emplace_back(channel);
}

void OutputPartition::take(Block block) {
  block.header()->sequence = outputs_->sequence_;
  block.header()->watermark = outputs_->watermark_of(*this);
  if (outputs_->ends_sequence_) block.header()->flags |= kEndsSequence;
  outputs_->send_to_all(*this, std::move(block));
}

Block OutputPartition::spare() { return outlets.size() == 1 ? outlets[0].channel->spare() : Block(); }

void TaskOutputs::add_edge(const OutputTraits& traits,
                           const std::vector<std::vector<ChannelWriter*>>& channels_of_partitions) {
  OutputEdge edge;
  edge.traits = traits;
  for (const auto& channels : channels_of_partitions) {
    edge.partitions.push_back(std::make_unique<OutputPartition>(*this, traits, channels));
    edge.partitions.back()->profile = edge.profile.get();
  }
  edges_.push_back(std::move(edge));
}

std::vector<abi::RowWriter*> TaskOutputs::writers() {
  std::vector<abi::RowWriter*> result;
  for_each_partition([&](OutputEdge&, OutputPartition& partition) { result.push_back(&partition.builder); });
  return result;
}

void TaskOutputs::send_to_all(OutputPartition& partition, Block block) {
  const abi::BlockHeader& header = *block.header();
  partition.progress = header.sequence + ((header.flags & kEndsSequence) != 0 ? 1 : 0);
  partition.watermark = header.watermark;
  auto& outlets = partition.outlets;
  if (header.row_count != 0) {
    partition.profile->rows += header.row_count * outlets.size();
    partition.profile->bytes += used_bytes(header) * outlets.size();
    partition.profile->blocks += outlets.size();
  }
  for (size_t i = 0; i + 1 < outlets.size(); ++i) send(outlets[i], Block::copy_of(header));
  if (!outlets.empty()) send(outlets.back(), std::move(block));
}

void TaskOutputs::send(Outlet& outlet, Block block) {
  if (outlet.waiting.empty() && outlet.channel->try_push(block)) return;
  if (outlet.waiting.empty()) set_congested(congested_ + 1);
  outlet.waiting.push_back(std::move(block));
}

void TaskOutputs::set_congested(uint32_t count) {
  congested_ = count;
  context_->yield_requested = count != 0 ? 1 : 0;
}

void TaskOutputs::end_unit(bool ends_sequence) {
  ends_sequence_ = ends_sequence;
  for_each_partition([](OutputEdge& edge, OutputPartition& partition) {
    if (edge.traits.tells_progress) partition.builder.flush();
  });
  ends_sequence_ = false;
  if (ends_sequence) tell_progress(sequence_ + 1);
}

void TaskOutputs::tell_progress(uint64_t progress) {
  for_each_partition([&](OutputEdge& edge, OutputPartition& partition) {
    if (!edge.traits.tells_progress || partition.outlets.empty() || partition.progress >= progress) return;
    Block block = Block::make(sizeof(abi::BlockHeader), partition.builder.row_bytes());
    block.header()->sequence = progress - 1;
    block.header()->flags = kEndsSequence;
    block.header()->watermark = watermark_of(partition);
    send_to_all(partition, std::move(block));
  });
}

void TaskOutputs::flush() {
  for_each_partition([](OutputEdge&, OutputPartition& partition) { partition.builder.flush(); });
}

void TaskOutputs::announce() {
  for_each_partition([&](OutputEdge& edge, OutputPartition& partition) {
    const int64_t watermark = watermark_of(partition);
    if (partition.outlets.empty() || partition.watermark >= watermark) return;
    partition.builder.flush();
    const uint64_t progress =
        edge.traits.tells_progress ? std::max(partition.progress, window_progress_) : partition.progress;
    if (partition.watermark >= watermark && partition.progress >= progress) return;
    Block block = Block::make(sizeof(abi::BlockHeader), partition.builder.row_bytes());
    block.header()->sequence = progress == 0 ? 0 : progress - 1;
    block.header()->flags = progress == 0 ? 0 : kEndsSequence;
    block.header()->watermark = watermark_of(partition);
    send_to_all(partition, std::move(block));
  });
}

void TaskOutputs::send_barrier(uint64_t checkpoint) {
  for_each_partition([&](OutputEdge&, OutputPartition& partition) {
    if (partition.outlets.empty()) return;
    partition.builder.flush();
    Block block = Block::make(sizeof(abi::BlockHeader), partition.builder.row_bytes());
    block.header()->sequence = partition.progress == 0 ? 0 : partition.progress - 1;
    block.header()->flags = kBarrier | (partition.progress == 0 ? 0 : kEndsSequence);
    block.header()->min_time = static_cast<int64_t>(checkpoint);
    block.header()->watermark = watermark_of(partition);
    send_to_all(partition, std::move(block));
  });
}

OutputProfile TaskOutputs::sent() const {
  OutputProfile sum;
  for (const auto& edge : edges_) {
    sum.rows += edge.profile->rows;
    sum.bytes += edge.profile->bytes;
    sum.blocks += edge.profile->blocks;
  }
  return sum;
}

std::vector<OutputProfile> TaskOutputs::profiles() const {
  std::vector<OutputProfile> profiles;
  for (const auto& edge : edges_) profiles.push_back(*edge.profile);
  return profiles;
}

void TaskOutputs::drain() {
  if (congested_ == 0) return;
  uint32_t still_congested = 0;
  for_each_partition([&](OutputEdge&, OutputPartition& partition) {
    for (auto& outlet : partition.outlets) {
      while (!outlet.waiting.empty() && outlet.channel->try_push(outlet.waiting.front())) outlet.waiting.pop_front();
      if (!outlet.waiting.empty()) ++still_congested;
    }
  });
  set_congested(still_congested);
}

bool TaskOutputs::is_abandoned() const {
  bool has_outlets = false;
  for (const auto& edge : edges_)
    for (const auto& partition : edge.partitions)
      for (const auto& outlet : partition->outlets) {
        has_outlets = true;
        if (!outlet.channel->is_cancelled()) return false;
      }
  return has_outlets;
}

void TaskOutputs::close() {
  for_each_partition([](OutputEdge&, OutputPartition& partition) {
    for (auto& outlet : partition.outlets) outlet.channel->close();
  });
}

bool TaskOutputs::is_ordered() const {
  return !edges_.empty() && std::ranges::all_of(edges_, [](const OutputEdge& edge) { return edge.traits.is_ordered; });
}

void TaskOutputs::fail() {
  for_each_partition([](OutputEdge&, OutputPartition& partition) {
    for (auto& outlet : partition.outlets) outlet.channel->fail();
  });
}

bool TaskOutputs::is_failure_reached() const {
  for (const auto& edge : edges_)
    for (const auto& partition : edge.partitions)
      for (const auto& outlet : partition->outlets)
        if (outlet.channel->is_failure_reached()) return true;
  return false;
}

}  // namespace sluice
