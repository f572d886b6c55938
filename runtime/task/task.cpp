#include "runtime/task/task.h"

#include <algorithm>
#include <utility>

#include "runtime/abi/kernel_abi.h"
#include "runtime/task/record_location.h"

namespace sluice {

namespace {
// How many units may pass before consumers hear of the watermark, when there are no rows that tell them.
constexpr uint32_t kUnitsPerAnnouncement = 16;

// A turn is long enough to make its price unnoticeable and short enough for others to get theirs.
constexpr uint32_t kUnitsPerTurn = 8;
}  // namespace

Task::Task(const JobPlan& plan, TaskAddress address, std::shared_ptr<const StageCode> code,
           const std::atomic<bool>& is_cancelled, const std::atomic<bool>& time_stops,
           std::function<void(TaskReport)> on_end)
    : address_(address),
      code_(std::move(code)),
      is_cancelled_(is_cancelled),
      time_stops_(time_stops),
      on_end_(std::move(on_end)),
      data_(plan, address.stage, address.index, *code_, is_cancelled),
      meter_(data_),
      outputs_(data_),
      tables_(table_inputs(plan, address.stage)),
      is_windowed_(windowed_phases(plan, address.stage)) {}

Task::Input& Task::add_input() {
  const size_t position = inputs_.size();
  Input& input = inputs_.emplace_back(watermark_origin(data_.plan(), address_.stage, position), data_.counters);
  input.table = tables_[position];
  return input;
}

void Task::add_source(SourceFeed& feed) {
  add_input().feed = &feed;
  feed.add_reader(*this);
}

void Task::add_edge(std::vector<ChannelReader*> channels, bool is_ordered) {
  add_input().edge.emplace(std::move(channels), is_ordered);
}

void Task::add_output(const OutputTraits& traits,
                      const std::vector<std::vector<ChannelWriter*>>& channels_of_partitions) {
  outputs_.add_edge(traits, channels_of_partitions);
}

Task::Step Task::run() noexcept {
  meter_.begin_turn();
  const Step step = run_turn();
  if (step != Step::Finished) end_turn();
  return step;
}

Task::Step Task::run_turn() {
  for (uint32_t unit = 0; unit < kUnitsPerTurn; ++unit) {
    if (is_cancelled_.load(std::memory_order_relaxed)) return end(TaskReport::End::Cancelled);
    if (on_saved_ && !follow_checkpoints()) return end(TaskReport::End::Failed);
    if (is_restored_finished_) return end(TaskReport::End::Finished);
    switch (step()) {
      case Progress::Made:
        break;
      case Progress::Wait:
        publish();
        return Step::Idle;
      case Progress::End:
        return end(TaskReport::End::Finished);
      case Progress::Failed:
        if (!has_error()) return end(TaskReport::End::Cancelled);
        // Standard output shows the rows in front of the error, with one task as with many; files are given up.
        if (phase_ == Phase::Reading && data_.sinks_are_well()) static_cast<void>(write_sinks());
        if (phase_ != Phase::Reading || !outputs_.is_ordered() || !data_.sink_buffers().empty())
          return end(TaskReport::End::Failed);
        outputs_.flush();
        phase_ = Phase::Failing;
        break;
    }
    publish();
  }
  return Step::Again;
}

Task::Progress Task::step() {
  outputs_.drain();
  waits_for_room_.store(false);
  if (outputs_.is_congested() && !is_relieved_.exchange(false)) {
    waits_for_room_.store(phase_ == Phase::Reading || phase_ == Phase::Advancing || phase_ == Phase::Finishing);
    return Progress::Wait;
  }
  if (data_.sink_buffers().empty() && outputs_.is_abandoned()) return Progress::End;
  switch (phase_) {
    case Phase::Reading:
      return read();
    case Phase::Advancing:
      return advance();
    case Phase::Finishing:
      return finish();
    case Phase::Closing:
      return close();
    case Phase::Failing:
    case Phase::Failed:
      return fail_in_order();
  }
  return Progress::Failed;
}

// Does it have to wait until a table has been read?
bool Task::waits_for_table(const Input& input) const {
  return std::ranges::any_of(input.table.waits_for, [this](size_t table) { return !inputs_[table].has_ended; });
}

// The source whose event time is behind that of the others, so that what waits for all of them need not wait long;
// those without event time one after the other.
std::optional<size_t> Task::next_source() const {
  std::optional<size_t> next;
  for (size_t i = 0; i < inputs_.size(); ++i) {
    const Input& input = inputs_[i];
    if (!input.feed || input.has_ended || input.waits || input.stands_at != 0 || waits_for_table(input)) continue;
    if (!next || watermark_of(inputs_[i]) < watermark_of(inputs_[*next])) next = i;
  }
  return next;
}

// Where event time has come to in this input; the end of the input is the end of time, unless time stops there.
int64_t Task::watermark_of(const Input& input) const {
  const bool knows_no_time = !input.edge && !input.time.is_known();
  if (input.has_ended && (!time_stops_ || knows_no_time || input.profile.has_ended)) return kEndOfTime;
  if (!input.time.is_brought()) return input.time.watermark();
  return std::min(input.time.watermark(), input.edge ? input.edge->watermark(time_stops_) : kNoWatermark);
}

// Looks where event time has come to, and begins to give out the windows that are complete.
void Task::follow_time() {
  if (time_board_ != nullptr)
    for (auto& input : inputs_) input.time.share(*time_board_, address_.index, input.has_ended);
  int64_t watermark = kEndOfTime;
  for (const auto& input : inputs_) watermark = std::min(watermark, watermark_of(input));
  if (watermark <= watermark_) return;
  watermark_ = watermark;
  data_.expire_joins(watermark_);
  if (watermark != kEndOfTime) seen_watermark_ = watermark;
  if (data_.has_windows()) {
    phase_ = Phase::Advancing;
  } else {
    outputs_.set_watermark(watermark_, data_.has_windows());
  }
}

// Gives out the windows up to the watermark, by their ends: all operators of the stage those with one end before any
// gives out the next.
Task::Progress Task::advance() {
  data_.read_wall_clock();
  if (!window_end_) {
    auto end = data_.first_window_due();
    // No window ends in between: rows in frames have to be in order among themselves only.
    if ((!end || *end > watermark_) && data_.has_frames_due(watermark_)) end = watermark_;
    if (!end || *end > watermark_) {
      outputs_.set_watermark(watermark_, data_.has_windows());
      data_.watermark = watermark_;
      phase_ = Phase::Reading;
      return Progress::Made;
    }
    window_end_ = data_.watermark = *end;
    finish_phase_ = 0;
    is_flushed_ = false;
  }
  outputs_.begin_unit(window_sequence(*window_end_));
  const auto& functions = code_->current().finish;
  for (; finish_phase_ < functions.size(); ++finish_phase_) {
    if (!is_windowed_[finish_phase_]) continue;
    const abi::Code code = functions[finish_phase_](&data_);
    data_.scratch_memory().end_unit();
    meter_.enter_engine();
    if (code == abi::Code::Failed || data_.failed) return Progress::Failed;
    if (code == abi::Code::Yield) return Progress::Made;
    data_.cursor = 0;
    if (code == abi::Code::Satisfied) {
      outputs_.end_unit(true);
      stop_reading();
      return Progress::Made;
    }
  }
  outputs_.end_unit(true);
  window_end_.reset();
  return Progress::Made;
}

// Edges first, as they come; then the sources. Those that wait for a table are left aside until it is there.
Task::Progress Task::read() {
  if (on_saved_) {
    look_at_barriers();
    if (const uint64_t barrier = barrier_to_save()) {
      follow_time();
      return phase_ == Phase::Advancing ? Progress::Made : save(barrier);
    }
  }
  bool must_wait = std::ranges::any_of(inputs_, [](const Input& input) { return input.stands_at != 0; });
  for (size_t i = 0; i < inputs_.size(); ++i) {
    const size_t input = (turn_ + i) % inputs_.size();
    if (!inputs_[input].edge || inputs_[input].has_ended || waits_for_table(inputs_[input])) continue;
    const Progress progress = read_edge(input);
    if (progress != Progress::Wait && progress != Progress::End) {
      turn_ = input + 1;
      return progress;
    }
    must_wait |= progress == Progress::Wait;
  }
  for (auto& input : inputs_) input.waits = false;
  while (const auto input = next_source()) {
    const Progress progress = read_source(*input);
    if (progress == Progress::End) continue;
    if (progress != Progress::Wait) return progress;
    must_wait = true;
    if (!inputs_[*input].time.is_known()) break;  // in order
    inputs_[*input].waits = true;
  }
  follow_time();
  if (phase_ == Phase::Advancing) return Progress::Made;
  if (must_wait) {
    // The last input that did not stand at the barrier may just have ended: nobody would wake us again.
    if (on_saved_ && barrier_to_save() != 0) return Progress::Made;
    become_idle();
    return error_ ? Progress::Failed : Progress::Wait;
  }
  // The last table has just ended, or the last barrier has come.
  if (!std::ranges::all_of(inputs_, &Input::has_ended)) return Progress::Made;
  finish_phase_ = 0;
  data_.watermark = kEndOfTime;
  phase_ = Phase::Finishing;
  return Progress::Made;
}

Task::Progress Task::read_edge(size_t input) {
  EdgeReader& edge = *inputs_[input].edge;
  auto next = edge.next();
  if (next.kind == EdgeReader::Next::Kind::Barrier) {
    if (inputs_[input].stands_at == inputs_[input].edge->barrier()) return Progress::Wait;
    inputs_[input].stands_at = inputs_[input].edge->barrier();
    return Progress::Made;
  }
  if (next.kind == EdgeReader::Next::Kind::Wait) {
    inputs_[input].time.note_wait();
    if (inputs_.size() == 1) outputs_.tell_progress(next.progress);
    return Progress::Wait;
  }
  if (next.kind == EdgeReader::Next::Kind::End) {
    inputs_[input].has_ended = true;
    return Progress::End;
  }
  const abi::BlockHeader& header = *next.block.header();
  if (header.row_count != 0) inputs_[input].time.note_rows();
  inputs_[input].profile.rows += header.row_count;
  if (header.row_count != 0) inputs_[input].profile.bytes += used_bytes(header);
  const Progress progress =
      process(input, {&header, header.row_count, header.sequence, (header.flags & kEndsSequence) != 0});
  edge.give_back(next.producer, std::move(next.block));
  note_watermark(inputs_[input]);
  if (progress == Progress::Made && phase_ == Phase::Reading) follow_time();
  return progress;
}

Task::Progress Task::read_source(size_t input) {
  SourceFeed& feed = *inputs_[input].feed;
  meter_.enter_source(feed.node());
  const auto taken = feed.take(chunk_, inputs_[input].seen_cut);
  meter_.enter_engine();
  if (!taken) return fail(taken.error());
  if (taken->kind == SourceFeed::Taken::Kind::Barrier) return Progress::Made;  // read() looks at it
  if (taken->kind == SourceFeed::Taken::Kind::Wait) {
    inputs_[input].time.note_wait();
    if (!inputs_[input].table.fills_table) outputs_.tell_progress(taken->sequence);
    return Progress::Wait;
  }
  if (taken->kind == SourceFeed::Taken::Kind::End) {
    inputs_[input].has_ended = true;
    inputs_[input].profile.has_ended = !time_stops_.load();
    return Progress::End;
  }
  data_.set_chunk(chunk_.get());
  InputTime& time = inputs_[input].time;
  time.note_rows();
  if (chunk_->clock) time.set_clock(*chunk_->clock);
  if (chunk_->watermark) time.raise(*chunk_->watermark);
  rows_in_ += chunk_->view.row_count;
  inputs_[input].profile.rows += chunk_->view.row_count;
  Progress progress = process(input, {&chunk_->view, chunk_->view.row_count, taken->sequence, true});
  if (progress == Progress::Made && phase_ == Phase::Reading && !chunk_->error_code.empty())
    progress = raise_chunk_error(*chunk_, feed.node());
  data_.set_chunk(nullptr);
  if (chunk_->clock) time.set_clock(chunk_->next_clock);
  note_watermark(inputs_[input]);
  if (progress == Progress::Made && phase_ == Phase::Reading) follow_time();
  return progress;
}

// A unit without rows only says how far its producer is; that is passed on.
Task::Progress Task::process(size_t input, const Unit& unit) {
  is_flushed_ = false;
  // Rows that come to rest in tables have no place in the order of what goes out.
  const bool fills_table = inputs_[input].table.fills_table;
  if (!fills_table) outputs_.begin_unit(unit.sequence);
  abi::Code code = abi::Code::Done;
  if (unit.row_count != 0) {
    data_.read_wall_clock();
    code = code_->current().inputs[input](&data_, unit.data);
    data_.scratch_memory().end_unit();
    meter_.enter_engine();
  }
  if (code == abi::Code::Failed || data_.failed) return Progress::Failed;
  if (!fills_table) outputs_.end_unit(unit.ends_sequence);
  if (++units_since_announced_ >= kUnitsPerAnnouncement) {
    units_since_announced_ = 0;
    outputs_.announce();
  }
  if (code == abi::Code::Satisfied) stop_reading();
  return Progress::Made;
}

Task::Progress Task::raise_chunk_error(const ChunkBuffer& chunk, NodeId source) {
  data_.raise({chunk.error_code,
               chunk.error_message,
               data_.plan().graph.nodes[source].span,
               {},
               locate_position(chunk, chunk.error_position)});
  return Progress::Failed;
}

void Task::stop_reading() {
  for (auto& input : inputs_) {
    if (input.edge) input.edge->cancel();
    input.has_ended = true;
  }
  finish_phase_ = 0;
  window_end_.reset();
  data_.watermark = kEndOfTime;
  phase_ = Phase::Finishing;
}

Task::Progress Task::finish() {
  data_.read_wall_clock();
  const auto& functions = code_->current().finish;
  is_flushed_ = false;
  // Rows of one phase come before those of the next phase of any task, as they do where there is one task.
  const uint64_t tasks = data_.plan().stages[address_.stage].parallelism;
  outputs_.begin_unit(kFinishSequence + finish_phase_ * tasks + address_.index);
  if (finish_phase_ == functions.size()) {
    outputs_.flush();
    // Consumers take the end for the end of time, unless they are told where time stopped.
    if (time_stops_) outputs_.announce();
    if (!write_sinks()) return Progress::Failed;
    phase_ = Phase::Closing;
    return Progress::Made;
  }
  // Windows that are open when time stops are not given out.
  const bool stays_open = time_stops_ && is_windowed_[finish_phase_];
  const abi::Code code = stays_open ? abi::Code::Done : functions[finish_phase_](&data_);
  data_.scratch_memory().end_unit();
  meter_.enter_engine();
  if (code == abi::Code::Failed || data_.failed) return Progress::Failed;
  if (code != abi::Code::Yield) {
    outputs_.end_unit(true);
    ++finish_phase_;
    data_.cursor = 0;
  }
  return Progress::Made;
}

// Only when no block waits for room any more.
Task::Progress Task::close() { return outputs_.is_congested() ? Progress::Wait : Progress::End; }

// With the rows in front of it on their way, an error waits until a consumer gets to it: if none does, because a `take`
// was satisfied before, it never happened, like in a job with one task. And of several errors it is the first in the
// order of the input that ends the job, whoever met it.
Task::Progress Task::fail_in_order() {
  if (phase_ == Phase::Failing) {
    outputs_.tell_failure_place();
    phase_ = Phase::Failed;
  }
  if (outputs_.is_congested()) return Progress::Wait;
  outputs_.fail();
  return outputs_.is_failure_reached() ? Progress::Failed : Progress::Wait;
}

Task::Progress Task::fail(Error error) {
  error_ = std::move(error);
  return Progress::Failed;
}

bool Task::write_sinks() {
  for (auto& sink : data_.sink_buffers())
    if (!sink->write_out()) return false;
  return true;
}

Status Task::write_rest() {
  for (auto& sink : data_.sink_buffers()) SLUICE_TRY(sink->write_rest());
  return {};
}

// What came so far becomes visible now, however little it is.
void Task::become_idle() {
  if (std::exchange(is_flushed_, true)) return;
  outputs_.flush();
  outputs_.announce();
  for (auto& sink : data_.sink_buffers()) {
    auto status = sink->write_out() ? sink->sink().flush() : sink->status();
    if (!status) error_ = std::move(status).error();  // none when the job is being cancelled
  }
}

void Task::relieve_congestion() {
  if (!waits_for_room_.load()) return;
  is_relieved_.store(true);
  wake();
}

void Task::note_watermark(Input& input) const {
  const int64_t watermark = watermark_of(input);
  if (watermark != kEndOfTime) input.profile.watermark = watermark;
}

// A sink that refuses rows because the job is ending fails without an error; every other failure has one.
bool Task::has_error() {
  if (data_.row_error() || error_) return true;
  for (const auto& sink : data_.sink_buffers())
    if (!sink->status()) error_ = sink->status().error();
  if (!error_ && !is_cancelled_.load()) {
    const std::string reason = abi::take_raised_text();
    error_ = internal_error("stage " + data_.plan().stages[address_.stage].name + ": " +
                            (reason.empty() ? "generated code failed without saying why" : reason))
                 .error();
  }
  return error_.has_value();
}

// The channels of a task that did not finish stay open: its consumers must not take what they got for everything.
Task::Step Task::end(TaskReport::End how) {
  TaskReport report{how, address_, std::nullopt, std::nullopt};
  if (how == TaskReport::End::Finished) {
    if (on_saved_ && !is_restored_finished_) save_finished();
    stop_reading();
    outputs_.close();
  } else if (how == TaskReport::End::Failed) {
    report.row_error = data_.row_error();
    if (!report.row_error) report.error = error_;
  }
  publish();
  end_event_time_ = latest_event_time();
  end_window_due_ = data_.first_window_due();
  end_turn();
  meter_.end();
  counters_.watermark.store(kEndOfTime, std::memory_order_relaxed);
  counters_.window_due.store(kEndOfTime, std::memory_order_relaxed);
  data_.release_state();
  on_end_(std::move(report));
  return Step::Finished;
}

}  // namespace sluice
