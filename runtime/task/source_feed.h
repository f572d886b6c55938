// SourceFeed: one source shared by the tasks of a stage. Sources that can wait for ever (pipes, terminals) are read by
// a thread of their own, so that no hot thread waits in read(2); all others are read by the tasks themselves.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

#include "lang/support/result.h"
#include "runtime/io/connector.h"
#include "runtime/net/wakeable.h"

namespace sluice {

class SourceFeed {
 public:
  // `position` of the source among those of the stage: its pieces come behind those of the sources before it.
  SourceFeed(std::unique_ptr<Source> source, NodeId node, uint32_t position);
  ~SourceFeed() { stop(); }
  SourceFeed(const SourceFeed&) = delete;
  SourceFeed& operator=(const SourceFeed&) = delete;

  // A task that takes from this feed, to be woken when there is something new. Before the job starts.
  void add_reader(Wakeable& task) { readers_.push_back(&task); }

  struct Taken {
    enum class Kind : uint8_t { Chunk, Wait, End, Barrier } kind = Kind::End;
    uint64_t sequence = 0;  // Chunk: of this one; Wait: no piece to come has a lower one
  };
  // The next piece into `chunk`, which may be another buffer afterwards; Barrier when the latest cut is another one
  // than the one the task has seen last. Thread-safe.
  Result<Taken> take(std::unique_ptr<ChunkBuffer>& chunk, uint64_t seen_cut = 0);
  // Nobody takes a piece while it lives. Any thread.
  struct Hold {
    std::unique_lock<std::mutex> gate;  // let go last
    std::unique_lock<std::shared_mutex> taking;
  };
  [[nodiscard]] Hold hold();
  // The next piece is the first that does not belong to this checkpoint: returns where it begins. Under hold(), so that
  // the sources of a job are cut at one moment.
  Result<std::string> cut(uint64_t checkpoint);
  // The checkpoint that was cut last; 0: none. A task that sees a new one takes the barrier. Any thread.
  [[nodiscard]] uint64_t latest_cut() const { return cut_.load(); }
  // Goes on from there. Before the job starts.
  Status seek(std::string_view position);
  // Ends waiting and reading; later takes find the end. Thread-safe, idempotent.
  void interrupt();
  // interrupt(), and wait for the reading thread.
  void stop();

  [[nodiscard]] NodeId node() const { return node_; }
  [[nodiscard]] const Source& source() const { return *source_; }

 private:
  struct Read {
    std::unique_ptr<ChunkBuffer> chunk;
    std::string end;  // where the source stood behind it; only in jobs that make checkpoints
  };
  Result<Taken> take_read(std::unique_ptr<ChunkBuffer>& chunk);
  void read_ahead();
  void deliver(Read read, Result<bool> outcome);
  void wake_readers();
  [[nodiscard]] uint64_t sequence_of(const ChunkBuffer& chunk) const { return first_sequence_ + chunk.sequence; }

  std::unique_ptr<Source> source_;
  NodeId node_;
  uint64_t first_sequence_;
  bool has_thread_;
  std::vector<Wakeable*> readers_;
  std::atomic<bool> is_interrupted_{false};
  std::atomic<uint64_t> cut_{0};
  std::mutex gate_;           // passed by those who take a piece, so that whoever holds them off has not to wait long
  std::shared_mutex taking_;  // shared by those who take a piece, exclusive for the cut

  // With a thread only:
  std::mutex mutex_;
  std::condition_variable has_room_;
  std::deque<Read> read_;                           // pieces that wait for a task
  std::vector<std::unique_ptr<ChunkBuffer>> used_;  // buffers to read into
  bool has_ended_ = false;
  bool is_stopped_ = false;
  std::optional<Error> error_;
  std::optional<std::string> taken_up_to_;  // where the piece that was taken last ends; of jobs that make checkpoints
  uint64_t next_sequence_;                  // no piece to come has a lower one
  std::thread thread_;
};

}  // namespace sluice
