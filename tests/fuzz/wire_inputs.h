// What a process of a cluster does with bytes that come from outside, one function for each kind of them: the fuzzers
// of this folder and tests/unit/runtime/net/wire_mutations_test.cpp call them. Anything may be refused; whatever is
// accepted can be read to its last byte and says the same when it is written again.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lang/support/invariant.h"
#include "runtime/control/wire_codec.h"
#include "runtime/coordinator/api_routes.h"
#include "runtime/coordinator/coordinator.h"
#include "runtime/coordinator/job_state.h"
#include "runtime/data/block_check.h"
#include "runtime/data/row_layout.h"
#include "runtime/net/handshake.h"
#include "runtime/net/link_state.h"
#include "runtime/plan/check_plan.h"
#include "runtime/plan/plan_text.h"

namespace sluice::testing {

inline const Credentials kCredentials{"sluice 0.1.0", 42, "secret"};

inline const Schema& rich_schema() {
  static const Schema schema{{{"truth", Type(TypeKind::Bool)},
                              {"number", Type(TypeKind::Int, true)},
                              {"text", Type(TypeKind::String, true)},
                              {"texts", Type::list_of(Type(TypeKind::String, true))},
                              {"window", Type::window()}}};
  return schema;
}

// Reads whatever a value refers to; the sanitizers say when that is outside of the block.
inline uint64_t read_value(const Type& type, const char* address, const char* end) {
  if (type.nullable && *address++ == 0) return 0;
  if (type.kind != TypeKind::String && type.kind != TypeKind::List) return static_cast<unsigned char>(*address);
  uint32_t reference[2];
  std::memcpy(reference, address, sizeof reference);
  uint64_t sum = 0;
  for (uint32_t i = 0; i < reference[1]; ++i)
    sum += type.kind == TypeKind::String
               ? static_cast<unsigned char>(*(end - reference[0] + i))
               : read_value(type.element(), end - reference[0] + i * block_size_of(type.element()), end);
  return sum;
}

// Frames as they come over a connection, one behind the other. Every second input has checksums that fit, so that what
// lies behind them is reached, too.
inline void take_frames(std::string_view bytes) {
  if (bytes.empty()) return;
  const bool is_sealed = bytes.front() % 2 == 0;
  bytes.remove_prefix(1);
  LinkState link(1);
  for (int i = 0; i < 3; ++i) static_cast<void>(link.number(make_channel_frame(FrameKind::Credit, 1, 1)));
  while (bytes.size() >= sizeof(FrameHeader)) {
    Frame frame;
    std::memcpy(&frame.header, bytes.data(), sizeof frame.header);
    bytes.remove_prefix(sizeof frame.header);
    if (is_sealed) {
      frame.header.magic = kFrameMagic;
      frame.header.protocol = kProtocol;
      seal_header(frame.header);
    }
    if (!check_header(frame.header, 1 << 16) || frame.header.body_bytes > bytes.size()) return;
    const std::string_view body = bytes.substr(0, frame.header.body_bytes);
    bytes.remove_prefix(body.size());
    if (has_block(frame.kind())) {
      frame.block = Block::make(body.size(), 1);
      std::memcpy(static_cast<void*>(frame.block.header()), body.data(), body.size());
    } else {
      frame.text = body;
    }
    if (is_sealed && (!frame.block || is_valid_block(body))) seal_body(frame);
    if (!check_frame(frame)) return;
    static_cast<void>(read_hello(frame, kCredentials));
    if (!link.arrive(frame.header)) return;
    if (!frame.block || !is_valid_block(body, rich_schema())) continue;
    const RowLayout layout = block_layout(rich_schema());
    volatile uint64_t sum = 0;
    for (uint32_t row = 0; row < frame.block.header()->row_count; ++row)
      for (size_t c = 0; c < layout.offsets.size(); ++c)
        sum = sum + read_value(rich_schema().fields[c].type,
                               frame.block.rows() + uint64_t{row} * layout.size + layout.offsets[c], frame.block.end());
  }
}

inline void take_hello(std::string_view bytes) {
  const auto hello = read_hello(make_frame(FrameKind::Hello, std::string(bytes)), kCredentials);
  if (!hello) return;
  const auto again = read_hello(*hello_frame(*hello), kCredentials);
  SLUICE_INVARIANT(again && again->SerializeAsString() == hello->SerializeAsString(), "a greeting changes");
  LinkState link(1);
  static_cast<void>(link.meet(hello->link(), hello->joined_with()));
  static_cast<void>(link.resume(hello->last_received()));
}

inline void take_command(std::string_view bytes) {
  wire::Command message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return;
  if (message.command_case() == wire::Command::kDeploy)
    if (const auto plan = read_plan(message.deploy().plan())) static_cast<void>(check_plan(*plan));
  const auto command = wire::read_command(message);
  if (!command) return;
  const auto again = wire::read_command(wire::to_wire(message.deployment(), *command));
  SLUICE_INVARIANT(again && *again == *command, "a command changes");
}

// A job of two tasks on two workers hears reports, one behind the other, each with its length in front.
inline void take_reports(std::string_view bytes) {
  JobState state;
  const TaskAddress first{StageId(size_t{0}), 0};
  const TaskAddress second{StageId(size_t{0}), 1};
  const std::vector<TaskPlacement> placement = {{first, 1, 0}, {second, 2, 0}};
  SLUICE_INVARIANT(apply(state, JobAccepted{}).has_value(), "a job is not accepted");
  SLUICE_INVARIANT(apply(state, TasksPlaced{placement}).has_value(), "a job does not begin");
  while (bytes.size() > 1) {
    const uint32_t worker = static_cast<unsigned char>(bytes[0]) % 3;
    const size_t size = std::min<size_t>(static_cast<unsigned char>(bytes[0]) / 3, bytes.size() - 1);
    wire::Report message;
    const bool is_report = message.ParseFromArray(bytes.data() + 1, static_cast<int>(size));
    bytes.remove_prefix(1 + size);
    if (!is_report) continue;
    static_cast<void>(wire::read_progress(message.progress()));
    static_cast<void>(wire::read_error(message.neighbour_lost()));
    auto report = wire::read_report(message, worker);
    if (!report) continue;
    static_cast<void>(wire::to_wire(message.deployment(), *report).SerializeAsString());
    std::visit([&](auto& alternative) { static_cast<void>(apply(state, std::move(alternative))); }, *report);
    if (state.phase == JobPhase::Restarting && apply(state, RestartDue{}))
      static_cast<void>(apply(state, TasksPlaced{placement}));
  }
}

// METHOD PATH NAME=VALUE, a line break, and the body.
inline void take_request(Coordinator& coordinator, std::string_view bytes) {
  const std::string_view line = bytes.substr(0, bytes.find('\n'));
  const size_t method_end = std::min(line.find(' '), line.size());
  const std::string_view rest = line.substr(std::min(method_end + 1, line.size()));
  const size_t path_end = std::min(rest.find(' '), rest.size());
  ApiRequest request;
  if (line.size() < bytes.size()) request.body = bytes.substr(line.size() + 1);
  if (const size_t equals = rest.find('=', path_end); equals != std::string_view::npos)
    request.parameters[std::string(rest.substr(path_end + 1, equals - path_end - 1))] = rest.substr(equals + 1);
  for (const ApiRoute* route : find_routes(rest.substr(0, path_end), request.job)) {
    if (route->method != line.substr(0, method_end)) continue;
    const ApiAnswer answer = route->answer(coordinator, request);
    SLUICE_INVARIANT(answer.status >= 200 && answer.status < 500, "a request is answered with an error of ours");
  }
}

// For requests; jobs that it was given go with it.
inline std::unique_ptr<Coordinator> make_test_coordinator() {
  auto coordinator = Coordinator::make({"tcp://127.0.0.1:0", kCredentials, {}, [](const std::string&) {}});
  SLUICE_INVARIANT(coordinator.has_value(), coordinator.error().to_string());
  return std::move(*coordinator);
}

}  // namespace sluice::testing
