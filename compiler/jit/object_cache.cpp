#include "compiler/jit/object_cache.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <vector>

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

// Another build may optimize the same IR in another way, and has another file, which was written at another time.
const std::string& build_fingerprint() {
  static const std::string fingerprint = [] {
    struct stat status{};
    if (::stat("/proc/self/exe", &status) != 0) return std::string();
    return fmt::format("{} {}.{}", status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
  }();
  return fingerprint;
}

// "<key>.o", or that of a writer that has not finished or never did; the directory may hold files of others.
bool is_of_cache(const std::string& name) {
  constexpr size_t kKeySize = 32;
  return name.find_first_not_of("0123456789abcdef") == kKeySize && name.compare(kKeySize, 2, ".o") == 0;
}

}  // namespace

std::string ObjectCache::key_of(std::string_view ir_text) {
  const std::string whole = fmt::format("{}\n{}\n{}\n{}\n{}", LLVM_VERSION_STRING, host_description(),
                                        abi::abi_fingerprint(), build_fingerprint(), ir_text);
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
  ::utimensat(AT_FDCWD, path_of(key).c_str(), nullptr, 0);  // used now, for trim(); if not, it goes earlier
  return object;
}

void ObjectCache::trim(uint64_t max_bytes) const {
  struct Kept {
    std::filesystem::file_time_type used;
    uint64_t size;
    std::filesystem::path path;
  };
  std::vector<Kept> files;
  uint64_t bytes = 0;
  std::error_code failed;
  for (std::filesystem::directory_iterator at(directory_, failed), end; !failed && at != end; at.increment(failed)) {
    // Another process may have removed it by now.
    std::error_code gone;
    const uint64_t size = at->file_size(gone);
    const auto used = at->last_write_time(gone);
    if (gone || !is_of_cache(at->path().filename().string())) continue;
    files.push_back({used, size, at->path()});
    bytes += size;
  }
  if (bytes <= max_bytes) return;
  std::ranges::sort(files, {}, &Kept::used);
  for (const Kept& file : files) {
    if (bytes <= max_bytes - max_bytes / 4) break;
    std::filesystem::remove(file.path, failed);
    bytes -= file.size;
  }
}

void ObjectCache::put(const std::string& key, llvm::MemoryBufferRef object) const {
  if (directory_.empty()) return;
  std::error_code failed;
  std::filesystem::create_directories(directory_, failed);
  if (failed) return;
  if (key.starts_with("00")) trim(kMaxBytes);  // one in 256: looking at all files takes longer than compiling one
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
