// EdgeReader: the blocks that one task gets over one edge, from all producers; in their order when the edge has one.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/net/channel.h"

namespace sluice {

class EdgeReader {
 public:
  // One channel per producer, in the order of the producers.
  EdgeReader(std::vector<ChannelReader*> channels, bool is_ordered);

  struct Next {
    enum class Kind : uint8_t { Block, Wait, End, Barrier } kind = Kind::End;
    Block block;  // may be without rows: then it only says how far its producer is
    size_t producer = 0;
    uint64_t progress = 0;  // Wait: no rows of a sequence below this will come; known only of ordered edges
  };
  [[nodiscard]] Next next();
  // The block was processed: its memory goes back to where it came from.
  void give_back(size_t producer, Block block) { channels_[producer]->give_back(std::move(block)); }
  // What all producers have passed: the lowest watermark of the blocks given out last, kEndOfTime when all have ended.
  // `with_ended`: those that have ended have not come further than they said.
  [[nodiscard]] int64_t watermark(bool with_ended = false) const;
  // No more blocks are wanted.
  void cancel();

  // The barrier at which the producers stand that have sent it: nothing more is read from those. next() gives Barrier
  // when all stand there that have not ended.
  [[nodiscard]] uint64_t barrier() const { return barrier_; }
  // Goes on behind the barrier. Those of checkpoints up to `number` that are still to come count as passed.
  void pass_barrier(uint64_t number);
  // By producer, for a snapshot and a later life.
  [[nodiscard]] const std::vector<int64_t>& watermarks() const { return watermarks_; }
  void set_watermarks(std::vector<int64_t> watermarks) { watermarks_ = std::move(watermarks); }

 private:
  Next next_as_they_come();
  Next next_in_order();
  bool fetch(size_t producer);
  bool take_barrier(size_t producer, const abi::BlockHeader& header);
  [[nodiscard]] bool is_at_barrier() const;
  [[nodiscard]] bool is_next(size_t producer) const;

  std::vector<ChannelReader*> channels_;
  std::vector<int64_t> watermarks_;  // by producer
  bool is_ordered_;
  bool is_cancelled_ = false;
  std::vector<bool> stands_at_barrier_;  // by producer
  uint64_t barrier_ = 0;                 // 0: none
  uint64_t passed_ = 0;                  // the latest that was passed or given up
  size_t turn_ = 0;                      // as they come: the producer to look at first
  struct Head {                          // in order: of each producer
    Block block;                         // its first block, if it has come
    uint64_t bound = 0;                  // no lower sequence will come from it
    bool has_failed = false;
  };
  std::vector<Head> heads_;
};

}  // namespace sluice
