#include "runtime/task/edge_reader.h"

#include <algorithm>
#include <utility>

namespace sluice {

EdgeReader::EdgeReader(std::vector<Channel*> channels, bool is_ordered)
    : channels_(std::move(channels)), is_ordered_(is_ordered && channels_.size() > 1) {
  if (is_ordered_) heads_.resize(channels_.size());
}

EdgeReader::Next EdgeReader::next() {
  if (is_cancelled_) return {};
  return is_ordered_ ? next_in_order() : next_as_they_come();
}

EdgeReader::Next EdgeReader::next_as_they_come() {
  bool may_get_more = false;
  for (size_t i = 0; i < channels_.size(); ++i) {
    const size_t producer = (turn_ + i) % channels_.size();
    // First "ended", then "empty": a block pushed and the channel closed in between is found the next time.
    const bool has_ended = channels_[producer]->is_ended();
    Next result{Next::Kind::Block, {}, producer, 0};
    if (!has_ended && channels_[producer]->try_pop(result.block)) {
      turn_ = producer + 1;
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
    if (!channels_[producer]->try_pop(head.block)) return true;
    const abi::BlockHeader& header = *head.block.header();
    head.bound = header.sequence;
    if (header.row_count != 0) break;
    if ((header.flags & kEndsSequence) != 0) ++head.bound;
    head.block = Block();
  }
  return true;
}

// The block with the lowest sequence is next as soon as no producer without a block can bring one that low.
EdgeReader::Next EdgeReader::next_in_order() {
  size_t lowest = channels_.size();
  uint64_t bound = ~uint64_t{0};  // what may still come has no lower sequence
  bool may_get_more = false;
  for (size_t i = 0; i < channels_.size(); ++i) {
    if (!fetch(i)) continue;
    const Head& head = heads_[i];
    if (!head.block) {
      may_get_more = true;
      bound = std::min(bound, head.bound);
    } else if (lowest == channels_.size() || head.bound < heads_[lowest].bound) {
      lowest = i;
    }
  }
  if (lowest == channels_.size()) return {may_get_more ? Next::Kind::Wait : Next::Kind::End, {}, 0, bound};
  Head& head = heads_[lowest];
  if (bound <= head.bound) return {Next::Kind::Wait, {}, 0, bound};
  Next next{Next::Kind::Block, std::exchange(head.block, Block()), lowest, 0};
  if ((next.block.header()->flags & kEndsSequence) != 0) ++head.bound;
  return next;
}

void EdgeReader::cancel() {
  if (std::exchange(is_cancelled_, true)) return;
  for (auto* channel : channels_) channel->cancel();
}

}  // namespace sluice
