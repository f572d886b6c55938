#include "compiler/testing/test_input.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "compiler/testing/test_values.h"

namespace sluice {

namespace {

constexpr int64_t kBegin = std::numeric_limits<int64_t>::min() / 2;
constexpr uint64_t kSeed = 20'000'101;

// A few numbers that look random and are the same each time (SplitMix64).
class Numbers {
 public:
  uint64_t below(uint64_t limit) {
    state_ += 0x9e3779b97f4a7c15;
    uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return (mixed ^ (mixed >> 31)) % limit;
  }

 private:
  uint64_t state_ = kSeed;
};

struct TimedLine {
  int64_t time = 0;
  size_t position = 0;  // as given
  std::string line;
};

// A row comes at its time and up to the delay later: no row then comes behind one that is later by more than the delay.
void shuffle(std::vector<TimedLine>& lines, int64_t delay, Numbers& numbers) {
  for (auto& line : lines) line.time += static_cast<int64_t>(numbers.below(static_cast<uint64_t>(delay) + 1));
  std::ranges::sort(lines, {}, [](const TimedLine& line) { return std::pair(line.time, line.position); });
}

std::string path_of(const SourceNode& source) {
  for (const auto& option : source.options)
    if (option.name == "path") return std::get<std::string>(option.value);
  return {};
}

// Does it give out rows by the order in which they come, whatever they are?
bool goes_by_arrival(const FlowGraph& graph, const Node& node) {
  if (node.kind() == NodeKind::Changes) return true;
  if (node.kind() == NodeKind::Limit) return graph.nodes[node.inputs[0]].kind() != NodeKind::Sort;
  const auto* aggregate = node.as<AggregateNode>();
  return aggregate != nullptr &&
         (aggregate->window_rows != 0 ||
          std::ranges::any_of(aggregate->calls, [](const AggregateCall& call) { return !call.can_merge(); }));
}

}  // namespace

struct TestInput::Progress {
  std::vector<JsonPiece> pieces;
  int64_t latest = kBegin;  // time seen so far
  Numbers numbers;
};

TestInput::TestInput(const CheckedTest& test) : test_(test) { find_timings(); }

void TestInput::find_timings() {
  bool is_plain = true;
  for (const auto& node : test_.graph.nodes) {
    is_plain = is_plain && !goes_by_arrival(test_.graph, node);
    const auto* time = node.as<TimeNode>();
    if (time == nullptr) continue;
    const auto* source = test_.graph.nodes[node.inputs[0]].as<SourceNode>();
    if (source != nullptr && time->time && time->time->kind == ExprKind::Column)
      timings_[path_of(*source)] = {time->time->name, time->delay};
    else
      is_plain = false;  // time that is made on the way may hold rows late that were not
  }
  can_shuffle_ = is_plain && std::ranges::any_of(timings_, [](const auto& timing) { return timing.second.delay > 0; });
}

std::map<std::string, std::vector<JsonPiece>> TestInput::pieces(size_t end, const InputVariation& variation) const {
  std::map<std::string, Progress> sources;
  for (const auto& node : test_.graph.nodes)
    if (const auto* source = node.as<SourceNode>()) sources.try_emplace(path_of(*source));
  for (size_t i = 0; i < end; ++i) {
    if (const auto* given = std::get_if<TestGiven>(&test_.steps[i])) {
      const auto it = sources.find(given->name);
      if (it != sources.end()) add_rows(*given, variation, it->second);
    }
    const auto* advance = std::get_if<TestAdvance>(&test_.steps[i]);
    if (advance == nullptr) continue;
    for (auto& [name, source] : sources) {
      source.pieces.push_back({"", advance->time});
      const auto timing = timings_.find(name);
      const int64_t delay = timing == timings_.end() ? 0 : timing->second.delay;
      source.latest = std::max(source.latest, advance->time + delay);
    }
  }
  std::map<std::string, std::vector<JsonPiece>> result;
  for (auto& [name, source] : sources) result[name] = std::move(source.pieces);
  return result;
}

void TestInput::add_rows(const TestGiven& given, const InputVariation& variation, Progress& source) const {
  const auto timing = timings_.find(given.name);
  const bool is_shuffled = variation.is_shuffled && timing != timings_.end() && timing->second.delay > 0;
  std::vector<std::string> lines;
  std::vector<TimedLine> run;  // rows that are in time, which may change places
  const auto end_run = [&] {
    if (is_shuffled) shuffle(run, timing->second.delay, source.numbers);
    for (auto& line : run) lines.push_back(std::move(line.line));
    run.clear();
  };
  for (const auto& row : given.rows) {
    Json object = Json::object();
    int64_t time = source.latest;
    for (size_t i = 0; i < row.size(); ++i) {
      object[given.columns[i].name] = json_of(row[i]);
      if (timing != timings_.end() && given.columns[i].name == timing->second.column)
        time = std::get<int64_t>(row[i].value);
    }
    // A row that is late stays behind what made it late.
    const bool is_late = is_shuffled && source.latest != kBegin && time < source.latest - timing->second.delay;
    if (is_late) end_run();
    run.push_back({time, run.size(), object.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"});
    if (is_late) end_run();
    source.latest = std::max(source.latest, time);
  }
  end_run();
  if (!variation.is_row_by_row) {
    std::string all;
    for (const auto& line : lines) all += line;
    source.pieces.push_back({std::move(all), std::nullopt});
    return;
  }
  for (auto& line : lines) source.pieces.push_back({std::move(line), std::nullopt});
}

}  // namespace sluice
