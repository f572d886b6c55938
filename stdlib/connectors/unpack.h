// Streams that unpack another one.
#pragma once

#include <memory>
#include <string>

#include "stdlib/connectors/byte_stream.h"

namespace sluice {

// `name` for messages. Several members or frames one behind the other are read as one text.
[[nodiscard]] std::unique_ptr<ByteStream> unpack_gzip(std::unique_ptr<ByteStream> packed, std::string name);
[[nodiscard]] std::unique_ptr<ByteStream> unpack_zstd(std::unique_ptr<ByteStream> packed, std::string name);

}  // namespace sluice
