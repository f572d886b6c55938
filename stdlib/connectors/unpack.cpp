#include "stdlib/connectors/unpack.h"

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "lang/support/invariant.h"

namespace sluice {
namespace {

constexpr size_t kPackedBytes = 128 << 10;

std::unexpected<Error> damaged(const std::string& name, std::string_view what) {
  return external_error(fmt::format("{} cannot be unpacked: {}", name, what));
}

// Packed bytes in pieces, for the unpackers below.
class PackedInput {
 public:
  explicit PackedInput(std::unique_ptr<ByteStream> stream) : stream_(std::move(stream)), bytes_(kPackedBytes) {}
  Result<uint64_t> refill() { return stream_->read(bytes_.data(), bytes_.size()); }
  [[nodiscard]] char* data() { return bytes_.data(); }
  [[nodiscard]] uint64_t consumed() const { return stream_->consumed(); }

 private:
  std::unique_ptr<ByteStream> stream_;
  std::vector<char> bytes_;
};

class GzipStream final : public ByteStream {
 public:
  GzipStream(std::unique_ptr<ByteStream> packed, std::string name) : input_(std::move(packed)), name_(std::move(name)) {
    const int status = ::inflateInit2(&inflater_, 15 + 16);  // 16: gzip, not zlib
    SLUICE_INVARIANT(status == Z_OK, "out of memory for unpacking");
  }
  ~GzipStream() override { ::inflateEnd(&inflater_); }
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;

  Result<uint64_t> read(char* data, uint64_t size) override {
    inflater_.next_out = reinterpret_cast<Bytef*>(data);
    const auto wanted = static_cast<uInt>(std::min<uint64_t>(size, std::numeric_limits<uInt>::max()));
    inflater_.avail_out = wanted;
    while (inflater_.avail_out == wanted) {
      if (inflater_.avail_in == 0) {
        SLUICE_ASSIGN(const uint64_t count, input_.refill());
        if (count == 0) {
          if (is_inside_) return damaged(name_, "it ends too early");
          return uint64_t{0};
        }
        inflater_.next_in = reinterpret_cast<Bytef*>(input_.data());
        inflater_.avail_in = static_cast<uInt>(count);
      }
      is_inside_ = true;
      const int status = ::inflate(&inflater_, Z_NO_FLUSH);
      if (status == Z_STREAM_END) {  // another member may follow
        is_inside_ = false;
        ::inflateReset(&inflater_);
      } else if (status != Z_OK && status != Z_BUF_ERROR) {
        return damaged(name_, inflater_.msg != nullptr ? inflater_.msg : "it is not gzip");
      }
    }
    return uint64_t{wanted - inflater_.avail_out};
  }
  uint64_t consumed() const override { return input_.consumed(); }
  const std::string& name() const override { return name_; }

 private:
  PackedInput input_;
  std::string name_;
  z_stream inflater_{};
  bool is_inside_ = false;  // of a member
};

class ZstdStream final : public ByteStream {
 public:
  ZstdStream(std::unique_ptr<ByteStream> packed, std::string name)
      : input_(std::move(packed)), name_(std::move(name)), context_(::ZSTD_createDCtx()) {
    SLUICE_INVARIANT(context_ != nullptr, "out of memory for unpacking");
  }
  ~ZstdStream() override { ::ZSTD_freeDCtx(context_); }
  ZstdStream(const ZstdStream&) = delete;
  ZstdStream& operator=(const ZstdStream&) = delete;

  Result<uint64_t> read(char* data, uint64_t size) override {
    ZSTD_outBuffer out{data, size, 0};
    while (out.pos == 0) {
      if (packed_.pos == packed_.size && !has_more_) {
        SLUICE_ASSIGN(const uint64_t count, input_.refill());
        if (count == 0) {
          if (is_inside_) return damaged(name_, "it ends too early");
          return uint64_t{0};
        }
        packed_ = {input_.data(), count, 0};
      }
      const size_t status = ::ZSTD_decompressStream(context_, &out, &packed_);
      if (::ZSTD_isError(status) != 0) return damaged(name_, ::ZSTD_getErrorName(status));
      is_inside_ = status != 0;
      has_more_ = is_inside_ && out.pos == out.size;  // unpacked bytes wait inside
    }
    return uint64_t{out.pos};
  }
  uint64_t consumed() const override { return input_.consumed(); }
  const std::string& name() const override { return name_; }

 private:
  PackedInput input_;
  std::string name_;
  ZSTD_DCtx* context_;
  ZSTD_inBuffer packed_{nullptr, 0, 0};
  bool is_inside_ = false;  // of a frame
  bool has_more_ = false;
};

}  // namespace

std::unique_ptr<ByteStream> unpack_gzip(std::unique_ptr<ByteStream> packed, std::string name) {
  return std::make_unique<GzipStream>(std::move(packed), std::move(name));
}

std::unique_ptr<ByteStream> unpack_zstd(std::unique_ptr<ByteStream> packed, std::string name) {
  return std::make_unique<ZstdStream>(std::move(packed), std::move(name));
}

}  // namespace sluice
