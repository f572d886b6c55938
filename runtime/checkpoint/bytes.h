// Values as bytes that mean the same on every machine: little-endian, of fixed width, texts behind their sizes. What
// snapshots and the positions of connectors are written in.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace sluice {

static_assert(std::endian::native == std::endian::little, "values are written as they stand in memory");

class ByteWriter {
 public:
  // Appends to `out`, which must outlive the writer.
  explicit ByteWriter(std::string& out) : out_(&out) {}

  void u8(uint8_t value) { out_->push_back(static_cast<char>(value)); }
  void u32(uint32_t value) { raw(&value, sizeof value); }
  void u64(uint64_t value) { raw(&value, sizeof value); }
  void i64(int64_t value) { raw(&value, sizeof value); }
  void text(std::string_view value) {
    u64(value.size());
    out_->append(value);
  }
  void raw(const void* bytes, size_t size) { out_->append(static_cast<const char*>(bytes), size); }

 private:
  std::string* out_;
};

// Bytes that end too early give zeros and empty texts, and is_well() says so from then on: callers look once, when
// they have read everything.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  uint8_t u8() { return get<uint8_t>(); }
  uint32_t u32() { return get<uint32_t>(); }
  uint64_t u64() { return get<uint64_t>(); }
  int64_t i64() { return get<int64_t>(); }
  std::string_view text() { return raw(u64()); }
  std::string_view raw(uint64_t size) {
    if (size > rest_.size()) {
      is_well_ = false;
      rest_ = {};
      return {};
    }
    const auto taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  [[nodiscard]] bool is_well() const { return is_well_; }
  // Nothing is left, and nothing was missing.
  [[nodiscard]] bool is_done() const { return is_well_ && rest_.empty(); }
  [[nodiscard]] size_t left() const { return rest_.size(); }

 private:
  template <class T>
  T get() {
    T value{};
    const auto bytes = raw(sizeof value);
    if (!bytes.empty()) std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }

  std::string_view rest_;
  bool is_well_ = true;
};

}  // namespace sluice
