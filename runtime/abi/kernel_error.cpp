#include <utility>

#include "runtime/abi/kernel_abi.h"

namespace sluice::abi {

namespace {
// A kernel runs to its end on one thread, and rt_raise follows at once on the same one.
thread_local std::string raised_text;
}  // namespace

void raise_text(TaskContext* context, std::string_view message) noexcept {
  raised_text = message;
  context->failed = 1;
}

std::string take_raised_text() noexcept { return std::exchange(raised_text, {}); }

}  // namespace sluice::abi
