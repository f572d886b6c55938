// CheckpointManifest: what a checkpoint consists of. It is written last: a checkpoint is whole when its manifest is
// there and everything that it names.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lang/support/result.h"
#include "runtime/checkpoint/run_file.h"

namespace sluice {

struct CheckpointManifest {
  struct Stage {
    std::string name;  // "S1"
    uint32_t parallelism = 0;
    bool operator==(const Stage&) const = default;
  };
  struct Task {
    std::string stage;
    uint32_t index = 0;
    bool is_finished = false;
    std::string progress;  // what the engine keeps of it besides its states
    std::string run;       // name of the file in the checkpoint's directory; empty: it has no state
    RunInfo run_info;
    bool operator==(const Task&) const = default;
  };
  struct State {
    std::string stage;
    std::string name;
    std::string kind;
    std::string key_schema;
    std::string value_schema;
    bool operator==(const State&) const = default;
  };
  struct SourcePosition {
    std::string node;  // its name in the plan
    uint64_t fingerprint = 0;
    std::string position;
    uint64_t next_sequence = 0;
    bool operator==(const SourcePosition&) const = default;
  };
  struct SinkPosition {
    std::string node;
    uint32_t task = 0;
    std::string position;
    bool operator==(const SinkPosition&) const = default;
  };

  uint64_t number = 0;  // 1 is the first of a job
  int64_t made = 0;     // microseconds since 1970
  std::string job_name;
  uint64_t plan_fingerprint = 0;
  uint64_t abi_fingerprint = 0;
  std::vector<Stage> stages;
  std::vector<Task> tasks;
  std::vector<State> states;
  std::vector<SourcePosition> sources;
  std::vector<SinkPosition> sinks;

  bool operator==(const CheckpointManifest&) const = default;
};

// As bytes with a checksum, and back; an error for damaged ones and for those of a later version.
[[nodiscard]] std::string encode_manifest(const CheckpointManifest& manifest);
[[nodiscard]] Result<CheckpointManifest> decode_manifest(std::string_view bytes);

}  // namespace sluice
