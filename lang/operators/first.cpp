// first [per KEYS] [over WINDOW | keep D]: of each group the row with the earliest event time.
#include "lang/operators/operators.h"

namespace sluice {

Flow check_first(OperatorContext& context, const ast::Step& step, Flow input) {
  return check_by_time(context, step, std::move(input), false);
}

}  // namespace sluice
