// ChannelWriter, ChannelReader: the two ends of a channel, which carries the blocks of one edge from one producing task
// to one consuming task, in order. Neither end ever blocks: a push fails when the channel is full, and the side that
// waits is woken when that changes.
#pragma once

#include "runtime/data/block.h"
#include "runtime/net/wakeable.h"

namespace sluice {

// The producer's end.
class ChannelWriter {
 public:
  virtual ~ChannelWriter() = default;
  // False when the channel is full: the block stays with the caller, who is woken when there is room.
  // A cancelled channel takes every block and drops it.
  [[nodiscard]] virtual bool try_push(Block& block) = 0;
  // No more blocks will come.
  virtual void close() = 0;
  // The producer ran into an error behind what it sent. It waits for the consumer to say that it got that far: what the
  // consumer never needs must not fail the job.
  virtual void fail() = 0;
  [[nodiscard]] virtual bool is_failure_reached() const = 0;
  // The consumer wants no more blocks.
  [[nodiscard]] virtual bool is_cancelled() const = 0;
  // A block that the consumer is done with, to be filled again; none when there is none.
  [[nodiscard]] virtual Block spare() = 0;
};

// The consumer's end.
class ChannelReader {
 public:
  virtual ~ChannelReader() = default;
  [[nodiscard]] virtual bool try_pop(Block& block) = 0;
  // Closed, and every block was popped.
  [[nodiscard]] virtual bool is_ended() const = 0;
  // Failed, and every block was popped.
  [[nodiscard]] virtual bool has_failed() const = 0;
  virtual void reach_failure() = 0;
  virtual void cancel() = 0;
  virtual void give_back(Block block) = 0;
};

}  // namespace sluice
