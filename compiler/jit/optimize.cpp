#include "compiler/jit/optimize.h"

#include <llvm/Analysis/CGSCCPassManager.h>
#include <llvm/Analysis/LoopAnalysisManager.h>
#include <llvm/Analysis/TargetTransformInfo.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/PassInstrumentation.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Object/ObjectFile.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/SmallVectorMemoryBuffer.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/TargetParser/Host.h>
#include <llvm/TargetParser/SubtargetFeature.h>

namespace sluice {

namespace {

std::string host_features() {
  llvm::SubtargetFeatures features;
  for (const auto& feature : llvm::sys::getHostCPUFeatures()) features.AddFeature(feature.first(), feature.second);
  return features.getString();
}

void set_target(llvm::Module& module, llvm::TargetMachine& machine) {
  module.setDataLayout(machine.createDataLayout());
  module.setTargetTriple(machine.getTargetTriple().str());
}

Result<void> emit(llvm::Module& module, llvm::TargetMachine& machine, llvm::raw_pwrite_stream& out,
                  llvm::CodeGenFileType type) {
  set_target(module, machine);
  llvm::legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, out, nullptr, type, /*DisableVerify=*/true))
    return internal_error("LLVM cannot write code for this machine");
  passes.run(module);
  return {};
}

}  // namespace

std::string host_description() { return llvm::sys::getHostCPUName().str() + " " + host_features(); }

Result<std::unique_ptr<llvm::TargetMachine>> make_target_machine(bool optimized) {
  static const bool initialized = [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    llvm::InitializeNativeTargetAsmParser();
    return true;
  }();
  static_cast<void>(initialized);
  const std::string triple = llvm::sys::getProcessTriple();
  std::string problem;
  const llvm::Target* target = llvm::TargetRegistry::lookupTarget(triple, problem);
  if (target == nullptr) return internal_error("LLVM has no code generator for " + triple + ": " + problem);
  llvm::TargetOptions options;
  options.EnableFastISel = !optimized;
  std::unique_ptr<llvm::TargetMachine> machine(target->createTargetMachine(
      triple, llvm::sys::getHostCPUName(), host_features(), options, llvm::Reloc::PIC_, llvm::CodeModel::Small,
      optimized ? llvm::CodeGenOptLevel::Default : llvm::CodeGenOptLevel::None, /*JIT=*/true));
  if (!machine) return internal_error("LLVM cannot generate code for " + triple);
  if (!optimized) machine->setFastISel(true);
  return machine;
}

void optimize_module(llvm::Module& module, llvm::TargetMachine& machine, const std::atomic<bool>* is_stopped) {
  set_target(module, machine);
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = true;
  tuning.SLPVectorization = false;  // rows are scalar code; it costs compile time and finds nothing
  llvm::PassInstrumentationCallbacks callbacks;
  if (is_stopped != nullptr)
    callbacks.registerShouldRunOptionalPassCallback([is_stopped](auto&&...) { return !is_stopped->load(); });
  llvm::PassBuilder builder(&machine, tuning, std::nullopt, &callbacks);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2).run(module, modules);
}

Result<std::unique_ptr<llvm::MemoryBuffer>> compile_object(llvm::Module& module, llvm::TargetMachine& machine) {
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream out(bytes);
  SLUICE_TRY(emit(module, machine, out, llvm::CodeGenFileType::ObjectFile));
  return std::make_unique<llvm::SmallVectorMemoryBuffer>(std::move(bytes), module.getName(), false);
}

Result<std::string> compile_assembly(llvm::Module& module, llvm::TargetMachine& machine) {
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream out(bytes);
  SLUICE_TRY(emit(module, machine, out, llvm::CodeGenFileType::AssemblyFile));
  return std::string(bytes.begin(), bytes.end());
}

uint64_t code_size(llvm::MemoryBufferRef buffer) {
  auto object = llvm::object::ObjectFile::createObjectFile(buffer);
  if (!object) {
    llvm::consumeError(object.takeError());
    return 0;
  }
  uint64_t size = 0;
  for (const auto& section : (*object)->sections())
    if (section.isText()) size += section.getSize();
  return size;
}

}  // namespace sluice
