// roots: the whole expressions of a node, whatever its kind.
#pragma once

#include <functional>

#include "lang/graph/flow_graph.h"

namespace sluice {

void for_each_root(Node& node, const std::function<void(Expr&)>& visit);
void for_each_root(const Node& node, const std::function<void(const Expr&)>& visit);

}  // namespace sluice
