#include "runtime/coordinator/http_api.h"

#include <fmt/format.h>
#include <httplib.h>

#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

namespace sluice {

namespace {

using Json = nlohmann::ordered_json;
constexpr size_t kMostRequestBytes = 64 << 20;

void answer(httplib::Response& response, int status, const Json& body) {
  response.status = status;
  // Rows and names of files may be no UTF-8; JSON is.
  response.set_content(body.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n", "application/json");
}

void refuse(httplib::Response& response, int status, const std::string& message) {
  answer(response, status, {{"error", message}});
}

int64_t milliseconds(std::chrono::system_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

Json json_of(const WorkerInfo& info) {
  return {{"worker", info.worker},
          {"host", info.host},
          {"process", info.process},
          {"data_url", info.data_url},
          {"slots", info.slots},
          {"free_slots", info.free_slots},
          {"memory_bytes", info.memory_bytes}};
}

Json json_of(const RowError& error) {
  Json json = {{"code", error.code},
               {"message", error.message},
               {"operands", error.operands},
               {"span",
                {{"file", error.span.file},
                 {"line", error.span.begin.line},
                 {"column", error.span.begin.column},
                 {"end_line", error.span.end.line},
                 {"end_column", error.span.end.column}}}};
  if (error.record)
    json["record"] = {{"file", error.record->file},
                      {"line", error.record->line},
                      {"column", error.record->column},
                      {"record", error.record->record}};
  return json;
}

Json summary_of(const JobInfo& info) {
  Json json = {{"job", info.job},
               {"name", info.name},
               {"state", phase_name(info.phase)},
               {"has_ended", is_end(info.phase)},
               {"slots", info.slots},
               {"submitted", milliseconds(info.submitted)},
               {"rows_in", info.totals.rows_in},
               {"rows_out", info.totals.rows_out},
               {"rows_late", info.totals.rows_late},
               {"state_bytes", info.totals.state_bytes}};
  if (info.error) json["error"] = info.error->to_string();
  if (info.row_error) json["row_error"] = json_of(*info.row_error);
  return json;
}

Json json_of(const JobInfo& info) {
  Json json = summary_of(info);
  json["history"] = Json::array();
  for (const auto& step : info.history)
    json["history"].push_back({{"state", phase_name(step.phase)}, {"since", milliseconds(step.since)}});
  json["tasks"] = Json::array();
  for (const auto& task : info.tasks)
    json["tasks"].push_back(
        {{"stage", task.stage}, {"task", task.task}, {"worker", task.worker}, {"state", phase_name(task.phase)}});
  return json;
}

std::optional<uint64_t> number_in(const std::string& text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
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
    if (!json["block_bytes"].is_number_unsigned() || json["block_bytes"].get<uint64_t>() > (64 << 20))
      return user_error("`block_bytes` must be a number up to 67108864");
    submission.block_bytes = json["block_bytes"].get<uint64_t>();
  }
  return submission;
}

}  // namespace

HttpApi::HttpApi(Coordinator& coordinator, std::string token)
    : coordinator_(coordinator), token_(std::move(token)), server_(std::make_unique<httplib::Server>()) {}

Result<std::unique_ptr<HttpApi>> HttpApi::make(Coordinator& coordinator, const std::string& host, int port,
                                               const std::string& token) {
  std::unique_ptr<HttpApi> api(new HttpApi(coordinator, token));
  api->server_->set_payload_max_length(kMostRequestBytes);
  // The library's own options would let two coordinators share a port.
  api->server_->set_socket_options([](socket_t socket) {
    const int yes = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });
  api->define_routes();
  api->port_ = port;
  if (port == 0) api->port_ = api->server_->bind_to_any_port(host);
  if (api->port_ < 0 || (port != 0 && !api->server_->bind_to_port(host, port)))
    return external_error(fmt::format("cannot listen on {}:{} for HTTP: is another coordinator running?", host, port));
  api->thread_ = std::thread([server = api->server_.get()] { server->listen_after_bind(); });
  while (!api->server_->is_running()) std::this_thread::yield();  // or it could not be stopped
  return api;
}

HttpApi::~HttpApi() {
  server_->stop();
  if (thread_.joinable()) thread_.join();
}

void HttpApi::define_routes() {
  using httplib::Request;
  using httplib::Response;
  server_->set_pre_routing_handler([this](const Request& request, Response& response) {
    const auto handled = httplib::Server::HandlerResponse::Handled;
    if (!token_.empty() && !is_same_secret(request.get_header_value("Authorization"), "Bearer " + token_)) {
      refuse(response, 401, "the token of this cluster is wanted: Authorization: Bearer TOKEN");
      return handled;
    }
    // A page in somebody's browser can reach the loopback, too.
    if (request.has_header("Origin")) {
      refuse(response, 403, "requests of web pages are not taken");
      return handled;
    }
    if (request.method == "POST" && !request.get_header_value("Content-Type").starts_with("application/json")) {
      refuse(response, 415, "the body must be JSON: Content-Type: application/json");
      return handled;
    }
    return httplib::Server::HandlerResponse::Unhandled;
  });
  server_->Get("/workers", [this](const Request&, Response& response) {
    Json all = Json::array();
    for (const auto& worker : coordinator_.workers()) all.push_back(json_of(worker));
    answer(response, 200, {{"workers", all}});
  });
  server_->Get("/jobs", [this](const Request&, Response& response) {
    Json all = Json::array();
    for (const auto& job : coordinator_.jobs()) all.push_back(summary_of(job));
    answer(response, 200, {{"jobs", all}});
  });
  server_->Post("/jobs", [this](const Request& request, Response& response) {
    auto submission = submission_in(request.body);
    if (!submission) return refuse(response, 400, submission.error().to_string());
    const auto job = coordinator_.submit(std::move(*submission));
    if (!job) return refuse(response, 400, job.error().to_string());
    answer(response, 201, {{"job", *job}});
  });
  const auto of_job = [](auto act) {
    return [act](const Request& request, Response& response) {
      const auto job = number_in(request.matches[1]);
      if (!job || !act(*job, request, response))
        refuse(response, 404, fmt::format("there is no job {}", std::string(request.matches[1])));
    };
  };
  server_->Get(R"(/jobs/(\d+))", of_job([this](uint64_t job, const Request&, Response& response) {
                 const auto info = coordinator_.job(job);
                 if (info) answer(response, 200, json_of(*info));
                 return info.has_value();
               }));
  server_->Get(R"(/jobs/(\d+)/plan)", of_job([this](uint64_t job, const Request&, Response& response) {
                 const auto plan = coordinator_.plan(job);
                 if (plan) response.set_content(*plan, "text/plain");
                 return plan.has_value();
               }));
  server_->Get(R"(/jobs/(\d+)/output)", of_job([this](uint64_t job, const Request& request, Response& response) {
                 const auto from = number_in(request.get_param_value("from"));
                 const auto output = coordinator_.output(job, from.value_or(0));
                 if (!output) return false;
                 response.set_header("Sluice-End", output->is_end ? "true" : "false");
                 response.set_content(output->rows, "application/octet-stream");
                 return true;
               }));
  server_->Post(R"(/jobs/(\d+)/cancel)", of_job([this](uint64_t job, const Request&, Response& response) {
                  const bool is_there = coordinator_.cancel(job);
                  if (is_there) answer(response, 202, {{"job", job}});
                  return is_there;
                }));
}

}  // namespace sluice
