// The first frames on a connection: both sides say who they are and what they were built from before anything else is
// heard. Pure but for reading the frame.
#pragma once

#include <memory>
#include <string>

#include "lang/support/result.h"
#include "runtime/net/frame.h"
#include "runtime/net/tls_identity.h"
#include "runtime/net/wire.pb.h"

namespace sluice {

// What a process has to know of another to trust it with rows.
struct Credentials {
  std::string software;  // "sluice 0.1.0"
  uint64_t abi = 0;
  std::string token;                            // the same in all processes of a cluster
  std::shared_ptr<const TlsIdentity> tls = {};  // for all connections, or none of them
};

// Before its token was seen, a peer may not send more than this.
inline constexpr uint32_t kMostHelloBytes = 16 << 10;

// Takes the same time wherever the difference is.
[[nodiscard]] bool is_same_secret(std::string_view a, std::string_view b);

[[nodiscard]] wire::Hello make_hello(const Credentials& credentials);
[[nodiscard]] std::shared_ptr<const Frame> hello_frame(const wire::Hello& hello);
// What a caller says, if it may be spoken to; of one that does not show the token, nothing is believed or repeated. An
// error is for the peer too: it gives nothing away.
[[nodiscard]] Result<wire::Hello> read_hello(const Frame& frame, const Credentials& credentials);
// What the one that was called answers: the same, or why it refuses us, for which it does not show its token.
[[nodiscard]] Result<wire::Hello> read_reply(const Frame& frame, const Credentials& credentials);

}  // namespace sluice
