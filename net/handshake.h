// The first frames of a connection: who is there, and whether the two may talk. Layout:
// docs/format/handshake.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/bytes.h"
#include "base/field_numbers.h"
#include "base/ids.h"
#include "base/result.h"

namespace lockstep::net {

inline constexpr std::uint32_t kProtocolVersion = 1;
// Far more than a hello needs: names and tokens are bounded, so that a stranger cannot make us keep bytes.
inline constexpr std::size_t kMaxHandshakeBytes = 4096;

enum class PartyKind : std::uint8_t {
  kMember = 1,
  kClient = 2,
  kField = 3,  // an edge or the cloud: a client that is known by its own number, and by no connection's
};

// From the one who dials.
struct Hello {
  std::uint32_t protocol = kProtocolVersion;
  PartyKind kind = PartyKind::kClient;
  ClusterId cluster;  // none: a client or one of the field that takes any
  NodeId from;
  NodeId to;               // whom it means to reach; none: likewise
  std::uint64_t boot = 0;  // drawn at the start of the process: tells a reconnect from a second process
  std::string identity;    // members: SQLite's source id and compile options, which must be equal
  std::string token;       // of those who are no members: who they are; empty: nobody in particular
  bool operator==(const Hello&) const = default;
};

// From the one who was dialled: it may.
struct Welcome {
  ClusterId cluster;
  NodeId from;
  std::uint64_t boot = 0;
  bool operator==(const Welcome&) const = default;
};

// It may not; the connection is closed after this.
struct Refusal {
  std::string reason;
  bool operator==(const Refusal&) const = default;
};

using HandshakeMessage = std::variant<Hello, Welcome, Refusal>;

Bytes encode(const HandshakeMessage& message);
// kCorrupt: no such message. Of another protocol version: kRefused, with both versions named.
Result<HandshakeMessage> decode_handshake(BytesView payload);

// The one who is dialled.
struct Gate {
  ClusterId cluster;
  NodeId self;
  std::string identity;
  bool serves_field = false;  // there is a hub behind it
};

// A stranger's text as it may be shown to a person: printable ASCII, and not too much of it.
std::string printable(std::string_view text);

// Why this hello is refused, by name; empty if it is not. Whether an id is taken is for the caller to know.
std::string objection_to(const Hello& hello, const Gate& gate, bool is_member);

}  // namespace lockstep::net
