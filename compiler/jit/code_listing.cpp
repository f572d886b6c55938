#include "compiler/jit/code_listing.h"

#include <llvm/IR/DebugInfoMetadata.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Transforms/Utils/Cloning.h>

#include <filesystem>
#include <map>
#include <sstream>

#include "compiler/codegen/emit_stage.h"
#include "compiler/jit/optimize.h"

namespace sluice {

namespace {

using Place = std::pair<uint32_t, uint32_t>;  // file, line
using Listings = std::map<Place, LineListing>;

LineListing& listing_at(Listings& listings, const Place& place) {
  LineListing& listing = listings[place];
  listing.file = place.first;
  listing.line = place.second;
  return listing;
}

uint32_t file_index(const JobPlan& plan, llvm::StringRef name) {
  for (uint32_t i = 0; i < plan.graph.files.size(); ++i)
    if (std::filesystem::path(plan.graph.files[i]).filename().string() == name.str()) return i;
  return 0;
}

std::string trimmed(std::string text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string::npos) return {};
  text.erase(0, first);
  // What refers to debug metadata says nothing to a reader.
  if (const size_t metadata = text.find(", !dbg"); metadata != std::string::npos) text.erase(metadata);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.pop_back();
  for (char& c : text)
    if (c == '\t') c = ' ';
  return text;
}

void list_ir(const JobPlan& plan, const llvm::Module& module, Listings& listings) {
  for (const auto& function : module) {
    for (const auto& instruction : llvm::instructions(function)) {
      const llvm::DebugLoc& location = instruction.getDebugLoc();
      if (!location || instruction.isDebugOrPseudoInst()) continue;
      const auto* scope = llvm::cast<llvm::DIScope>(location.getScope());
      std::string text;
      llvm::raw_string_ostream out(text);
      instruction.print(out);
      listing_at(listings, {file_index(plan, scope->getFilename()), location.getLine()}).ir.push_back(trimmed(text));
    }
  }
}

// Reads LLVM's assembly text: `.file N "dir" "name"` names files, `.loc N LINE COLUMN` says where code belongs.
void list_assembly(const JobPlan& plan, const std::string& assembly, Listings& listings) {
  std::map<unsigned, uint32_t> files;
  Place place{0, 0};
  std::istringstream lines(assembly);
  for (std::string line; std::getline(lines, line);) {
    const std::string text = trimmed(line);
    std::istringstream words(text);
    std::string directive;
    words >> directive;
    if (directive == ".file") {
      unsigned number = 0;
      if (!(words >> number)) continue;
      // `.file 1 "/dir" "name.flow" md5 0x...`: the name is the last quoted word.
      const size_t end = text.find_last_of('"');
      const size_t begin = end == std::string::npos ? end : text.rfind('"', end - 1);
      if (begin == std::string::npos) continue;
      files[number] = file_index(plan, text.substr(begin + 1, end - begin - 1));
    } else if (directive == ".loc") {
      unsigned number = 0;
      uint32_t source_line = 0;
      words >> number >> source_line;
      place = {files[number], source_line};
    } else if (!text.empty() && text[0] != '.' && text[0] != '#' && text.back() != ':' && line[0] == '\t') {
      const size_t comment = text.find('#');
      listing_at(listings, place).assembly.push_back(trimmed(text.substr(0, comment)));
    }
    if (directive == ".section" && text.find(".text") == std::string::npos) break;  // behind the code: tables, metadata
  }
}

}  // namespace

Result<StageListing> list_stage_code(const JobPlan& plan, StageId stage, const ConnectorSettings& settings) {
  llvm::LLVMContext context;
  auto emitted = codegen::emit_stage(context, plan, stage, settings);
  SLUICE_ASSIGN(const auto machine, make_target_machine(true));
  llvm::Module& module = *emitted.module;
  optimize_module(module, *machine);
  StageListing result;
  result.stage = plan.stages[stage].name;
  for (const auto& function : module)
    if (!function.isDeclaration()) result.functions.push_back(function.getName().str());
  Listings listings;
  list_ir(plan, module, listings);
  // Code generation rewrites the module it is given, so each form starts from a copy.
  const auto copy = llvm::CloneModule(module);
  SLUICE_ASSIGN(const auto object, compile_object(*copy, *machine));
  result.code_bytes = code_size(*object);
  SLUICE_ASSIGN(const std::string assembly, compile_assembly(module, *machine));
  list_assembly(plan, assembly, listings);
  for (auto& [place, listing] : listings) result.lines.push_back(std::move(listing));
  return result;
}

}  // namespace sluice
