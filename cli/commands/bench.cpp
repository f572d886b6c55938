#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/support/choice.h"
#include "cli/support/command.h"
#include "cli/support/end_process.h"
#include "cli/support/measured_process.h"
#include "cli/support/nexmark_queries.h"
#include "cli/support/program.h"
#include "cli/support/status_line.h"

namespace sluice {
namespace {

// The two phases: much data for each second of event time, and much event time for the data.
struct BenchPhase {
  uint64_t rate;
  uint64_t events;
};
constexpr BenchPhase kPhases[] = {{10'000'000, 100'000'000}, {100'000, 20'000'000}};
constexpr uint64_t kMostEvents = 1'000'000'000'000;
constexpr uint64_t kMostRate = 1'000'000'000;
constexpr uint32_t kMostTasks = 1024;

uint32_t number_of(std::string_view query) {
  uint32_t number = 0;
  std::from_chars(query.data() + 1, query.data() + query.size(), number);
  return number;
}

std::vector<EmbeddedModule> queries_in_order() {
  std::vector<EmbeddedModule> queries = nexmark_queries();
  std::ranges::sort(queries, {}, [](const EmbeddedModule& query) { return number_of(query.name); });
  return queries;
}

Result<std::vector<EmbeddedModule>> find_queries(const std::vector<std::string>& names) {
  const std::vector<EmbeddedModule> all = queries_in_order();
  if (names.empty()) return all;
  std::vector<EmbeddedModule> found;
  for (const std::string& name : names) {
    const auto query = std::ranges::find(all, name, &EmbeddedModule::name);
    if (query != all.end()) {
      found.push_back(*query);
      continue;
    }
    std::vector<std::string_view> known;
    for (const EmbeddedModule& each : all) known.push_back(each.name);
    return user_error(fmt::format("there is no query `{}`; there are {}", name, fmt::join(known, " ")));
  }
  return found;
}

// The table that q13 looks bids up in, as a file that is gone in the end: the program has no files of its own.
class SideInput {
 public:
  SideInput() = default;
  ~SideInput() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  SideInput(const SideInput&) = delete;
  SideInput& operator=(const SideInput&) = delete;

  [[nodiscard]] static bool is_read_by(const EmbeddedModule& query) {
    return query.text.find("param side_input") != std::string_view::npos;
  }
  // Makes the file when it is asked for first.
  [[nodiscard]] Result<std::string> path() {
    if (!path_.empty()) return path_;
    std::string name = (std::filesystem::temp_directory_path() / "sluice-side-input-XXXXXX").string();
    const int file = ::mkstemp(name.data());
    if (file < 0) return user_error(fmt::format("cannot make a file like {}: {}", name, std::strerror(errno)));
    path_ = name;
    std::string text = "key,value\n";
    for (int key = 0; key < kRows; ++key) text += fmt::format("{},{}\n", key, key);
    const ssize_t written = ::write(file, text.data(), text.size());
    const int error = written < 0 ? errno : ENOSPC;  // of a part of it, when the rest has no room
    ::close(file);
    if (written != static_cast<ssize_t>(text.size()))
      return user_error(fmt::format("cannot write {}: {}", path_, std::strerror(error)));
    return path_;
  }

 private:
  static constexpr int kRows = 10'000;
  std::string path_;
};

double seconds(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }
double rounded(double value, double steps) { return std::round(value * steps) / steps; }

class BenchCommand final : public Command {
 public:
  CommandHelp help() const override {
    return {"nexmark [FLAGS]",
            "how fast the queries of Nexmark run here",
            "Runs each query in a process of its own, with events made on the way (that counts, too) and results\n"
            "that are dropped. What counts is events per CPU second: user and system time of the whole process,\n"
            "start and compilation included. Without flags all queries run in two phases: 100 million events at\n"
            "10 million a second of event time, and 20 million events at 100 thousand a second.",
            {"sluice bench nexmark --query q1,q5", "sluice bench nexmark --rate 100000 --events 5000000 --parallel 1",
             "sluice bench nexmark --json > figures.jsonl"}};
  }

  void define(CLI::App& options) override {
    options.add_option("SUITE", suite_, "which benchmark: nexmark is the one there is");
    options.add_option("--query", queries_, "these queries only, for example q1,q5; default: all there are")
        ->type_name("QUERY,...")
        ->delimiter(',')
        ->allow_extra_args(false);
    add_number<uint64_t>(options, "--events", events_, 1, kMostEvents, "N", "how many events; default: see above");
    add_number<uint64_t>(options, "--rate", rate_, 1, kMostRate, "R",
                         "events in a second of event time; default: both phases, one after the other");
    add_number<uint32_t>(options, "--parallel", parallel_, 1, kMostTasks, "N",
                         "tasks per stage; default: one per core");
  }

  ExitCode execute(const Console& console) override {
    if (suite_.empty()) return usage_error(console, "which benchmark? `sluice bench nexmark` is the one there is");
    if (suite_ != "nexmark")
      return usage_error(console, fmt::format("there is no benchmark `{}`, only nexmark", suite_));
    const auto queries = find_queries(queries_);
    if (!queries) return usage_error(console, queries.error().to_string());
    let_writes_fail();
    if (parallel_ == 0) parallel_ = core_count();
    ExitCode code = ExitCode::Done;
    for (const BenchPhase& phase : phases()) {
      if (!console.json()) print_head(phase, console);
      for (const EmbeddedModule& query : *queries)
        if (!run(query, phase, console)) code = ExitCode::JobFailed;
    }
    return code;
  }

 private:
  std::vector<BenchPhase> phases() const {
    std::vector<BenchPhase> phases(std::begin(kPhases), std::end(kPhases));
    if (rate_ != 0) phases = {{rate_, rate_ <= kPhases[1].rate ? kPhases[1].events : kPhases[0].events}};
    for (BenchPhase& phase : phases)
      if (events_ != 0) phase.events = events_;
    return phases;
  }

  bool run(const EmbeddedModule& query, const BenchPhase& phase, const Console& console) {
    std::vector<std::string> words{"/proc/self/exe", "run", "-", "--quiet", "--discard", "--parallel"};
    words.push_back(std::to_string(parallel_));
    const auto add_parameter = [&](std::string text) {
      words.emplace_back("--param");
      words.push_back(std::move(text));
    };
    add_parameter(fmt::format("nexmark.events={}", phase.events));
    add_parameter(fmt::format("nexmark.rate={}", phase.rate));
    if (SideInput::is_read_by(query)) {
      const auto path = side_input_.path();
      if (!path) {
        console.error(path.error());
        return false;
      }
      add_parameter("side_input=" + *path);
    }
    const auto usage = run_measured(words, query.text);
    if (!usage) {
      console.error(usage.error());
      return false;
    }
    if (usage->exit_code != 0) {
      console.error(fmt::format("{} failed: exit code {}", query.name, usage->exit_code));
      return false;
    }
    print(query.name, phase, *usage, console);
    return true;
  }

  void print_head(const BenchPhase& phase, const Console& console) const {
    console.result(
        fmt::format("nexmark: {} events at {}/s of event time, {} task{} per stage\n"
                    "query    wall s     CPU s  M events per CPU s   peak MB\n",
                    count_text(static_cast<double>(phase.events)), count_text(static_cast<double>(phase.rate)),
                    parallel_, parallel_ == 1 ? "" : "s"));
    (void)flush_results();
  }

  void print(std::string_view query, const BenchPhase& phase, const ProcessUsage& usage, const Console& console) const {
    const double per_second = static_cast<double>(phase.events) / std::max(seconds(usage.cpu), 1e-6);
    const double peak_mb = static_cast<double>(usage.peak_bytes) / 1e6;
    if (console.json()) {
      console.result("bench", {{"query", query},
                               {"events", phase.events},
                               {"rate", phase.rate},
                               {"parallel", parallel_},
                               {"wall_s", rounded(seconds(usage.wall), 1e3)},
                               {"cpu_s", rounded(seconds(usage.cpu), 1e3)},
                               {"events_per_cpu_second", std::round(per_second)},
                               {"peak_mb", rounded(peak_mb, 10)}});
    } else {
      console.result(fmt::format("{:5} {:9.2f} {:9.2f} {:19.2f} {:9.0f}\n", query, seconds(usage.wall),
                                 seconds(usage.cpu), per_second / 1e6, peak_mb));
    }
    (void)flush_results();  // the next one may take a while
  }

  SideInput side_input_;
  std::string suite_;
  std::vector<std::string> queries_;
  uint64_t events_ = 0;  // 0: as the phase has it
  uint64_t rate_ = 0;    // 0: both phases
  uint32_t parallel_ = 0;
};

}  // namespace

std::unique_ptr<Command> make_bench_command() { return std::make_unique<BenchCommand>(); }

}  // namespace sluice
