#include "compiler/jit/object_cache.h"

#include <fmt/format.h>
#include <unistd.h>
#include <xxhash.h>

#include <atomic>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "compiler/jit/optimize.h"
#include "runtime/abi/fingerprint.h"

namespace sluice {

namespace {

// In front of the object's bytes, so that a torn or foreign file is noticed.
struct FileHeader {
  char magic[8];
  uint64_t size;
  uint64_t checksum;
};
constexpr char kMagic[8] = {'s', 'l', 'o', 'b', 'j', '0', '0', '1'};

}  // namespace

std::string ObjectCache::key_of(std::string_view ir_text) {
  const std::string whole =
      fmt::format("{}\n{}\n{}\n{}", LLVM_VERSION_STRING, host_description(), abi::abi_fingerprint(), ir_text);
  const XXH128_hash_t hash = XXH3_128bits(whole.data(), whole.size());
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

std::unique_ptr<llvm::MemoryBuffer> ObjectCache::find(const std::string& key) const {
  if (directory_.empty()) return nullptr;
  std::ifstream file(path_of(key), std::ios::binary);
  FileHeader header{};
  if (!file.read(reinterpret_cast<char*>(&header), sizeof header)) return nullptr;
  if (std::memcmp(header.magic, kMagic, sizeof kMagic) != 0 || header.size > (uint64_t{1} << 30)) return nullptr;
  auto object = llvm::WritableMemoryBuffer::getNewUninitMemBuffer(header.size, key);
  if (!object || !file.read(object->getBufferStart(), static_cast<std::streamsize>(header.size))) return nullptr;
  if (XXH3_64bits(object->getBufferStart(), header.size) != header.checksum) return nullptr;
  return object;
}

void ObjectCache::put(const std::string& key, llvm::MemoryBufferRef object) const {
  if (directory_.empty()) return;
  std::error_code failed;
  std::filesystem::create_directories(directory_, failed);
  if (failed) return;
  static std::atomic<uint64_t> counter{0};
  const std::string temporary = fmt::format("{}.{}.{}", path_of(key), ::getpid(), counter++);
  FileHeader header{};
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.size = object.getBufferSize();
  header.checksum = XXH3_64bits(object.getBufferStart(), object.getBufferSize());
  {
    std::ofstream file(temporary, std::ios::binary);
    file.write(reinterpret_cast<const char*>(&header), sizeof header);
    file.write(object.getBufferStart(), static_cast<std::streamsize>(object.getBufferSize()));
    file.close();
    if (!file) {
      std::filesystem::remove(temporary, failed);
      return;
    }
  }
  std::filesystem::rename(temporary, path_of(key), failed);
  if (failed) std::filesystem::remove(temporary, failed);
}

}  // namespace sluice
