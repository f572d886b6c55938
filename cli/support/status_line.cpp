#include "cli/support/status_line.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "lang/support/time_text.h"

namespace sluice {
namespace {

constexpr std::chrono::milliseconds kFirstShown{500};
constexpr std::chrono::seconds kLineEvery{10};

size_t terminal_width() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

double per_second(uint64_t now, uint64_t before, std::chrono::nanoseconds time) {
  const double seconds = std::chrono::duration<double>(time).count();
  return seconds > 0 && now >= before ? static_cast<double>(now - before) / seconds : 0;
}

// How far event time is behind the latest time seen, in microseconds.
std::optional<int64_t> lag(const JobProgress& progress) {
  if (!progress.event_time || !progress.watermark || *progress.event_time < *progress.watermark) return std::nullopt;
  return *progress.event_time - *progress.watermark;
}

std::string seconds_text(int64_t micros) {
  if (micros < 60'000'000) return fmt::format("{:.1f}s", static_cast<double>(micros) / 1e6);
  return duration_text(micros / 1'000'000 * 1'000'000);
}

nlohmann::ordered_json progress_json(const JobProgress& progress) {
  return {{"elapsed_ms", std::chrono::duration_cast<std::chrono::milliseconds>(progress.elapsed).count()},
          {"rows_in", progress.rows_in},
          {"rows_out", progress.rows_out},
          {"rows_late", progress.rows_late},
          {"bytes_in", progress.bytes_in},
          {"bytes_total", progress.bytes_total},
          {"state_bytes", progress.state_bytes},
          {"watermark", progress.watermark ? nlohmann::ordered_json(timestamp_text(*progress.watermark)) : nullptr},
          {"lag_ms", lag(progress) ? nlohmann::ordered_json(*lag(progress) / 1000) : nullptr}};
}

}  // namespace

std::string progress_text(const JobProgress& now, const JobProgress& before, const std::string& waiting) {
  const auto time = now.elapsed - before.elapsed;
  std::string text = fmt::format("running {}  in {}/s  out {}/s", time_text(now.elapsed),
                                 count_text(per_second(now.rows_in, before.rows_in, time)),
                                 count_text(per_second(now.rows_out, before.rows_out, time)));
  if (!waiting.empty()) text += "  " + waiting;
  if (const auto behind = lag(now)) text += "  lag " + seconds_text(*behind);
  if (now.rows_late != 0) text += fmt::format("  late {}", count_text(static_cast<double>(now.rows_late)));
  if (now.state_bytes != 0) text += "  state " + bytes_text(now.state_bytes);
  if (now.bytes_total != 0) text += fmt::format("  {}%", now.bytes_in * 100 / now.bytes_total);
  return text;
}

std::string waiting_text(const JobProgress& progress, bool waits_for_end) {
  if (progress.rows_in == 0) return "nothing has come in yet";
  if (progress.rows_late == progress.rows_in) return "all rows came too late for their windows";
  if (progress.window_due && !progress.watermark) return "a source has brought no row with a time yet";
  if (progress.window_due && *progress.window_due > *progress.watermark)
    return "first window due in " + seconds_text(*progress.window_due - *progress.watermark) + " of event time";
  if (waits_for_end) return "results come when the input ends";
  return "no row has passed; `sluice explain analyze` finds out why";
}

StatusLine::StatusLine(const Console& console, bool waits_for_end) : console_(console), waits_for_end_(waits_for_end) {}

void StatusLine::update(const JobProgress& progress) {
  if (console_.quiet() || progress.elapsed < kFirstShown) return;
  const std::scoped_lock lock(mutex_);
  const bool redraws = console_.error_is_terminal() && !console_.json();
  if (!redraws && progress.elapsed - last_.elapsed < kLineEvery) return;
  const std::string waiting = progress.rows_out == 0 ? waiting_text(progress, waits_for_end_) : "";
  if (console_.json()) {
    nlohmann::ordered_json object = progress_json(progress);
    if (!waiting.empty()) object["waiting"] = waiting;
    console_.event("progress", object);
  } else {
    draw(progress_text(progress, last_, waiting));
  }
  last_ = progress;
}

void StatusLine::draw(const std::string& text) {
  if (console_.error_is_terminal()) {
    fmt::print(stderr, "\r{}\x1b[K", text.substr(0, terminal_width() - 1));
    is_drawn_ = true;
  } else {
    fmt::print(stderr, "{}\n", text);
  }
}

void StatusLine::erase() {
  if (is_drawn_) fmt::print(stderr, "\r\x1b[K");
  is_drawn_ = false;
}

}  // namespace sluice
