#include "compiler/jit/jit_engine.h"

#include <llvm/ExecutionEngine/Orc/Debugging/DebuggerSupport.h>
#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/ExecutionEngine/Orc/ObjectLinkingLayer.h>
#include <llvm/Support/raw_ostream.h>
#include <pthread.h>

#include <atomic>
#include <cmath>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "compiler/codegen/emit_stage.h"
#include "compiler/jit/object_cache.h"
#include "compiler/jit/optimize.h"
#include "compiler/jit/perf_dump.h"
#include "runtime/abi/symbol_table.h"

namespace sluice {

namespace {

using Clock = std::chrono::steady_clock;

Error to_error(llvm::Error error) {
  return Error{ErrorDomain::Internal, false, "cannot link generated code: " + llvm::toString(std::move(error)), {}};
}

std::string text_of(const llvm::Module& module) {
  std::string text;
  llvm::raw_string_ostream out(text);
  module.print(out, nullptr);
  return text;
}

// A module with the context it lives in, so that it can go to another thread. Not assignable: the old context must not
// die before the old module.
struct OwnedModule {
  std::unique_ptr<llvm::LLVMContext> context;
  codegen::StageModule stage;

  OwnedModule() = default;
  OwnedModule(OwnedModule&&) = default;
};

// Names of values are for readers; without them LLVM has less to do.
enum class ValueNames : uint8_t { Keep, Discard };

OwnedModule emit(const JobPlan& plan, StageId stage, const ConnectorSettings& settings, ValueNames names,
                 bool profiled = false) {
  OwnedModule owned;
  owned.context = std::make_unique<llvm::LLVMContext>();
  owned.context->setDiscardValueNames(names == ValueNames::Discard);
  owned.stage = codegen::emit_stage(*owned.context, plan, stage, settings, profiled);
  return owned;
}

// The code of one stage. `current` is published by pointer, so that running tasks pick up a better tier.
class JitStageCode : public StageCode {
 public:
  explicit JitStageCode(codegen::StageModule& stage)
      : error_sites_(std::move(stage.error_sites)), entry_sizes_(std::move(stage.entry_sizes)) {}

  const StageFunctions& current() const override { return *current_.load(std::memory_order_acquire); }
  const std::vector<ErrorSite>& error_sites() const override { return error_sites_; }
  uint32_t entry_size(size_t state) const override { return entry_sizes_[state]; }

  void publish(StageFunctions functions, bool is_optimized) {
    auto& place = is_optimized ? optimized_ : quick_;
    place = std::move(functions);
    current_.store(&place, std::memory_order_release);
  }

 private:
  std::vector<ErrorSite> error_sites_;
  std::vector<uint32_t> entry_sizes_;
  StageFunctions quick_;
  StageFunctions optimized_;
  std::atomic<const StageFunctions*> current_{nullptr};
};

class LljitEngine : public JitEngine {
 public:
  LljitEngine(const JitOptions& options, std::unique_ptr<llvm::orc::LLJIT> jit, std::unique_ptr<PerfDump> perf_dump)
      : options_(options),
        cache_(options.cache_directory),
        jit_(std::move(jit)),
        perf_dump_(std::move(perf_dump)),
        worker_([this](const std::stop_token& stop) { work(stop); }) {}

  ~LljitEngine() override {
    static_cast<void>(LljitEngine::stop());
    worker_.request_stop();
    worker_.join();
  }

  Result<std::shared_ptr<const StageCode>> make(const JobPlan& plan, StageId stage,
                                                const std::stop_token& stop) override;
  std::vector<StageCompileTimes> compile_times() const override {
    const std::lock_guard lock(mutex_);
    return {times_.begin(), times_.end()};
  }
  void wait_for_optimized() override {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return jobs_.empty() && activity_ == Activity::Idle; });
  }
  bool stop() override;

  Status define_runtime_symbols();

 private:
  struct Job {  // one stage whose optimized code is wanted
    OwnedModule module;
    std::shared_ptr<JitStageCode> code;
    std::string key;
    std::string stage;  // its name
    size_t times;       // index
    size_t inputs;
    size_t phases;
    std::shared_ptr<std::optional<Status>> outcome;  // for who waits, unless they have given up
  };
  // What the compiling thread does. Compiling can be abandoned with the process, storing not.
  enum class Activity : uint8_t { Idle, Compiling, Storing };

  Result<void> link_or_compile_quickly(const StagePlan& stage, OwnedModule& owned, JitStageCode& code,
                                       const std::string& key, StageCompileTimes& times);
  Status wait_for(const std::optional<Status>& outcome, const std::stop_token& stop);
  Status optimize(Job& job);
  bool begin_storing();
  Result<StageFunctions> link(llvm::MemoryBufferRef object, const std::string& stage, size_t inputs, size_t phases);
  void work(const std::stop_token& stop);

  JitOptions options_;
  ObjectCache cache_;
  std::unique_ptr<llvm::orc::LLJIT> jit_;
  std::unique_ptr<PerfDump> perf_dump_;  // where one is wanted
  std::atomic<uint64_t> library_count_{0};

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Job> jobs_;
  std::deque<StageCompileTimes> times_;
  Activity activity_ = Activity::Idle;
  std::atomic<bool> is_stopped_ = false;
  std::jthread worker_;  // last: it uses everything above
};

Status LljitEngine::define_runtime_symbols() {
  llvm::orc::SymbolMap symbols;
  const auto define = [&](std::string_view name, void* address) {
    symbols[jit_->mangleAndIntern(llvm::StringRef(name.data(), name.size()))] = {
        llvm::orc::ExecutorAddr::fromPtr(address), llvm::JITSymbolFlags::Exported | llvm::JITSymbolFlags::Callable};
  };
  for (const auto& symbol : abi::runtime_symbols()) define(symbol.name, symbol.address);
  for (const auto& function : standard_functions().overloads()) {
    if (void* address = kernel_address(function.symbol)) define(function.symbol, address);
  }
  // What LLVM itself may call for memory operations and float remainders.
  define("memcpy", reinterpret_cast<void*>(&std::memcpy));
  define("memmove", reinterpret_cast<void*>(&std::memmove));
  define("memset", reinterpret_cast<void*>(&std::memset));
  define("memcmp", reinterpret_cast<void*>(&std::memcmp));
  define("bcmp", reinterpret_cast<void*>(&::bcmp));
  define("fmod", reinterpret_cast<void*>(static_cast<double (*)(double, double)>(&std::fmod)));
  define("floor", reinterpret_cast<void*>(static_cast<double (*)(double)>(&std::floor)));
  if (auto error = jit_->getMainJITDylib().define(llvm::orc::absoluteSymbols(std::move(symbols))))
    return std::unexpected(to_error(std::move(error)));
  return {};
}

Result<StageFunctions> LljitEngine::link(llvm::MemoryBufferRef object, const std::string& stage, size_t inputs,
                                         size_t phases) {
  auto library = jit_->createJITDylib("stage." + std::to_string(library_count_++));
  if (!library) return std::unexpected(to_error(library.takeError()));
  library->addToLinkOrder(jit_->getMainJITDylib());
  if (auto error = jit_->addObjectFile(
          *library, llvm::MemoryBuffer::getMemBufferCopy(object.getBuffer(), object.getBufferIdentifier())))
    return std::unexpected(to_error(std::move(error)));
  StageFunctions functions;
  const auto find = [&](const std::string& name) -> Result<uint64_t> {
    auto address = jit_->lookup(*library, name);
    if (!address) return std::unexpected(to_error(address.takeError()));
    return address->getValue();
  };
  for (size_t i = 0; i < inputs; ++i) {
    SLUICE_ASSIGN(const uint64_t address, find(codegen::input_function_name(i)));
    functions.inputs.push_back(reinterpret_cast<InputFunction>(address));
  }
  for (size_t i = 0; i < phases; ++i) {
    SLUICE_ASSIGN(const uint64_t address, find(codegen::finish_function_name(i)));
    functions.finish.push_back(reinterpret_cast<FinishFunction>(address));
  }
  if (perf_dump_) {
    const auto address_of = [&](const std::string& name) -> uint64_t {
      const auto address = find(name);
      return address ? *address : 0;
    };
    SLUICE_TRY(perf_dump_->add(object, stage, address_of));
  }
  return functions;
}

// Publishes the code that there is at once: from the cache, or compiled quickly.
Result<void> LljitEngine::link_or_compile_quickly(const StagePlan& stage, OwnedModule& owned, JitStageCode& code,
                                                  const std::string& key, StageCompileTimes& times) {
  if (options_.tier != JitTier::Quick) {
    if (const auto object = cache_.find(key)) {
      if (auto functions = link(*object, stage.name, stage.inputs.size(), stage.finish_phases)) {
        code.publish(std::move(*functions), true);
        times.from_cache = true;
        times.code_bytes = code_size(*object);
        return {};
      }
    }
  }
  if (options_.tier == JitTier::Optimized) return {};
  const auto start = Clock::now();
  SLUICE_ASSIGN(const auto machine, make_target_machine(false));
  SLUICE_ASSIGN(const auto object, compile_object(*owned.stage.module, *machine));
  SLUICE_ASSIGN(auto functions, link(*object, stage.name, stage.inputs.size(), stage.finish_phases));
  times.quick = Clock::now() - start;
  times.code_bytes = code_size(*object);
  code.publish(std::move(functions), false);
  return {};
}

Result<std::shared_ptr<const StageCode>> LljitEngine::make(const JobPlan& plan, StageId stage_id,
                                                           const std::stop_token& stop) {
  const StagePlan& stage = plan.stages[stage_id];
  StageCompileTimes times;
  times.stage = stage.name;
  const auto start = Clock::now();
  OwnedModule owned = emit(plan, stage_id, options_.connectors, ValueNames::Discard, options_.profiled);
  times.emit = Clock::now() - start;
  auto code = std::make_shared<JitStageCode>(owned.stage);
  const std::string key = ObjectCache::key_of(text_of(*owned.stage.module));
  SLUICE_TRY(link_or_compile_quickly(stage, owned, *code, key, times));
  const bool is_done = times.from_cache || options_.tier == JitTier::Quick;
  // The optimized tier of Auto starts from a fresh module: quick code generation has rewritten this one.
  if (!is_done && options_.tier == JitTier::Auto) {
    OwnedModule fresh = emit(plan, stage_id, options_.connectors, ValueNames::Discard, options_.profiled);
    std::swap(owned.context, fresh.context);
    std::swap(owned.stage, fresh.stage);
  }
  auto outcome = std::make_shared<std::optional<Status>>();
  {
    const std::lock_guard lock(mutex_);
    const size_t index = times_.size();
    times_.push_back(times);
    if (is_done) return code;
    jobs_.push_back(
        {std::move(owned), code, key, stage.name, index, stage.inputs.size(), stage.finish_phases, outcome});
  }
  changed_.notify_all();
  if (options_.tier == JitTier::Optimized) SLUICE_TRY(wait_for(*outcome, stop));
  return code;
}

Status LljitEngine::wait_for(const std::optional<Status>& outcome, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  if (!changed_.wait(lock, stop, [&] { return outcome.has_value() || is_stopped_.load(); })) {
    is_stopped_ = true;
    jobs_.clear();
  }
  return outcome ? *outcome : external_error("compiling was stopped");
}

bool LljitEngine::stop() {
  std::unique_lock lock(mutex_);
  is_stopped_ = true;
  jobs_.clear();
  changed_.notify_all();
  changed_.wait(lock, [this] { return activity_ != Activity::Storing; });
  return activity_ == Activity::Idle;
}

bool LljitEngine::begin_storing() {
  const std::lock_guard lock(mutex_);
  if (is_stopped_) return false;
  activity_ = Activity::Storing;
  return true;
}

Status LljitEngine::optimize(Job& job) {
  const auto start = Clock::now();
  llvm::Module& module = *job.module.stage.module;
  SLUICE_ASSIGN(const auto machine, make_target_machine(true));
  optimize_module(module, *machine, &is_stopped_);
  if (is_stopped_) return external_error("compiling was stopped");
  SLUICE_ASSIGN(const auto object, compile_object(module, *machine));
  if (!begin_storing()) return external_error("compiling was stopped");
  SLUICE_ASSIGN(auto functions, link(*object, job.stage, job.inputs, job.phases));
  job.code->publish(std::move(functions), true);
  cache_.put(job.key, *object);
  const std::lock_guard lock(mutex_);
  times_[job.times].optimized = Clock::now() - start;
  times_[job.times].code_bytes = code_size(*object);
  return {};
}

void LljitEngine::work(const std::stop_token& stop) {
  ::pthread_setname_np(::pthread_self(), "sluice-compile");
  std::unique_lock lock(mutex_);
  while (changed_.wait(lock, stop, [this] { return !jobs_.empty(); })) {
    std::optional<Job> job(std::move(jobs_.front()));
    jobs_.pop_front();
    activity_ = Activity::Compiling;
    lock.unlock();
    // Should it fail and nobody waits, the job simply goes on with its quick code.
    Status status = optimize(*job);
    lock.lock();
    *job->outcome = std::move(status);
    activity_ = Activity::Idle;
    changed_.notify_all();
  }
}

Result<std::unique_ptr<llvm::orc::LLJIT>> make_lljit(const JitOptions& options) {
  SLUICE_TRY(make_target_machine(false));  // initializes the native target
  auto machine = llvm::orc::JITTargetMachineBuilder::detectHost();
  if (!machine) return std::unexpected(to_error(machine.takeError()));
  llvm::orc::LLJITBuilder builder;
  builder.setJITTargetMachineBuilder(std::move(*machine));
  builder.setPlatformSetUp(llvm::orc::setUpInactivePlatform);  // stage code has no constructors and no thread-locals
  builder.setObjectLinkingLayerCreator([](llvm::orc::ExecutionSession& session, const llvm::Triple&) {
    return std::make_unique<llvm::orc::ObjectLinkingLayer>(session);
  });
  auto jit = builder.create();
  if (!jit) return std::unexpected(to_error(jit.takeError()));
  if (options.debugger_support)
    if (auto error = llvm::orc::enableDebuggerSupport(**jit)) return std::unexpected(to_error(std::move(error)));
  return std::move(*jit);
}

}  // namespace

Result<std::unique_ptr<JitEngine>> JitEngine::create(const JitOptions& options) {
  SLUICE_ASSIGN(auto jit, make_lljit(options));
  std::unique_ptr<PerfDump> perf_dump;
  if (options.perf_support) {
    SLUICE_ASSIGN(perf_dump, PerfDump::create());
  }
  auto engine = std::make_unique<LljitEngine>(options, std::move(jit), std::move(perf_dump));
  SLUICE_TRY(engine->define_runtime_symbols());
  return engine;
}

std::string stage_llvm_text(const JobPlan& plan, StageId stage, const ConnectorSettings& settings, bool optimized) {
  OwnedModule owned = emit(plan, stage, settings, ValueNames::Keep);
  if (optimized) {
    auto machine = make_target_machine(true);
    if (!machine) return machine.error().to_string();
    optimize_module(*owned.stage.module, **machine);
  }
  return text_of(*owned.stage.module);
}

Result<std::string> stage_assembly_text(const JobPlan& plan, StageId stage, const ConnectorSettings& settings) {
  OwnedModule owned = emit(plan, stage, settings, ValueNames::Keep);
  SLUICE_ASSIGN(const auto machine, make_target_machine(true));
  optimize_module(*owned.stage.module, *machine);
  return compile_assembly(*owned.stage.module, *machine);
}

}  // namespace sluice
