// OpenSSL's errors as sentences.
#pragma once

#include <openssl/ssl.h>

#include <string>

#include "net/asio.h"

namespace lockstep::net {

struct TlsFiles;

// `ssl` is the connection that failed, or is failing.
std::string describe_tls_error(const IoError& error, const SSL* ssl, const TlsFiles& files);

}  // namespace lockstep::net
