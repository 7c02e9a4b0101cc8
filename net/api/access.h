// Who may ask what: the one place where requests meet roles, for every protocol.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/proto/client.pb.h"
#include "net/host.h"

namespace lockstep::api {

// Each may do what those before it may, but that only kEdge, kWrite and kAdmin may be edges. The values
// travel as net::Access.
enum class Access : std::uint8_t {
  kEdge = 0,   // nothing but to be an edge
  kRead = 1,   // queries, versions, status; hears what the hub reports
  kWrite = 2,  // writes and sessions
  kAdmin = 3,  // maintenance and faults; models, policies and settings for the hub
};
std::string_view to_string(Access access);

Access needed_for(wire::Request::WhatCase what);
// Empty: it may. Otherwise the sentence of a FORBIDDEN answer.
std::string objection(Access has, wire::Request::WhatCase what);

// TOKEN of "Bearer TOKEN", as HTTP and gRPC carry it (RFC 6750); empty: nothing such.
std::string_view bearer_token(std::string_view authorization);

// The bearers that a configuration names. Only hashes are kept; all are compared, each in constant time.
class TokenTable {
 public:
  void add_token(std::string name, Access access, std::string_view token);
  // `sha256`: of the token, 64 hex digits.
  Status add_sha256(std::string name, Access access, std::string_view sha256);
  // The token that was added last may be these edges and no others.
  void bind_last_to(const std::vector<std::string>& edges);

  // Without tokens everybody may do everything.
  bool is_open() const { return bearers_.empty(); }
  // kRefused: no token where one is needed, or an unknown one.
  Result<Access> authenticate(std::string_view token) const;
  // The same of one that says hello: of the field the token must fit the number, too.
  Result<Access> admit(const net::Hello& hello) const;

 private:
  using Hash = std::array<unsigned char, 32>;
  struct Bearer {
    std::string name;
    Access access;
    Hash hash;
    std::vector<std::string> edges{};  // empty: any
  };
  static Hash hash_of(std::string_view token);

  Result<const Bearer*> bearer_of(std::string_view token) const;

  std::vector<Bearer> bearers_;
};

// For the native protocol: who comes in, and what those may ask and send. Both keep the table.
std::function<Result<net::Access>(const net::Hello&)> make_authenticate(
    std::shared_ptr<const TokenTable> tokens);
net::Host::Filter make_client_filter(std::shared_ptr<const TokenTable> tokens);

}  // namespace lockstep::api
