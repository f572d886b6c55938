// PerfDump: tells `perf` about compiled code. It writes a jitdump file of functions and their source lines, which
// `perf inject --jit` turns into symbols that `perf report` shows with lines of the .flow file.
//
// LLVM 19 has a plugin for this, but its files are no good to perf: the flags in their header are uninitialised, all
// line tables stand before all functions where perf wants each right before its function, and their addresses are
// off by 0x40.
#pragma once

#include <llvm/Support/MemoryBuffer.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "lang/support/result.h"

namespace sluice {

class PerfDump {
 public:
  // The address of a function that the linked object defines; 0 when nobody asked for it.
  using AddressOf = std::function<uint64_t(const std::string& function)>;

  // Makes the file, below `$JITDUMPDIR` or the home directory.
  [[nodiscard]] static Result<std::unique_ptr<PerfDump>> create();
  PerfDump(const PerfDump&) = delete;
  PerfDump& operator=(const PerfDump&) = delete;
  ~PerfDump();

  // Records the functions of an object that is linked; perf shows them as `stage.function`. Thread-safe.
  [[nodiscard]] Status add(llvm::MemoryBufferRef object, std::string_view stage, const AddressOf& address_of);

 private:
  PerfDump() = default;

  std::string path_;
  std::mutex mutex_;  // of the file: stages are linked by several threads
  int file_ = -1;
  void* marker_ = nullptr;
};

}  // namespace sluice
