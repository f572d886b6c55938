// ObjectCache: compiled objects on disk, keyed by everything they depend on. Any process may read and write it at any
// time; a damaged or foreign file is never used.
#pragma once

#include <llvm/Support/MemoryBuffer.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace sluice {

class ObjectCache {
 public:
  // `directory` is made when needed; empty switches the cache off. Never fails: a cache that cannot work is empty.
  explicit ObjectCache(std::string directory) : directory_(std::move(directory)) {}

  // The key of an object: its IR, the CPU, and this very build, which optimizes in its own way.
  [[nodiscard]] static std::string key_of(std::string_view ir_text);
  [[nodiscard]] std::unique_ptr<llvm::MemoryBuffer> find(const std::string& key) const;
  // Now and then it also trims the cache to kMaxBytes.
  void put(const std::string& key, llvm::MemoryBufferRef object) const;
  // When the files take more than `max_bytes`: removes those not used for longest, until a quarter of that is free.
  void trim(uint64_t max_bytes) const;

  static constexpr uint64_t kMaxBytes = uint64_t{256} << 20;

 private:
  [[nodiscard]] std::string path_of(const std::string& key) const { return directory_ + "/" + key + ".o"; }
  std::string directory_;
};

}  // namespace sluice
