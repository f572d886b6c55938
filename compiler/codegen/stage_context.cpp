#include "compiler/codegen/stage_context.h"

#include <llvm/BinaryFormat/Dwarf.h>
#include <llvm/IR/Constants.h>

#include <algorithm>
#include <filesystem>

#include "lang/support/invariant.h"

namespace sluice::codegen {

namespace {

struct RuntimeRow {
  std::string_view name;
  std::string_view result;
  std::string_view arguments;  // "Ptr , I64 "
};

constexpr RuntimeRow kRuntimeRows[] = {
#define RUNTIME_FUNCTION(name, result, ...) {#name, #result, #__VA_ARGS__},
#include "runtime/abi/runtime_functions.def"
#undef RUNTIME_FUNCTION
};

// The preprocessor has removed the comments between the argument types: "Ptr, Ptr, I64".
std::vector<std::string_view> split_arguments(std::string_view text) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const size_t comma = text.find(',');
    std::string_view part = text.substr(0, comma);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    parts.push_back(part);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  return parts;
}

}  // namespace

StageContext::StageContext(llvm::LLVMContext& context, const JobPlan& job, StageId id,
                           const ConnectorSettings& settings, bool profiled)
    : plan(job),
      stage_id(id),
      stage(job.stages[id]),
      connectors(settings),
      is_profiled(profiled),
      llvm(context),
      module(std::make_unique<llvm::Module>(job.graph.name + "." + job.stages[id].name, context)),
      void_type(llvm::Type::getVoidTy(context)),
      bool_type(llvm::Type::getInt1Ty(context)),
      i8(llvm::Type::getInt8Ty(context)),
      i32(llvm::Type::getInt32Ty(context)),
      i64(llvm::Type::getInt64Ty(context)),
      i128(llvm::Type::getInt128Ty(context)),
      f64(llvm::Type::getDoubleTy(context)),
      ptr(llvm::PointerType::getUnqual(context)),
      entry_sizes(job.stages[id].states.size(), 0),
      debug_(*module) {
  module->addModuleFlag(llvm::Module::Warning, "Debug Info Version", llvm::DEBUG_METADATA_VERSION);
  module->addModuleFlag(llvm::Module::Warning, "Dwarf Version", 4);
  debug_.createCompileUnit(llvm::dwarf::DW_LANG_C, debug_file(0), "sluice", true, "", 0, "",
                           llvm::DICompileUnit::LineTablesOnly);
}

llvm::Type* StageContext::abi_type(std::string_view name) const {
  if (name == "Void") return void_type;
  if (name == "I8") return i8;
  if (name == "I32") return i32;
  if (name == "I64") return i64;
  if (name == "F64") return f64;
  SLUICE_INVARIANT(name == "Ptr", std::string(name));
  return ptr;
}

llvm::FunctionCallee StageContext::runtime(std::string_view name) {
  const auto row = std::ranges::find(kRuntimeRows, name, &RuntimeRow::name);
  SLUICE_INVARIANT(row != std::end(kRuntimeRows), std::string(name));
  std::vector<llvm::Type*> arguments;
  for (const auto argument : split_arguments(row->arguments)) arguments.push_back(abi_type(argument));
  auto callee = module->getOrInsertFunction(llvm::StringRef(name.data(), name.size()),
                                            llvm::FunctionType::get(abi_type(row->result), arguments, false));
  auto* function = llvm::cast<llvm::Function>(callee.getCallee());
  function->setDoesNotThrow();
  return callee;
}

llvm::FunctionCallee StageContext::library(std::string_view name, llvm::FunctionType* type) {
  return module->getOrInsertFunction(llvm::StringRef(name.data(), name.size()), type);
}

llvm::Constant* StageContext::bytes(std::string_view text) {
  if (const auto found = bytes_.find(text); found != bytes_.end()) return found->second;
  const std::string padded = std::string(text) + std::string(abi::kStringSlack, '\0');
  auto* data = llvm::ConstantDataArray::getString(llvm, padded, false);
  auto* global =
      new llvm::GlobalVariable(*module, data->getType(), true, llvm::GlobalValue::PrivateLinkage, data, "text");
  global->setUnnamedAddr(llvm::GlobalValue::UnnamedAddr::Global);
  bytes_.emplace(std::string(text), global);
  return global;
}

uint32_t StageContext::error_site(std::string_view code, const Span& span, NodeId node,
                                  std::vector<std::string> operands, std::vector<Type> operand_types) {
  for (size_t i = 0; i < error_sites.size(); ++i) {
    const auto& site = error_sites[i];
    if (site.code == code && site.span == span && site.node == node && site.operands == operands)
      return static_cast<uint32_t>(i);
  }
  error_sites.push_back({std::string(code), span, node, std::move(operands), std::move(operand_types)});
  return static_cast<uint32_t>(error_sites.size() - 1);
}

uint32_t StageContext::state_index(NodeId node, StateKind kind, uint32_t nth) const {
  for (size_t i = 0; i < stage.states.size(); ++i)
    if (stage.states[i].node == node && stage.states[i].kind == kind && nth-- == 0) return static_cast<uint32_t>(i);
  SLUICE_INVARIANT(false, "the plan has no such state for node " + plan.graph.nodes[node].label);
}

uint32_t StageContext::first_writer(EdgeId edge) const {
  uint32_t position = 0;
  for (const EdgeId output : stage.outputs) {
    if (output == edge) return position;
    position += plan.stages[plan.edges[output].to].parallelism;
  }
  SLUICE_INVARIANT(false, "the edge is no output of stage " + stage.name);
}

bool StageContext::in_stage(NodeId id) const { return std::ranges::find(stage.nodes, id) != stage.nodes.end(); }

llvm::DIFile* StageContext::debug_file(uint32_t file) {
  if (const auto found = debug_files_.find(file); found != debug_files_.end()) return found->second;
  const std::string path = file < plan.graph.files.size() ? plan.graph.files[file] : plan.graph.name + ".flow";
  std::error_code ignored;
  const auto absolute = std::filesystem::absolute(path, ignored);
  auto* entry = debug_.createFile(absolute.filename().string(), absolute.parent_path().string());
  debug_files_.emplace(file, entry);
  return entry;
}

llvm::DISubprogram* StageContext::debug_function(llvm::Function* function, const Span& span) {
  auto* file = debug_file(span.file);
  auto* type = debug_.createSubroutineType(debug_.getOrCreateTypeArray({}));
  auto* subprogram = debug_.createFunction(file, function->getName(), function->getName(), file, span.begin.line, type,
                                           span.begin.line, llvm::DINode::FlagPrototyped,
                                           llvm::DISubprogram::SPFlagDefinition | llvm::DISubprogram::SPFlagOptimized);
  function->setSubprogram(subprogram);
  return subprogram;
}

llvm::DebugLoc StageContext::debug_location(const Span& span, llvm::DISubprogram* scope) {
  llvm::DIScope* place = scope;
  // Code inlined from another file (a function of the standard library) keeps its own file name.
  if (span.is_valid() && span.file != 0) place = debug_.createLexicalBlockFile(scope, debug_file(span.file));
  return llvm::DILocation::get(llvm, span.begin.line, span.begin.column, place);
}

}  // namespace sluice::codegen
