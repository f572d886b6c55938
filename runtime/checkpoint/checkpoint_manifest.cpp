#include "runtime/checkpoint/checkpoint_manifest.h"

#include <fmt/format.h>

#include "runtime/checkpoint/checkpoint_manifest.pb.h"
#include "runtime/io/durable_file.h"

namespace sluice {
namespace {

constexpr uint32_t kFormat = 1;

void write_tasks(const CheckpointManifest& manifest, wire::CheckpointManifest& out) {
  for (const auto& stage : manifest.stages) {
    auto& made = *out.add_stages();
    made.set_name(stage.name);
    made.set_parallelism(stage.parallelism);
  }
  for (const auto& task : manifest.tasks) {
    auto& made = *out.add_tasks();
    made.set_stage(task.stage);
    made.set_index(task.index);
    made.set_is_finished(task.is_finished);
    made.set_progress(task.progress);
    made.set_run(task.run);
    made.set_run_bytes(task.run_info.bytes);
    made.set_run_checksum(task.run_info.checksum);
  }
  for (const auto& state : manifest.states) {
    auto& made = *out.add_states();
    made.set_stage(state.stage);
    made.set_name(state.name);
    made.set_kind(state.kind);
    made.set_key_schema(state.key_schema);
    made.set_value_schema(state.value_schema);
  }
}

void write_connectors(const CheckpointManifest& manifest, wire::CheckpointManifest& out) {
  for (const auto& source : manifest.sources) {
    auto& made = *out.add_sources();
    made.set_node(source.node);
    made.set_fingerprint(source.fingerprint);
    made.set_position(source.position);
    made.set_next_sequence(source.next_sequence);
  }
  for (const auto& sink : manifest.sinks) {
    auto& made = *out.add_sinks();
    made.set_node(sink.node);
    made.set_task(sink.task);
    made.set_position(sink.position);
  }
}

CheckpointManifest read(const wire::CheckpointManifest& in) {
  CheckpointManifest manifest;
  manifest.number = in.number();
  manifest.made = in.made();
  manifest.job_name = in.job_name();
  manifest.plan_fingerprint = in.plan_fingerprint();
  manifest.abi_fingerprint = in.abi_fingerprint();
  for (const auto& stage : in.stages()) manifest.stages.push_back({stage.name(), stage.parallelism()});
  for (const auto& task : in.tasks())
    manifest.tasks.push_back({task.stage(),
                              task.index(),
                              task.is_finished(),
                              task.progress(),
                              task.run(),
                              {task.run_bytes(), task.run_checksum()}});
  for (const auto& state : in.states())
    manifest.states.push_back({state.stage(), state.name(), state.kind(), state.key_schema(), state.value_schema()});
  for (const auto& source : in.sources())
    manifest.sources.push_back({source.node(), source.fingerprint(), source.position(), source.next_sequence()});
  for (const auto& sink : in.sinks()) manifest.sinks.push_back({sink.node(), sink.task(), sink.position()});
  return manifest;
}

}  // namespace

std::string encode_manifest(const CheckpointManifest& manifest) {
  wire::CheckpointManifest out;
  out.set_format(kFormat);
  out.set_number(manifest.number);
  out.set_made(manifest.made);
  out.set_job_name(manifest.job_name);
  out.set_plan_fingerprint(manifest.plan_fingerprint);
  out.set_abi_fingerprint(manifest.abi_fingerprint);
  write_tasks(manifest, out);
  write_connectors(manifest, out);
  return with_checksum(out.SerializeAsString());
}

Result<CheckpointManifest> decode_manifest(std::string_view bytes) {
  SLUICE_ASSIGN(const std::string contents, without_checksum(bytes));
  wire::CheckpointManifest in;
  if (!in.ParseFromString(contents)) return external_error("it is no manifest of a checkpoint");
  if (in.format() != kFormat)
    return external_error(fmt::format("it has format {}, and this version of Sluice reads {}", in.format(), kFormat));
  return read(in);
}

}  // namespace sluice
