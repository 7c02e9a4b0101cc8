// Connections that are encrypted and whose sides show certificates: the port Security on OpenSSL.
//
// TLS 1.3, or 1.2 with those who have no better. What is checked, and how to make the files:
// docs/security.md.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "base/result.h"
#include "base/time.h"
#include "net/stream.h"

namespace lockstep::net {

// Paths of PEM files.
struct TlsFiles {
  std::string authority;         // who signs the members' certificates
  std::string certificate;       // what this process shows, with its chain; empty: nothing (clients only)
  std::string key;               // of that certificate, without a passphrase
  std::string client_authority;  // of a member: who signs clients' certificates; empty: as for members
};

struct TlsRules {
  // Of a member: a client without a certificate is turned away. A member without one always is, later, by
  // Stream::proves.
  bool clients_need_certificates = true;
  Duration handshake_timeout = std::chrono::seconds(5);
};

struct TlsContexts;

class TlsSecurity final : public Security {
 public:
  // The error names the file and what was expected of it. A certificate that has expired is refused here.
  static Result<std::unique_ptr<TlsSecurity>> create(const TlsFiles& files, const TlsRules& rules);

  void accept(Tcp::socket socket, Ready ready) override;
  void connect(Tcp::socket socket, const Endpoint& to, Ready ready) override;

 private:
  explicit TlsSecurity(std::shared_ptr<TlsContexts> contexts) : contexts_(std::move(contexts)) {}

  std::shared_ptr<TlsContexts> contexts_;  // shared with its streams
};

}  // namespace lockstep::net
