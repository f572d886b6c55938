// What a connector implements: Source brings pieces of bytes with their index, Sink takes encoded rows. stdlib has the
// implementations; the engine sees only these.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "lang/graph/flow_graph.h"
#include "lang/support/result.h"
#include "runtime/abi/layout.h"
#include "runtime/io/row_limit.h"

namespace sluice {

// A chunk with the memory behind it; reused by one task from call to call.
struct ChunkBuffer {
  abi::Chunk view{};  // what generated code sees
  std::vector<char> bytes;
  std::vector<uint32_t> index;
  std::vector<uint32_t> starts;
  std::vector<uint32_t> line_ends;
  std::vector<uint32_t> field_map;
  std::shared_ptr<void> scanner;  // whatever the format keeps from call to call
  std::string file;               // for messages: "in/orders.csv", "standard input"
  uint64_t offset = 0;            // of the chunk's first byte in the file
  uint64_t first_line = 1;        // 1-based line number of the chunk's first byte
  uint64_t sequence = 0;          // position of this chunk among all of the source: the order of its rows
  // Of sources with a clock column: what it is for the first row of this chunk and for the first of the next
  // (microseconds). Event time can then be followed by several tasks.
  std::optional<int64_t> clock;
  int64_t next_clock = 0;
  // Of sources that know more about time than their rows say (tests): in front of this chunk's rows event time has come
  // at least to here (microseconds).
  std::optional<int64_t> watermark;
  // A malformed record that follows the good ones; raised after those were processed.
  std::string error_code;  // a diagnostics code "R02xx", empty: none
  std::string error_message;
  uint64_t error_position = 0;  // in the chunk
};

struct RecordLocation {  // for messages
  std::string file;
  uint64_t line = 0;    // 1-based
  uint64_t column = 0;  // 1-based, in characters; 0 where there is none
  std::string record;   // the record's text, shortened
};

// One per source node and job, shared by the tasks that read it.
class Source {
 public:
  virtual ~Source() = default;
  // Fills `chunk` with the next piece; false when there is none left. Thread-safe: tasks take pieces in turn.
  // Blocks only in read(2); a source that can wait for ever (a pipe, a terminal) says so with may_block().
  virtual Result<bool> next(ChunkBuffer& chunk) = 0;
  [[nodiscard]] virtual bool may_block() const { return false; }
  // Does it give the same pieces each time it is opened? Then several workers may share it.
  [[nodiscard]] virtual bool is_repeatable() const { return !may_block(); }
  // A fingerprint of what it is going to read, of files their names and sizes: workers that share a source must have
  // the same. 0: always the same.
  [[nodiscard]] virtual uint64_t fingerprint() const { return 0; }
  // Makes a blocked next() return false soon. Thread-safe.
  virtual void interrupt() {}
  // Where the next piece begins, for a later life of the job (runtime/checkpoint/bytes.h); an error where a source
  // cannot go on from the middle. Nobody else calls anything meanwhile.
  virtual Result<std::string> position() { return user_error("this source cannot be continued from the middle yet"); }
  // As if everything in front of this position had been read; an error when what is to be read is not what it was.
  // Before the first next().
  virtual Status seek(std::string_view position) {
    static_cast<void>(position);
    return user_error("this source cannot be continued from the middle yet");
  }
  // Bytes in all and read so far, for the progress line; 0 when not known.
  [[nodiscard]] virtual uint64_t total_bytes() const { return 0; }
  [[nodiscard]] virtual uint64_t read_bytes() const { return 0; }
};

// The attempt to run a job that a sink is opened for. Of one before, whose worker died or stands still, nothing may
// appear once the results of this one do.
struct JobAttempt {
  std::string job;             // tells the job from all others of all clusters; empty: there is one attempt only
  uint64_t number = 1;         // larger than that of every attempt before
  bool has_committed = false;  // one before has begun to make its results visible
  std::stop_token stop;        // whoever waits for somebody (a named pipe for its reader) fails soon after that
};

// One per sink node and task. Calls come from one thread at a time.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual Status write(std::string_view bytes) = 0;  // whole rows, encoded
  virtual Status flush() { return {}; }              // nothing came for a while: show what there is
  virtual Status commit() = 0;                       // the job succeeded: make the result visible under its name
  virtual void abort() noexcept = 0;                 // leave nothing behind
  // The file that commit() makes visible; empty: none.
  [[nodiscard]] virtual std::string file() const { return {}; }
  // What was written so far is on the disk, though not visible, and survives whatever happens now: returns what
  // resume() needs to go on from here (runtime/checkpoint/bytes.h). An error where a sink cannot do that.
  virtual Result<std::string> prepare() { return user_error("this sink cannot be part of a checkpoint yet"); }
  // As if exactly what was written up to that prepare() had been written to this sink. Before the first write().
  virtual Status resume(std::string_view position) {
    static_cast<void>(position);
    return user_error("this sink cannot be part of a checkpoint yet");
  }
  // The checkpoint that the latest prepare() was for is complete: the job will never begin anew from an earlier one.
  virtual Status confirm() { return {}; }
  // The job ends here and is to be continued from its checkpoints: leave what resume() needs.
  virtual void suspend() noexcept { abort(); }
  // Are rows gone once they were written, so that a second attempt would write them twice?
  [[nodiscard]] virtual bool is_final() const { return false; }
  // How many rows it takes, when somebody wants no more than so many; shared with other sinks. Must outlive the job.
  [[nodiscard]] virtual RowLimit* limit() { return nullptr; }
};

// Makes sources and sinks for the nodes of a plan. Implemented by stdlib/connectors.
class ConnectorFactory {
 public:
  virtual ~ConnectorFactory() = default;
  virtual Result<std::unique_ptr<Source>> open_source(const Node& node) = 0;
  virtual Result<std::unique_ptr<Sink>> open_sink(const Node& node, uint32_t task, const JobAttempt& attempt) = 0;
};

}  // namespace sluice
