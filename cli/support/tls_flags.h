// The flags of a process whose connections to the others of its cluster are encrypted.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "runtime/net/tls_identity.h"

namespace sluice {

inline void add_tls_flags(CLI::App& options, TlsFiles& files) {
  options.add_option("--tls-ca", files.ca, "certificate of the cluster's CA; with it, all connections use TLS")
      ->type_name("FILE");
  options.add_option("--tls-cert", files.certificate, "certificate of this process, signed by the CA")
      ->type_name("FILE");
  options.add_option("--tls-key", files.key, "key of that certificate")->type_name("FILE");
}

// None when there are no files.
[[nodiscard]] inline Result<std::shared_ptr<const TlsIdentity>> read_identity(const TlsFiles& files) {
  if (files.is_empty()) return nullptr;
  return TlsIdentity::read(files);
}

[[nodiscard]] inline std::string url_of(const std::string& address, const std::shared_ptr<const TlsIdentity>& tls) {
  return (tls ? "tls+tcp://" : "tcp://") + address;
}

}  // namespace sluice
