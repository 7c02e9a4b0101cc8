// Certificates made for a test: authorities and what they sign.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <vector>

#include "net/tls.h"

namespace lockstep::net {

struct Issued {
  std::string certificate, key;  // paths
};

class Authority {
 public:
  // Writes NAME.pem into the directory.
  Authority(std::string directory, const std::string& name);

  const std::string& path() const { return path_; }
  // `names`: "DNS:n1,IP:127.0.0.1"; empty: none. Valid for two days from `begins_in_days` on.
  Issued issue(const std::string& file, const std::string& names, int begins_in_days = -1) const;

 private:
  using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
  using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
  static Certificate make(const std::string& subject, const Key& key, int begins_in_days);

  std::string directory_, path_;
  Key key_;
  Certificate certificate_;
};

}  // namespace lockstep::net
