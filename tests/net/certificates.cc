// X.509 by libcrypto.
#include "tests/net/certificates.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>

#include "base/check.h"

namespace lockstep::net {
namespace {

constexpr long kDay = 24 * 60 * 60;

template <class Write>
void write_file(const std::string& path, Write write) {
  std::FILE* const file = std::fopen(path.c_str(), "w");
  CHECK(file != nullptr, path);
  CHECK(write(file) == 1, path);
  std::fclose(file);
}

void extend(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  CHECK(extension != nullptr, value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

}  // namespace

Authority::Certificate Authority::make(const std::string& subject, const Key& key, int begins_in_days) {
  static long serial = 1;
  Certificate out(X509_new(), &X509_free);
  X509_set_version(out.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(out.get()), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(out.get()), begins_in_days * kDay);
  X509_gmtime_adj(X509_getm_notAfter(out.get()), (begins_in_days + 2) * kDay);
  X509_set_pubkey(out.get(), key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(out.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(subject.c_str()), -1, -1, 0);
  return out;
}

Authority::Authority(std::string directory, const std::string& name)
    : directory_(std::move(directory)),
      path_(directory_ + "/" + name + ".pem"),
      key_(EVP_EC_gen("P-256"), &EVP_PKEY_free),
      certificate_(make(name, key_, -1)) {
  X509_set_issuer_name(certificate_.get(), X509_get_subject_name(certificate_.get()));
  extend(certificate_.get(), certificate_.get(), NID_basic_constraints, "critical,CA:TRUE");
  X509_sign(certificate_.get(), key_.get(), EVP_sha256());
  write_file(path_, [&](std::FILE* file) { return PEM_write_X509(file, certificate_.get()); });
}

Issued Authority::issue(const std::string& file, const std::string& names, int begins_in_days) const {
  const Key key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  const Certificate leaf = make(file, key, begins_in_days);
  X509_set_issuer_name(leaf.get(), X509_get_subject_name(certificate_.get()));
  extend(leaf.get(), certificate_.get(), NID_basic_constraints, "critical,CA:FALSE");
  if (!names.empty()) extend(leaf.get(), certificate_.get(), NID_subject_alt_name, names);
  X509_sign(leaf.get(), key_.get(), EVP_sha256());
  const Issued out{directory_ + "/" + file + ".pem", directory_ + "/" + file + ".key"};
  write_file(out.certificate, [&](std::FILE* to) { return PEM_write_X509(to, leaf.get()); });
  write_file(out.key, [&](std::FILE* to) {
    return PEM_write_PrivateKey(to, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
  return out;
}

}  // namespace lockstep::net
