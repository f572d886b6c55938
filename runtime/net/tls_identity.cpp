#include "runtime/net/tls_identity.h"

#include <fmt/format.h>
#include <mbedtls/error.h>
#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>
#include <nng/nng.h>
#include <nng/supplemental/tls/tls.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <utility>

namespace sluice {

namespace {

// The library's objects, which are to be freed.
struct Certificates {
  Certificates() { mbedtls_x509_crt_init(&chain); }
  ~Certificates() { mbedtls_x509_crt_free(&chain); }
  Certificates(const Certificates&) = delete;
  Certificates& operator=(const Certificates&) = delete;
  mbedtls_x509_crt chain{};
};
struct PrivateKey {
  PrivateKey() { mbedtls_pk_init(&key); }
  ~PrivateKey() { mbedtls_pk_free(&key); }
  PrivateKey(const PrivateKey&) = delete;
  PrivateKey& operator=(const PrivateKey&) = delete;
  mbedtls_pk_context key{};
};

const unsigned char* bytes_of(const std::string& text) { return reinterpret_cast<const unsigned char*>(text.c_str()); }

Result<std::string> read_file(const std::string& path, const std::string& flag) {
  if (path.empty()) return user_error("TLS needs --tls-ca, --tls-cert and --tls-key: " + flag + " is missing");
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), {});
  if (!file) return system_error(fmt::format("cannot read {} of {}", path, flag), errno);
  return text;
}

std::string reason(int code) {
  std::array<char, 200> text{};
  mbedtls_strerror(code, text.data(), text.size());
  return text.data();
}

// PEM texts are parsed with the zero at their end.
Status parse(Certificates& certificates, const std::string& text, const std::string& path) {
  const int code = mbedtls_x509_crt_parse(&certificates.chain, bytes_of(text), text.size() + 1);
  if (code == 0) return {};
  return user_error(fmt::format("{} is no certificate in PEM: {}", path,
                                code > 0 ? fmt::format("{} of its parts cannot be read", code) : reason(code)));
}

Status parse(PrivateKey& key, const std::string& text, const std::string& path) {
  const int code = mbedtls_pk_parse_key(&key.key, bytes_of(text), text.size() + 1, nullptr, 0);
  if (code == 0) return {};
  if (code == MBEDTLS_ERR_PK_PASSWORD_REQUIRED)
    return user_error(path + " has a passphrase: give a key without one, in a file that only Sluice can read");
  return user_error(fmt::format("{} is no private key in PEM: {}", path, reason(code)));
}

std::string date(const mbedtls_x509_time& time) {
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC", time.year, time.mon, time.day, time.hour, time.min,
                     time.sec);
}

Status verify(Certificates& own, Certificates& ca, const TlsFiles& files) {
  uint32_t flags = 0;
  if (mbedtls_x509_crt_verify(&own.chain, &ca.chain, nullptr, nullptr, &flags, nullptr, nullptr) == 0) return {};
  if ((flags & MBEDTLS_X509_BADCERT_EXPIRED) != 0 && mbedtls_x509_time_is_past(&own.chain.valid_to) != 0)
    return user_error(
        fmt::format("the certificate in {} has expired on {}", files.certificate, date(own.chain.valid_to)));
  if ((flags & MBEDTLS_X509_BADCERT_FUTURE) != 0 && mbedtls_x509_time_is_future(&own.chain.valid_from) != 0)
    return user_error(fmt::format("the certificate in {} is valid only from {} on: is the clock of this machine right?",
                                  files.certificate, date(own.chain.valid_from)));
  if ((flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED) != 0)
    return user_error(fmt::format("the certificate in {} was not signed by the CA in {}", files.certificate, files.ca));
  std::array<char, 1000> text{};
  mbedtls_x509_crt_verify_info(text.data(), text.size(), "", flags);
  return user_error(fmt::format("the certificate in {} cannot be used: {}", files.certificate, text.data()));
}

Result<nng_tls_config*> make_config(nng_tls_mode mode, const std::string& ca, const std::string& certificate,
                                    const std::string& key) {
  nng_tls_config* config = nullptr;
  int code = nng_tls_config_alloc(&config, mode);
  if (code == 0) code = nng_tls_config_auth_mode(config, NNG_TLS_AUTH_MODE_REQUIRED);
  if (code == 0) code = nng_tls_config_ca_chain(config, ca.c_str(), nullptr);
  if (code == 0) code = nng_tls_config_own_cert(config, certificate.c_str(), key.c_str(), nullptr);
  if (code == 0) return config;
  if (config != nullptr) nng_tls_config_free(config);
  return external_error(fmt::format("TLS cannot be used: {}", nng_strerror(code)));
}

}  // namespace

Result<std::shared_ptr<const TlsIdentity>> TlsIdentity::read(const TlsFiles& files) {
  SLUICE_ASSIGN(const std::string ca_text, read_file(files.ca, "--tls-ca"));
  SLUICE_ASSIGN(const std::string certificate_text, read_file(files.certificate, "--tls-cert"));
  SLUICE_ASSIGN(const std::string key_text, read_file(files.key, "--tls-key"));
  Certificates ca;
  Certificates own;
  PrivateKey key;
  SLUICE_TRY(parse(ca, ca_text, files.ca));
  SLUICE_TRY(parse(own, certificate_text, files.certificate));
  SLUICE_TRY(parse(key, key_text, files.key));
  if (mbedtls_pk_check_pair(&own.chain.pk, &key.key) != 0)
    return user_error(
        fmt::format("the key in {} does not belong to the certificate in {}", files.key, files.certificate));
  SLUICE_TRY(verify(own, ca, files));
  std::shared_ptr<TlsIdentity> identity(new TlsIdentity());  // shared by all that listen and dial
  SLUICE_ASSIGN(identity->of_caller_, make_config(NNG_TLS_MODE_CLIENT, ca_text, certificate_text, key_text));
  SLUICE_ASSIGN(identity->of_listener_, make_config(NNG_TLS_MODE_SERVER, ca_text, certificate_text, key_text));
  return identity;
}

TlsIdentity::~TlsIdentity() {
  if (of_caller_ != nullptr) nng_tls_config_free(of_caller_);
  if (of_listener_ != nullptr) nng_tls_config_free(of_listener_);
}

}  // namespace sluice
