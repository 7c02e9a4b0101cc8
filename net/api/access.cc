// Roles, hashes of tokens, and the look at a request that stands before the front desk.
#include "net/api/access.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <optional>

#include "base/field_numbers.h"
#include "base/join.h"
#include "core/proto/field.pb.h"
#include "net/api/request_parts.h"

namespace lockstep::api {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

std::optional<unsigned> hex_digit(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return std::nullopt;
}

struct Outline {
  std::uint64_t call = 0;
  wire::Request::WhatCase what =
      wire::Request::WHAT_NOT_SET;  // the one that needs most, if there are several
};

// The number and the kind, without what a write carries. Damage is for the front desk to name.
Outline outline_of(BytesView payload) {
  Outline outline;
  CodedInputStream in(reinterpret_cast<const std::uint8_t*>(payload.data()),
                      static_cast<int>(payload.size()));
  for (std::uint32_t tag = in.ReadTag(); tag != 0; tag = in.ReadTag()) {
    const auto what = static_cast<wire::Request::WhatCase>(WireFormatLite::GetTagFieldNumber(tag));
    if (tag == WireFormatLite::MakeTag(wire::Request::kCallFieldNumber, WireFormatLite::WIRETYPE_VARINT)) {
      if (!in.ReadVarint64(&outline.call)) break;
      continue;
    }
    if (outline.what == wire::Request::WHAT_NOT_SET || needed_for(what) > needed_for(outline.what))
      outline.what = what;
    if (!WireFormatLite::SkipField(&in, tag)) break;
  }
  return outline;
}

std::string needs(Access needed, Access has) {
  return cat("expected a token with the role ", to_string(needed), "; this one has ", to_string(has));
}

wire::Reply too_many_parts(BytesView payload) {
  wire::Reply reply;
  reply.set_call(outline_of(payload).call);
  reply.set_status(wire::BAD_REQUEST);
  reply.set_message(kTooManyParts);
  return reply;
}

// Models, policies and settings change what every device is told: only an administrator sends them, and makes
// them active. The answer is the one with which a hub refuses a package.
std::optional<net::Host::Forbidden> forbidden_package(Access has, BytesView payload) {
  wire::FieldMessage message;
  if (!message.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) return std::nullopt;
  wire::FieldMessage answer;
  wire::PackageStatus& status = *answer.mutable_package_status();
  const auto about = [&](const auto& order) {
    status.set_kind(order.kind());
    status.set_version(order.version());
  };
  switch (message.what_case()) {
    case wire::FieldMessage::kPackage: about(message.package()); break;
    case wire::FieldMessage::kChunk: about(message.chunk()); break;
    case wire::FieldMessage::kActivate: about(message.activate()); break;
    default: return std::nullopt;
  }
  status.set_state(wire::REFUSED);
  status.set_reason(needs(Access::kAdmin, has));
  return net::Host::Forbidden{
      .channel = Channel::kField, .answer = answer.SerializeAsString(), .why = status.reason()};
}

bool may_be(const std::vector<std::string>& edges, NodeId number) {
  return edges.empty() || std::ranges::find(edges, number, [](const std::string& name) {
                            return edge_number(name);
                          }) != edges.end();
}

}  // namespace

std::string_view to_string(Access access) {
  switch (access) {
    case Access::kEdge: return "edge";
    case Access::kRead: return "read";
    case Access::kWrite: return "write";
    case Access::kAdmin: return "admin";
  }
  return "?";
}

Access needed_for(wire::Request::WhatCase what) {
  switch (what) {
    case wire::Request::kQuery:
    case wire::Request::kGetVersion:
    case wire::Request::kStatus:
    case wire::Request::kWithdraw:
    case wire::Request::WHAT_NOT_SET: return Access::kRead;
    case wire::Request::kWrite:
    case wire::Request::kOpenSession:
    case wire::Request::kCloseSession: return Access::kWrite;
    case wire::Request::kMaintain: return Access::kAdmin;
  }
  return Access::kAdmin;  // of a later version of the protocol
}

std::string objection(Access has, wire::Request::WhatCase what) {
  const Access needed = needed_for(what);
  if (has >= needed) return {};
  return needs(needed, has);
}

std::string_view bearer_token(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer ";
  if (authorization.size() < kScheme.size()) return {};
  for (std::size_t i = 0; i < kScheme.size(); ++i)
    if ((authorization[i] | 0x20) != (kScheme[i] | 0x20)) return {};
  return authorization.substr(kScheme.size());
}

TokenTable::Hash TokenTable::hash_of(std::string_view token) {
  Hash hash;
  ::SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), hash.data());
  return hash;
}

void TokenTable::add_token(std::string name, Access access, std::string_view token) {
  bearers_.push_back({std::move(name), access, hash_of(token)});
}

Status TokenTable::add_sha256(std::string name, Access access, std::string_view sha256) {
  Hash hash;
  bool fine = sha256.size() == 2 * hash.size();
  for (std::size_t at = 0; fine && at < hash.size(); ++at) {
    const auto high = hex_digit(sha256[2 * at]);
    const auto low = hex_digit(sha256[2 * at + 1]);
    fine = high && low;
    if (fine) hash[at] = static_cast<unsigned char>(*high << 4 | *low);
  }
  if (!fine)
    return fail(ErrorCode::kInvalidArgument, cat("expected 64 hex digits as the SHA-256 of token ", name));
  bearers_.push_back({std::move(name), access, hash});
  return {};
}

void TokenTable::bind_last_to(const std::vector<std::string>& edges) { bearers_.back().edges = edges; }

Result<const TokenTable::Bearer*> TokenTable::bearer_of(std::string_view token) const {
  if (token.empty()) return fail(ErrorCode::kRefused, "expected a token");
  const Hash hash = hash_of(token);
  const Bearer* found = nullptr;
  for (const Bearer& bearer : bearers_)
    if (::CRYPTO_memcmp(hash.data(), bearer.hash.data(), hash.size()) == 0) found = &bearer;
  if (found == nullptr)
    return fail(ErrorCode::kRefused, "expected a token of this cluster; this one is not known");
  return found;
}

Result<Access> TokenTable::authenticate(std::string_view token) const {
  if (is_open()) return Access::kAdmin;
  LOCKSTEP_TRY(bearer, bearer_of(token));
  return bearer->access;
}

Result<Access> TokenTable::admit(const net::Hello& hello) const {
  if (is_open()) return Access::kAdmin;
  LOCKSTEP_TRY(bearer, bearer_of(hello.token));
  if (hello.kind != net::PartyKind::kField) return bearer->access;
  const bool is_edge = field_kind(hello.from) == FieldKind::kEdge;
  if (is_edge && bearer->access == Access::kRead)
    return fail(ErrorCode::kRefused,
                "expected a token with the role edge, for an edge changes what is stored; this one has read");
  if (is_edge && !may_be(bearer->edges, hello.from))
    return fail(ErrorCode::kRefused, cat("expected a token of the edge with number ", hello.from,
                                         "; this one is of ", joined(bearer->edges)));
  if (!is_edge && bearer->access < Access::kRead)
    return fail(
        ErrorCode::kRefused,
        "expected a token with the role admin to send packages, or read to look on; this one has edge");
  return bearer->access;
}

std::function<Result<net::Access>(const net::Hello&)> make_authenticate(
    std::shared_ptr<const TokenTable> tokens) {
  return [tokens = std::move(tokens)](const net::Hello& hello) -> Result<net::Access> {
    LOCKSTEP_TRY(access, tokens->admit(hello));
    return static_cast<net::Access>(access);
  };
}

net::Host::Filter make_client_filter(std::shared_ptr<const TokenTable> tokens) {
  return [tokens = std::move(tokens)](const net::Party& from, Channel channel,
                                      BytesView payload) -> std::optional<net::Host::Forbidden> {
    if (channel == Channel::kRequest && has_too_many_parts(payload, *wire::Request::descriptor()))
      return net::Host::Forbidden{
          .channel = Channel::kReply, .answer = too_many_parts(payload).SerializeAsString(), .why = {}};
    const auto has = static_cast<Access>(from.access);
    if (tokens->is_open() || has >= Access::kAdmin) return std::nullopt;
    if (channel == Channel::kField) return forbidden_package(has, payload);
    if (channel != Channel::kRequest) return std::nullopt;
    const Outline outline = outline_of(payload);
    const std::string sentence = objection(has, outline.what);
    if (sentence.empty()) return std::nullopt;
    wire::Reply reply;
    reply.set_call(outline.call);
    reply.set_status(wire::FORBIDDEN);
    reply.set_message(sentence);
    return net::Host::Forbidden{.channel = Channel::kReply, .answer = reply.SerializeAsString(), .why = {}};
  };
}

}  // namespace lockstep::api
