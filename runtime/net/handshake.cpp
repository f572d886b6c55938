#include "runtime/net/handshake.h"

#include <fmt/format.h>

#include <utility>

#include "lang/support/visible_text.h"

namespace sluice {

bool is_same_secret(std::string_view a, std::string_view b) {
  unsigned char difference = a.size() == b.size() ? 0 : 1;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) difference |= static_cast<unsigned char>(a[i] ^ b[i]);
  return difference == 0;
}

wire::Hello make_hello(const Credentials& credentials) {
  wire::Hello hello;
  hello.set_software(credentials.software);
  hello.set_abi(credentials.abi);
  hello.set_token(credentials.token);
  return hello;
}

std::shared_ptr<const Frame> hello_frame(const wire::Hello& hello) {
  return sealed_frame(FrameKind::Hello, hello.SerializeAsString());
}

Result<wire::Hello> read_reply(const Frame& frame, const Credentials& credentials) {
  wire::Hello hello;
  if (frame.kind() == FrameKind::Hello && hello.ParseFromString(frame.text) && !hello.refusal().empty())
    return external_error("the peer refused the connection: " + visible_text(hello.refusal()));
  return read_hello(frame, credentials);
}

Result<wire::Hello> read_hello(const Frame& frame, const Credentials& credentials) {
  wire::Hello hello;
  if (frame.kind() != FrameKind::Hello || !hello.ParseFromString(frame.text))
    return external_error("the peer did not say who it is");
  if (!is_same_secret(hello.token(), credentials.token))
    return external_error(
        "the token is not that of this cluster: start all of its processes with the same --token-file");
  if (hello.abi() != credentials.abi)
    return external_error(fmt::format("{} here and {} there are different builds: run the same one everywhere",
                                      credentials.software, hello.software()));
  return hello;
}

}  // namespace sluice
