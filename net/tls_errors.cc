// Which alert and which verdict on a certificate means what.
#include "net/tls_errors.h"

#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <openssl/x509.h>

#include <boost/asio/ssl/error.hpp>

#include "base/text.h"
#include "net/tls.h"

namespace lockstep::net {
namespace {

// Why we do not believe the certificate that was shown to us.
std::string rejected(const SSL* ssl, const TlsFiles& files) {
  const long verdict = SSL_get_verify_result(ssl);
  switch (verdict) {
    case X509_V_ERR_CERT_HAS_EXPIRED: return "the certificate of the other side has expired";
    case X509_V_ERR_CERT_NOT_YET_VALID: return "the certificate of the other side is not valid yet";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      return cat("the certificate of the other side is not signed by an authority in ",
                 SSL_is_server(ssl) == 1 ? files.client_authority : files.authority);
    default:
      return cat("the certificate of the other side is not accepted: ",
                 X509_verify_cert_error_string(verdict));
  }
}

std::string own_certificate(const TlsFiles& files) {
  return files.certificate.empty() ? std::string("no certificate") : files.certificate;
}

}  // namespace

std::string describe_tls_error(const IoError& error, const SSL* ssl, const TlsFiles& files) {
  if (error == asio::error::eof || error == asio::ssl::error::stream_truncated)
    return "the other side has closed the connection";
  if (error.category() != asio::error::get_ssl_category()) return error.message();
  switch (ERR_GET_REASON(static_cast<unsigned long>(error.value()))) {
    case SSL_R_CERTIFICATE_VERIFY_FAILED: return rejected(ssl, files);
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      return "expected a certificate, the other side has shown none";
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
      return cat("the other side wants another certificate, this one has shown ", own_certificate(files));
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
      return cat("the other side does not know the authority that has signed ", own_certificate(files));
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
      return cat("the other side says that ", own_certificate(files), " has expired");
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
      return cat("the other side does not accept ", own_certificate(files));
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_UNEXPECTED_MESSAGE:
    case SSL_R_BAD_RECORD_TYPE:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_RECORD_LENGTH_MISMATCH:
      return "expected TLS, found something else: is the other side without it?";
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION: return "expected TLS 1.2 or later on both sides";
    default: return cat("TLS: ", error.message());
  }
}

}  // namespace lockstep::net
