// TlsIdentity: who a process is on connections with TLS, and whose certificates it accepts: those of one CA, on both
// sides of every connection. Read from files once, when the process starts.
#pragma once

#include <memory>
#include <string>

#include "lang/support/result.h"

struct nng_tls_config;  // of NNG

namespace sluice {

// PEM files. All empty: no TLS.
struct TlsFiles {
  std::string ca;           // of the cluster: whoever has a certificate of it belongs to the cluster
  std::string certificate;  // ours, and what leads from it to the CA
  std::string key;          // of our certificate, without a passphrase

  [[nodiscard]] bool is_empty() const { return ca.empty() && certificate.empty() && key.empty(); }
};

class TlsIdentity {
 public:
  // An error when a file cannot be read, is not what it should be, does not belong to the others, or has expired.
  [[nodiscard]] static Result<std::shared_ptr<const TlsIdentity>> read(const TlsFiles& files);
  ~TlsIdentity();
  TlsIdentity(const TlsIdentity&) = delete;
  TlsIdentity& operator=(const TlsIdentity&) = delete;

  // For NNG, which holds them as long as it needs them.
  [[nodiscard]] nng_tls_config* of_caller() const { return of_caller_; }
  [[nodiscard]] nng_tls_config* of_listener() const { return of_listener_; }

 private:
  TlsIdentity() = default;

  nng_tls_config* of_caller_ = nullptr;
  nng_tls_config* of_listener_ = nullptr;
};

}  // namespace sluice
