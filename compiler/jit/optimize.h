// The two ways machine code is made: quickly (no passes, fast instruction selection) and optimized (LLVM's -O2).
#pragma once

#include <llvm/IR/Module.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Target/TargetMachine.h>

#include <atomic>
#include <memory>
#include <string>

#include "lang/support/result.h"

namespace sluice {

// For this machine's CPU and all its features.
[[nodiscard]] Result<std::unique_ptr<llvm::TargetMachine>> make_target_machine(bool optimized);
// Runs the -O2 pipeline over the module. Once `is_stopped` is true, the passes that are left do nothing.
void optimize_module(llvm::Module& module, llvm::TargetMachine& machine, const std::atomic<bool>* is_stopped = nullptr);
[[nodiscard]] Result<std::unique_ptr<llvm::MemoryBuffer>> compile_object(llvm::Module& module,
                                                                         llvm::TargetMachine& machine);
[[nodiscard]] Result<std::string> compile_assembly(llvm::Module& module, llvm::TargetMachine& machine);
// Bytes of machine code in an object.
[[nodiscard]] uint64_t code_size(llvm::MemoryBufferRef object);
// CPU name and features: part of the key of a cached object.
[[nodiscard]] std::string host_description();

}  // namespace sluice
