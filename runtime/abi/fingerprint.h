// The ABI fingerprint: changes with every change of a runtime function's signature or of a struct that generated code
// addresses. Part of the key of cached objects and, later, of the worker handshake.
#pragma once

#include <cstdint>
#include <string>

namespace sluice::abi {

// What the fingerprint is the hash of, as text: for messages when two builds do not fit together.
[[nodiscard]] std::string abi_description();
[[nodiscard]] uint64_t abi_fingerprint();

}  // namespace sluice::abi
