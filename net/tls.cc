// Contexts, handshakes, and who a certificate speaks for.
#include "net/tls.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <boost/asio/ssl.hpp>
#include <cerrno>
#include <utility>

#include "base/text.h"
#include "net/system_error.h"
#include "net/tls_errors.h"

namespace lockstep::net {
namespace {

using SslStream = asio::ssl::stream<Tcp::socket>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

// After a failed handshake our alert needs a moment to arrive; so many may take it at once.
constexpr Duration kLinger = std::chrono::seconds(1);
constexpr std::size_t kMostLingering = 256;

std::unexpected<Error> unfit(const std::string& file, std::string_view expected) {
  return fail(ErrorCode::kInvalidArgument, cat(file, ": expected ", expected));
}

Status readable(const std::string& file) {
  if (::access(file.c_str(), R_OK) != 0) return system_failure("read", file);
  return {};
}

// Nobody is asked: a program that serves has no terminal.
int no_passphrase(char*, int, int, void*) { return 0; }

std::string date_of(const ASN1_TIME* time) {
  std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), &BIO_free);
  ASN1_TIME_print(out.get(), time);
  char text[64] = {};
  const int size = BIO_read(out.get(), text, sizeof text - 1);
  return {text, static_cast<std::size_t>(std::max(size, 0))};
}

Status in_its_time(const std::string& file, const X509* certificate) {
  if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0)
    return unfit(
        file, cat("a certificate that is valid, it has expired: ", date_of(X509_get0_notAfter(certificate))));
  if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0)
    return unfit(file, cat("a certificate that is valid, it begins to be: ",
                           date_of(X509_get0_notBefore(certificate))));
  return {};
}

Status load_own(SSL_CTX* context, const TlsFiles& files) {
  if (files.certificate.empty()) return {};
  LOCKSTEP_TRY_STATUS(readable(files.certificate));
  LOCKSTEP_TRY_STATUS(readable(files.key));
  if (SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1)
    return unfit(files.certificate, "a certificate in PEM form");
  LOCKSTEP_TRY_STATUS(in_its_time(files.certificate, SSL_CTX_get0_certificate(context)));
  if (SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) == 1) return {};
  const bool is_another = ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH ||
                          ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_TYPE_MISMATCH;
  return unfit(files.key, is_another ? cat("the key of ", files.certificate, ", found another key")
                                     : "a private key in PEM form without a passphrase");
}

Status load_authority(SSL_CTX* context, const std::string& file) {
  LOCKSTEP_TRY_STATUS(readable(file));
  if (SSL_CTX_load_verify_file(context, file.c_str()) != 1)
    return unfit(file, "certificates of authorities in PEM form");
  return {};
}

void restrict(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET);
  // Each connection proves who it is.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_default_passwd_cb(context, &no_passphrase);
}

// Of the names in the certificate only those meant for machines count, and no wildcards: they would not tell
// members apart.
bool names(X509* certificate, const std::string& host) {
  constexpr unsigned kFlags = X509_CHECK_FLAG_NO_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;
  return X509_check_host(certificate, host.c_str(), host.size(), kFlags, nullptr) == 1 ||
         X509_check_ip_asc(certificate, host.c_str(), 0) == 1;
}

bool is_signed_by(X509_STORE* authorities, X509* certificate, STACK_OF(X509) * chain) {
  std::unique_ptr<X509_STORE_CTX, decltype(&X509_STORE_CTX_free)> check(X509_STORE_CTX_new(),
                                                                        &X509_STORE_CTX_free);
  return X509_STORE_CTX_init(check.get(), authorities, certificate, chain) == 1 &&
         X509_verify_cert(check.get()) == 1;
}

}  // namespace

struct TlsContexts {
  // Those that the members' certificates are signed by.
  X509_STORE* member_authorities() { return SSL_CTX_get_cert_store(outgoing.native_handle()); }

  TlsFiles files;
  TlsRules rules;
  asio::ssl::context outgoing{asio::ssl::context::tls};
  asio::ssl::context incoming{asio::ssl::context::tls};
  std::size_t lingering = 0;  // closed soon
};

namespace {

using Contexts = std::shared_ptr<TlsContexts>;

class TlsStream final : public Stream {
 public:
  TlsStream(std::unique_ptr<SslStream> stream, Contexts contexts)
      : contexts_(std::move(contexts)), stream_(std::move(stream)) {
    IoError error;
    const auto remote = stream_->lowest_layer().remote_endpoint(error);
    if (!error) remote_ = to_string(remote);
  }
  void read_some(asio::mutable_buffer into, Handler handler) override {
    stream_->async_read_some(into, std::move(handler));
  }
  void write(asio::const_buffer bytes, Handler handler) override {
    asio::async_write(*stream_, bytes, std::move(handler));
  }
  void finish() override {
    IoError ignored;
    stream_->lowest_layer().shutdown(Tcp::socket::shutdown_send, ignored);
  }
  void close() override {
    IoError ignored;
    stream_->lowest_layer().close(ignored);
  }
  std::string remote() const override { return remote_; }
  std::string describe(const IoError& error) const override {
    return describe_tls_error(error, stream_->native_handle(), contexts_->files);
  }
  Status proves(NodeId id, const std::string& host) const override {
    SSL* const ssl = stream_->native_handle();
    const Certificate shown(SSL_get1_peer_certificate(ssl), &X509_free);
    if (!shown) return fail(ErrorCode::kRefused, cat("expected the certificate of n", id, ", found none"));
    if (!is_signed_by(contexts_->member_authorities(), shown.get(), SSL_get_peer_cert_chain(ssl)))
      return fail(ErrorCode::kRefused,
                  cat("expected a member's certificate, found one that is not signed by an authority in ",
                      contexts_->files.authority));
    if (names(shown.get(), cat("n", id)) || names(shown.get(), host)) return {};
    return fail(ErrorCode::kRefused,
                cat("expected a certificate that names n", id, " or ", host, ", found another"));
  }

 private:
  Contexts contexts_;
  std::unique_ptr<SslStream> stream_;
  std::string remote_;
};

// One handshake: over when it succeeds, fails or takes too long. Kept alive by its operations.
struct Greeting {
  Greeting(Contexts both, asio::ssl::context& context, Tcp::socket socket, Security::Ready call)
      : contexts(std::move(both)),
        timer(socket.get_executor()),
        stream(std::make_unique<SslStream>(std::move(socket), context)),
        ready(std::move(call)) {}

  void close() {
    IoError ignored;
    if (stream) stream->lowest_layer().close(ignored);
  }

  Contexts contexts;
  asio::steady_timer timer;
  std::unique_ptr<SslStream> stream;
  Security::Ready ready;
};

// Its alert is on its way: closing over unread bytes would destroy it.
void close_later(const std::shared_ptr<Greeting>& greeting) {
  if (greeting->contexts->lingering >= kMostLingering) return greeting->close();
  IoError ignored;
  greeting->stream->lowest_layer().shutdown(Tcp::socket::shutdown_send, ignored);
  ++greeting->contexts->lingering;
  greeting->timer.expires_after(kLinger);
  greeting->timer.async_wait([greeting](const IoError&) {
    --greeting->contexts->lingering;
    greeting->close();
  });
}

void shake_hands(const std::shared_ptr<Greeting>& greeting, asio::ssl::stream_base::handshake_type side) {
  greeting->timer.expires_after(greeting->contexts->rules.handshake_timeout);
  greeting->timer.async_wait([greeting](const IoError& cancelled) {
    if (!cancelled && greeting->ready) greeting->close();  // the handshake fails, and says so
  });
  greeting->stream->async_handshake(side, [greeting](const IoError& error) {
    const auto ready = std::exchange(greeting->ready, nullptr);
    greeting->timer.cancel();
    if (!error) return ready(std::make_unique<TlsStream>(std::move(greeting->stream), greeting->contexts));
    const bool late = error == asio::error::operation_aborted || error == asio::error::bad_descriptor;
    std::string why =
        late ? "expected a TLS handshake within its time, found silence"
             : describe_tls_error(error, greeting->stream->native_handle(), greeting->contexts->files);
    close_later(greeting);
    ready(fail(ErrorCode::kRefused, std::move(why)));
  });
}

}  // namespace

Result<std::unique_ptr<TlsSecurity>> TlsSecurity::create(const TlsFiles& files, const TlsRules& rules) {
  auto contexts = std::make_shared<TlsContexts>();
  contexts->files = files;
  if (files.client_authority.empty()) contexts->files.client_authority = files.authority;
  contexts->rules = rules;
  for (asio::ssl::context* context : {&contexts->outgoing, &contexts->incoming}) {
    ERR_clear_error();
    restrict(context->native_handle());
    LOCKSTEP_TRY_STATUS(load_own(context->native_handle(), contexts->files));
    LOCKSTEP_TRY_STATUS(load_authority(context->native_handle(), contexts->files.authority));
  }
  LOCKSTEP_TRY_STATUS(load_authority(contexts->incoming.native_handle(), contexts->files.client_authority));
  SSL_CTX_set_verify(contexts->outgoing.native_handle(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_verify(
      contexts->incoming.native_handle(),
      SSL_VERIFY_PEER | (rules.clients_need_certificates ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), nullptr);
  return std::unique_ptr<TlsSecurity>(new TlsSecurity(std::move(contexts)));
}

void TlsSecurity::accept(Tcp::socket socket, Ready ready) {
  shake_hands(std::make_shared<Greeting>(contexts_, contexts_->incoming, std::move(socket), std::move(ready)),
              asio::ssl::stream_base::server);
}

void TlsSecurity::connect(Tcp::socket socket, const Endpoint& to, Ready ready) {
  const auto greeting =
      std::make_shared<Greeting>(contexts_, contexts_->outgoing, std::move(socket), std::move(ready));
  IoError not_an_address;
  asio::ip::make_address(to.host, not_an_address);
  if (not_an_address) SSL_set_tlsext_host_name(greeting->stream->native_handle(), to.host.c_str());
  shake_hands(greeting, asio::ssl::stream_base::client);
}

}  // namespace lockstep::net
