#include "runtime/task/edge_reader.h"

#include <algorithm>
#include <utility>

namespace sluice {

EdgeReader::EdgeReader(std::vector<ChannelReader*> channels, bool is_ordered)
    : channels_(std::move(channels)),
      watermarks_(channels_.size(), kNoWatermark),
      is_ordered_(is_ordered && channels_.size() > 1),
      stands_at_barrier_(channels_.size(), false) {
  if (is_ordered_) heads_.resize(channels_.size());
}

EdgeReader::Next EdgeReader::next() {
  if (is_cancelled_) return {};
  Next next = is_ordered_ ? next_in_order() : next_as_they_come();
  // Also where all have ended behind it: the consumers of a producer shall be the same far at a barrier, and some may
  // come there before it ends.
  const bool has_nothing = next.kind == Next::Kind::Wait || next.kind == Next::Kind::End;
  if (has_nothing && is_at_barrier()) next.kind = Next::Kind::Barrier;
  return next;
}

// Is this block one? Then the producer stands there, unless the checkpoint was given up.
bool EdgeReader::take_barrier(size_t producer, const abi::BlockHeader& header) {
  if ((header.flags & kBarrier) == 0) return false;
  const auto number = static_cast<uint64_t>(header.min_time);
  watermarks_[producer] = std::max(watermarks_[producer], header.watermark);
  if (number <= passed_) return true;
  if (number > barrier_) stands_at_barrier_.assign(channels_.size(), false);  // the one before was given up
  barrier_ = number;
  stands_at_barrier_[producer] = true;
  return true;
}

bool EdgeReader::is_at_barrier() const {
  if (barrier_ == 0) return false;
  for (size_t i = 0; i < channels_.size(); ++i)
    if (!stands_at_barrier_[i] && !channels_[i]->is_ended()) return false;
  return true;
}

void EdgeReader::pass_barrier(uint64_t number) {
  passed_ = std::max(passed_, number);
  if (barrier_ > passed_) return;
  barrier_ = 0;
  stands_at_barrier_.assign(channels_.size(), false);
}

EdgeReader::Next EdgeReader::next_as_they_come() {
  bool may_get_more = false;
  for (size_t i = 0; i < channels_.size(); ++i) {
    const size_t producer = (turn_ + i) % channels_.size();
    // First "ended", then "empty": a block pushed and the channel closed in between is found the next time.
    const bool has_ended = channels_[producer]->is_ended();
    if (channels_[producer]->has_failed()) channels_[producer]->reach_failure();
    Next result{Next::Kind::Block, {}, producer, 0};
    // Behind a barrier that was given up there may be rows already, and nobody calls for them again.
    while (!has_ended && !stands_at_barrier_[producer] && channels_[producer]->try_pop(result.block)) {
      if (take_barrier(producer, *result.block.header())) {
        result.block = Block();
        continue;
      }
      turn_ = producer + 1;
      watermarks_[producer] = std::max(watermarks_[producer], result.block.header()->watermark);
      return result;
    }
    may_get_more |= !has_ended;
  }
  return {may_get_more ? Next::Kind::Wait : Next::Kind::End, {}, 0, 0};
}

// Makes the first block with rows of a producer its head, if it has come. False when none will ever come.
bool EdgeReader::fetch(size_t producer) {
  Head& head = heads_[producer];
  while (!head.block) {
    if (channels_[producer]->is_ended()) return false;
    if (stands_at_barrier_[producer]) return true;
    head.has_failed = channels_[producer]->has_failed();
    if (head.has_failed || !channels_[producer]->try_pop(head.block)) return true;
    const abi::BlockHeader& header = *head.block.header();
    if (take_barrier(producer, header)) {  // says nothing new of the order
      head.block = Block();
      continue;
    }
    head.bound = header.sequence;
    if (header.row_count != 0) break;
    if ((header.flags & kEndsSequence) != 0) ++head.bound;
    watermarks_[producer] = std::max(watermarks_[producer], header.watermark);
    head.block = Block();
  }
  return true;
}

// Can no other producer bring something that belongs in front of this one's block or failure?
bool EdgeReader::is_next(size_t producer) const {
  for (size_t i = 0; i < heads_.size(); ++i) {
    const Head& other = heads_[i];
    if (i == producer || other.block || stands_at_barrier_[i] || channels_[i]->is_ended()) continue;
    if (other.bound < heads_[producer].bound) return false;
    if (other.bound == heads_[producer].bound && !other.has_failed) return false;
  }
  return true;
}

// The block, or the failure, with the lowest sequence is next as soon as no producer can bring a lower one. Of a failed
// producer everything has come, so the blocks of others go first where both have the same sequence.
EdgeReader::Next EdgeReader::next_in_order() {
  const size_t none = channels_.size();
  size_t lowest = none;
  uint64_t bound = ~uint64_t{0};  // what may still come has no lower sequence
  bool may_get_more = false;
  for (size_t i = 0; i < channels_.size(); ++i) {
    if (!fetch(i)) continue;
    const Head& head = heads_[i];
    may_get_more = true;
    if (!head.block) bound = std::min(bound, head.bound);
    if (!head.block && !head.has_failed) continue;
    const bool is_lower = lowest == none || head.bound < heads_[lowest].bound ||
                          (head.bound == heads_[lowest].bound && head.block && !heads_[lowest].block);
    if (is_lower) lowest = i;
  }
  if (!may_get_more) return {};
  if (lowest == none || !is_next(lowest)) return {Next::Kind::Wait, {}, 0, bound};
  Head& head = heads_[lowest];
  if (!head.block) {  // the job will end here
    channels_[lowest]->reach_failure();
    return {Next::Kind::Wait, {}, 0, bound};
  }
  Next next{Next::Kind::Block, std::exchange(head.block, Block()), lowest, 0};
  if ((next.block.header()->flags & kEndsSequence) != 0) ++head.bound;
  watermarks_[lowest] = std::max(watermarks_[lowest], next.block.header()->watermark);
  return next;
}

int64_t EdgeReader::watermark(bool with_ended) const {
  int64_t lowest = kEndOfTime;
  for (size_t i = 0; i < channels_.size(); ++i) {
    const bool has_block = is_ordered_ && heads_[i].block;
    const bool counts = has_block || with_ended || stands_at_barrier_[i] || !channels_[i]->is_ended();
    if (counts) lowest = std::min(lowest, watermarks_[i]);
  }
  return lowest;
}

void EdgeReader::cancel() {
  if (std::exchange(is_cancelled_, true)) return;
  for (auto* channel : channels_) channel->cancel();
}

}  // namespace sluice
