#include "cli/support/status_line.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>

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

nlohmann::ordered_json progress_json(const JobProgress& progress) {
  return {{"elapsed_ms", std::chrono::duration_cast<std::chrono::milliseconds>(progress.elapsed).count()},
          {"rows_in", progress.rows_in},
          {"rows_out", progress.rows_out},
          {"bytes_in", progress.bytes_in},
          {"bytes_total", progress.bytes_total},
          {"state_bytes", progress.state_bytes}};
}

}  // namespace

std::string progress_text(const JobProgress& now, const JobProgress& before) {
  const auto time = now.elapsed - before.elapsed;
  std::string text = fmt::format("running {}  in {}/s  out {}/s", time_text(now.elapsed),
                                 count_text(per_second(now.rows_in, before.rows_in, time)),
                                 count_text(per_second(now.rows_out, before.rows_out, time)));
  if (now.state_bytes != 0) text += "  state " + bytes_text(now.state_bytes);
  if (now.bytes_total != 0) text += fmt::format("  {}%", now.bytes_in * 100 / now.bytes_total);
  return text;
}

StatusLine::StatusLine(const Console& console) : console_(console) {}

void StatusLine::update(const JobProgress& progress) {
  if (console_.quiet() || progress.elapsed < kFirstShown) return;
  const std::scoped_lock lock(mutex_);
  const bool redraws = console_.error_is_terminal() && !console_.json();
  if (!redraws && progress.elapsed - last_.elapsed < kLineEvery) return;
  if (console_.json())
    console_.event("progress", progress_json(progress));
  else
    draw(progress_text(progress, last_));
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
