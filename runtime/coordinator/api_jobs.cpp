// The answers about jobs and workers.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "runtime/coordinator/api_json.h"
#include "runtime/coordinator/api_routes.h"
#include "runtime/coordinator/openapi.h"

namespace sluice {

namespace {

constexpr uint64_t kMostBlockBytes = 64 << 20;
constexpr size_t kMostNameBytes = 1000;

// Rows and names of files may be no UTF-8; JSON is.
ApiAnswer answer(const Json& body, int status = 200) {
  return {status, body.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"};
}

ApiAnswer no_job(uint64_t job) {
  if (job == 0) return api_error(404, "there is no job of this number");
  return api_error(
      404, fmt::format("there is no job {}; of those that have ended the last {} are remembered", job, kMostEndedJobs));
}

// A number among the parameters; `otherwise` when it is not given.
Result<uint64_t> number_of(const ApiRequest& request, const std::string& name, uint64_t otherwise) {
  const auto found = request.parameters.find(name);
  if (found == request.parameters.end()) return otherwise;
  const std::string& text = found->second;
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size())
    return user_error(fmt::format("`{}` must be a whole number", name));
  return number;
}

Result<RestartStrategy> strategy_in(const nlohmann::json& json) {
  const auto wrong = [] {
    return user_error(
        "`restart` must be like {\"strategy\": \"exponential\", \"attempts\": 10, \"delay_ms\": 1000, "
        "\"most_delay_ms\": 60000}, the strategy one of none, fixed and exponential");
  };
  if (!json.is_object() || !json.contains("strategy") || !json["strategy"].is_string()) return wrong();
  const auto kind = strategy_named(json["strategy"].get<std::string>());
  if (!kind) return wrong();
  RestartStrategy strategy;
  strategy.kind = *kind;
  const auto read = [&](const char* name, uint64_t most, auto& value) {
    if (!json.contains(name)) return true;
    if (!json[name].is_number_unsigned() || json[name].get<uint64_t>() > most) return false;
    value = std::remove_reference_t<decltype(value)>(json[name].get<uint64_t>());
    return true;
  };
  constexpr uint64_t kDay = 24ULL * 60 * 60 * 1000;  // milliseconds
  if (!read("attempts", 1'000'000, strategy.attempts) || !read("delay_ms", kDay, strategy.delay) ||
      !read("most_delay_ms", kDay, strategy.most_delay))
    return wrong();
  return strategy;
}

Result<Submission> submission_in(const std::string& body) {
  const auto json = nlohmann::json::parse(body, nullptr, false);
  if (json.is_discarded() || !json.is_object()) return user_error("the body must be a JSON object");
  if (!json.contains("plan") || !json["plan"].is_string())
    return user_error("`plan` is missing: the text that `sluice show FILE --stage plan` prints");
  Submission submission;
  submission.plan = json["plan"].get<std::string>();
  submission.name = json.contains("name") && json["name"].is_string() ? json["name"].get<std::string>() : "job";
  if (json.contains("block_bytes")) {
    if (!json["block_bytes"].is_number_unsigned() || json["block_bytes"].get<uint64_t>() > kMostBlockBytes)
      return user_error("`block_bytes` must be a number up to 67108864");
    submission.block_bytes = json["block_bytes"].get<uint64_t>();
  }
  if (json.contains("slot_memory")) {
    if (!json["slot_memory"].is_number_unsigned()) return user_error("`slot_memory` must be a number of bytes");
    submission.slot_memory = json["slot_memory"].get<uint64_t>();
  }
  submission.restart.kind = RestartStrategy::Kind::Exponential;
  if (json.contains("restart")) {
    SLUICE_ASSIGN(submission.restart, strategy_in(json["restart"]));
  }
  if (submission.name.size() > kMostNameBytes)
    return user_error(fmt::format("`name` must have at most {} bytes", kMostNameBytes));
  return submission;
}

// Of a job that was just made.
ApiAnswer made(Coordinator& coordinator, uint64_t job) {
  const auto info = coordinator.job(job);
  return answer({{"job", job}, {"identity", info ? info->identity : ""}}, 201);
}

}  // namespace

namespace api {

ApiAnswer overview(Coordinator& coordinator, const ApiRequest&) {
  uint32_t slots = 0;
  uint32_t free_slots = 0;
  const auto workers = coordinator.workers();
  for (const auto& worker : workers) {
    slots += worker.slots;
    free_slots += worker.free_slots;
  }
  uint64_t waiting = 0;
  uint64_t running = 0;
  uint64_t ended = 0;
  for (const auto& job : coordinator.jobs()) ++(is_end(job.phase) ? ended : has_attempt(job.phase) ? running : waiting);
  return answer({{"workers", workers.size()},
                 {"slots", slots},
                 {"free_slots", free_slots},
                 {"jobs_waiting", waiting},
                 {"jobs_running", running},
                 {"jobs_ended", ended}});
}

ApiAnswer workers(Coordinator& coordinator, const ApiRequest&) {
  Json all = Json::array();
  for (const auto& worker : coordinator.workers()) all.push_back(json_of(worker));
  return answer({{"workers", all}});
}

ApiAnswer config(Coordinator& coordinator, const ApiRequest&) {
  const CoordinatorSettings& settings = coordinator.settings();
  Json options = Json::object();
  for (const auto& [name, value] : settings.options) options[name] = value;
  return answer({{"software", settings.credentials.software},
                 {"workers_join", coordinator.url()},
                 {"token_needed", !settings.credentials.token.empty()},
                 {"options", options},
                 {"limits",
                  {{"output_bytes_of_job", OutputSpool::kMostBytes},
                   {"output_bytes_of_answer", kMostOutputAtOnce},
                   {"ended_jobs", kMostEndedJobs},
                   {"waiting_jobs", kMostWaitingJobs}}}});
}

ApiAnswer logs(Coordinator& coordinator, const ApiRequest& request) {
  const auto from = number_of(request, "from", 0);
  if (!from) return api_error(400, from.error().message);
  return answer(json_of(coordinator.log(*from, kMostLinesAtOnce)));
}

// One more than asked for tells whether there are more.
ApiAnswer jobs(Coordinator& coordinator, const ApiRequest& request) {
  const auto from = number_of(request, "from", 0);
  if (!from) return api_error(400, from.error().message);
  const auto most = number_of(request, "limit", kMostJobsAtOnce);
  if (!most) return api_error(400, most.error().message);
  const size_t limit = std::clamp<size_t>(*most, 1, kMostJobsAtOnce);
  Json all = Json::array();
  Json next = nullptr;
  for (const auto& job : coordinator.jobs(*from, limit + 1))
    if (all.size() < limit)
      all.push_back(summary_of(job));
    else
      next = job.job;
  return answer({{"jobs", all}, {"next", next}});
}

ApiAnswer submit(Coordinator& coordinator, const ApiRequest& request) {
  auto submission = submission_in(request.body);
  if (!submission) return api_error(400, submission.error().to_string());
  const auto job = coordinator.submit(std::move(*submission));
  if (!job) return api_error(400, job.error().to_string());
  return made(coordinator, *job);
}

ApiAnswer job(Coordinator& coordinator, const ApiRequest& request) {
  const auto info = coordinator.job(request.job);
  return info ? answer(json_of(*info)) : no_job(request.job);
}

ApiAnswer job_plan(Coordinator& coordinator, const ApiRequest& request) {
  const auto plan = coordinator.plan(request.job);
  return plan ? ApiAnswer{200, *plan, "text/plain", {}} : no_job(request.job);
}

ApiAnswer job_exceptions(Coordinator& coordinator, const ApiRequest& request) {
  const auto exceptions = coordinator.exceptions(request.job);
  if (!exceptions) return no_job(request.job);
  const auto info = coordinator.job(request.job);
  Json all = Json::array();
  for (const auto& exception : *exceptions) {
    Json json = json_of(exception);
    if (exception.task && info && exception.task->stage.value < info->stages.size())
      json["task"] = fmt::format("{}.{}", info->stages[exception.task->stage.value].name, exception.task->index);
    all.push_back(std::move(json));
  }
  return answer({{"job", request.job}, {"exceptions", all}});
}

ApiAnswer job_logs(Coordinator& coordinator, const ApiRequest& request) {
  const auto from = number_of(request, "from", 0);
  if (!from) return api_error(400, from.error().message);
  const auto page = coordinator.job_log(request.job, *from, kMostLinesAtOnce);
  return page ? answer(json_of(*page)) : no_job(request.job);
}

ApiAnswer job_metrics(Coordinator& coordinator, const ApiRequest& request) {
  const auto info = coordinator.job(request.job);
  return info ? answer(metrics_of(*info)) : no_job(request.job);
}

ApiAnswer job_output(Coordinator& coordinator, const ApiRequest& request) {
  const auto from = number_of(request, "from", 0);
  if (!from) return api_error(400, from.error().message);
  auto output = coordinator.output(request.job, *from);
  if (!output) return no_job(request.job);
  if (!*output) return api_error(500, output->error().to_string());
  return {200,
          std::move((*output)->rows),
          "application/octet-stream",
          {{"Sluice-End", (*output)->is_end ? "true" : "false"}, {"Sluice-Job", (*output)->identity}}};
}

ApiAnswer cancel_job(Coordinator& coordinator, const ApiRequest& request) {
  return coordinator.cancel(request.job) ? answer({{"job", request.job}}, 202) : no_job(request.job);
}

ApiAnswer restart_job(Coordinator& coordinator, const ApiRequest& request) {
  const auto job = coordinator.restart(request.job);
  if (!job) return no_job(request.job);
  if (!*job) return api_error(400, job->error().to_string());
  return made(coordinator, **job);
}

ApiAnswer openapi(Coordinator&, const ApiRequest&) { return {200, std::string(openapi_document())}; }

}  // namespace api

}  // namespace sluice
