// ByteArena: bump allocation in chunks that never move; everything is freed at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sluice {

class ByteArena {
 public:
  // Chunks grow from `first_bytes` to 2 MiB. The bytes held are added to *account while they are held.
  ByteArena(size_t first_bytes, uint64_t* account) : next_bytes_(first_bytes), account_(account) {}
  ByteArena(ByteArena&& other) noexcept;
  ByteArena& operator=(ByteArena&& other) noexcept;
  ~ByteArena() { free_chunks(); }

  // Bytes of any content; `alignment` is 1 or 8.
  [[nodiscard]] char* allocate(size_t size, size_t alignment = 1) noexcept {
    const auto skip = alignment == 1 ? 0 : -reinterpret_cast<uintptr_t>(cursor_) % alignment;
    if (cursor_ == nullptr || size + skip > static_cast<size_t>(limit_ - cursor_)) return allocate_slow(size);
    char* begin = cursor_ + skip;
    cursor_ = begin + size;
    return begin;
  }
  // Gives the latest allocation back.
  void rewind(char* latest) noexcept { cursor_ = latest; }
  // Forgets all allocations and keeps the chunks for those to come.
  void reset() noexcept;
  // Bytes in allocations and lost at the ends of chunks.
  [[nodiscard]] uint64_t held_bytes() const { return held_bytes_; }

 private:
  struct Chunk {
    char* memory;
    size_t size;
  };
  char* allocate_slow(size_t size) noexcept;
  void use(size_t chunk) noexcept;
  void free_chunks() noexcept;

  char* cursor_ = nullptr;
  char* limit_ = nullptr;
  size_t next_bytes_;
  size_t current_ = 0;  // position in chunks_ of the one allocated from
  uint64_t held_bytes_ = 0;
  uint64_t* account_;
  std::vector<Chunk> chunks_;
};

}  // namespace sluice
