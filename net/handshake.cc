// Encoding, checking, and the sentences of a refusal.
#include "net/handshake.h"

#include <utility>

#include "base/check.h"

namespace lockstep::net {
namespace {

enum class Kind : std::uint8_t { kHello = 1, kWelcome = 2, kRefusal = 3 };

void write(ByteWriter& out, const Hello& hello) {
  out.u8(std::to_underlying(Kind::kHello)).u32(hello.protocol).u8(std::to_underlying(hello.kind));
  out.u64(hello.cluster.value()).u64(hello.from.value()).u64(hello.to.value()).u64(hello.boot);
  out.sized(hello.identity).sized(hello.token);
}

void write(ByteWriter& out, const Welcome& welcome) {
  out.u8(std::to_underlying(Kind::kWelcome))
      .u64(welcome.cluster.value())
      .u64(welcome.from.value())
      .u64(welcome.boot);
}

void write(ByteWriter& out, const Refusal& refusal) {
  out.u8(std::to_underlying(Kind::kRefusal)).sized(refusal.reason);
}

Result<HandshakeMessage> read_hello(ByteReader& in) {
  Hello hello;
  LOCKSTEP_TRY(protocol, in.u32());
  // What follows may have another layout there.
  if (protocol != kProtocolVersion)
    return fail(ErrorCode::kRefused,
                cat("expected protocol version ", kProtocolVersion, ", found ", protocol));
  LOCKSTEP_TRY(kind, in.u8());
  if (kind < std::to_underlying(PartyKind::kMember) || kind > std::to_underlying(PartyKind::kField))
    return fail(ErrorCode::kCorrupt,
                cat("expected a member (1), a client (2) or one of the field (3), found ", kind));
  hello.kind = PartyKind{kind};
  LOCKSTEP_TRY(cluster, in.u64());
  LOCKSTEP_TRY(from, in.u64());
  LOCKSTEP_TRY(to, in.u64());
  LOCKSTEP_TRY(boot, in.u64());
  LOCKSTEP_TRY(identity, in.sized());
  LOCKSTEP_TRY(token, in.sized());
  hello.cluster = ClusterId(cluster);
  hello.from = NodeId(from);
  hello.to = NodeId(to);
  hello.boot = boot;
  hello.identity = identity;
  hello.token = token;
  return hello;
}

Result<HandshakeMessage> read_welcome(ByteReader& in) {
  LOCKSTEP_TRY(cluster, in.u64());
  LOCKSTEP_TRY(from, in.u64());
  LOCKSTEP_TRY(boot, in.u64());
  return Welcome{.cluster = ClusterId(cluster), .from = NodeId(from), .boot = boot};
}

Result<HandshakeMessage> read_body(Kind kind, ByteReader& in) {
  switch (kind) {
    case Kind::kHello: return read_hello(in);
    case Kind::kWelcome: return read_welcome(in);
    case Kind::kRefusal: {
      LOCKSTEP_TRY(reason, in.sized());
      return Refusal{.reason = std::string(reason)};
    }
  }
  return fail(ErrorCode::kCorrupt, cat("expected hello (1), welcome (2) or refusal (3), found ",
                                       static_cast<unsigned>(std::to_underlying(kind))));
}

std::string objection_to_field(const Hello& hello, const Gate& gate) {
  if (!gate.serves_field)
    return cat("node n", gate.self, " has no hub: its configuration has no \"hub\" section");
  if (field_kind(hello.from) == FieldKind::kNobody)
    return cat("expected the number of an edge or a cloud, above ", kFirstFieldNumber, ", found ",
               hello.from);
  return {};
}

}  // namespace

Bytes encode(const HandshakeMessage& message) {
  Bytes bytes;
  ByteWriter out(bytes);
  std::visit([&out](const auto& body) { write(out, body); }, message);
  return bytes;
}

Result<HandshakeMessage> decode_handshake(BytesView payload) {
  if (payload.size() > kMaxHandshakeBytes)
    return fail(ErrorCode::kTooLarge, cat("expected a handshake of at most ", kMaxHandshakeBytes, " bytes"));
  ByteReader in(payload);
  LOCKSTEP_TRY(kind, in.u8());
  LOCKSTEP_TRY(message, read_body(Kind{kind}, in));
  if (!in.at_end()) return fail(ErrorCode::kCorrupt, cat(in.remaining(), " bytes too many in a handshake"));
  return message;
}

std::string printable(std::string_view text) {
  constexpr std::size_t kMost = 300;
  std::string out(text.substr(0, kMost));
  for (char& c : out)
    if (c < ' ' || c > '~') c = '?';
  if (text.size() > kMost) out.append("...");
  return out;
}

std::string objection_to(const Hello& hello, const Gate& gate, bool is_member) {
  const bool any_cluster = hello.kind != PartyKind::kMember && hello.cluster.is_none();
  if (hello.cluster != gate.cluster && !any_cluster)
    return cat("this is cluster ", gate.cluster, ", not cluster ", hello.cluster);
  const bool any_node = hello.kind != PartyKind::kMember && hello.to.is_none();
  if (hello.to != gate.self && !any_node) return cat("this is node n", gate.self, ", not n", hello.to);
  if (hello.kind == PartyKind::kClient) return {};
  if (hello.kind == PartyKind::kField) return objection_to_field(hello, gate);
  if (hello.from == gate.self) return cat("node id n", gate.self, " is taken: it is mine");
  if (!is_member) return cat("n", hello.from, " is not a member of cluster ", gate.cluster);
  if (hello.identity != gate.identity)
    return cat("all members need the same SQLite: expected \"", gate.identity, "\", found \"",
               printable(hello.identity), "\"");
  return {};
}

}  // namespace lockstep::net
