// What the two sides of the TCP transport are told and count.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "base/bytes.h"
#include "base/frame.h"
#include "base/ids.h"
#include "base/time.h"
#include "net/endpoint.h"
#include "net/handshake.h"
#include "net/stream.h"

namespace lockstep::net {

struct TransportLimits {
  std::size_t max_queued_bytes =
      64 << 20;  // per connection; beyond it frames to a member are lost, a client is dropped
  std::size_t max_connections = 16'384;  // of clients; fewer if the process may not have so many descriptors
  // What the buffers of accepted connections hold together, those of HTTP too; beyond it the client that
  // holds most is dropped. With gRPC, which has a limit of its own, a process stays within 512 MiB.
  std::size_t max_buffered_bytes = 384 << 20;
  std::size_t max_request_bytes = 17 << 20;  // a frame of a client
  Duration handshake_timeout = std::chrono::seconds(5);
  Duration redial_min = std::chrono::milliseconds(20);  // doubles per failure
  Duration redial_max = std::chrono::milliseconds(1000);
};

// What a client may do, decided by its token at the handshake; the meaning is the caller's.
using Access = std::uint8_t;

struct TransportOptions {
  PartyKind kind = PartyKind::kClient;
  std::map<NodeId, Endpoint> peers;  // whom this process may dial; of a member: the other members
  std::string identity;              // see Hello
  std::string token;                 // see Hello
  std::uint64_t boot = 0;            // drawn at the start of the process
  TransportLimits limits;
  Security* security = nullptr;  // of all connections; none: in the clear
  // Of a member: what a client or one of the field may do by the token of its hello, or why it is refused.
  // None: everybody may do everything.
  std::function<Result<Access>(const Hello& hello)> authenticate;
  bool serves_field = false;  // of a member: it has a hub
  // A peer could not be reached, or the connection to it has ended; what was sent there and not answered is lost.
  // `was_connected`: it may have been read before. Called on the loop, never inside send(). None: nobody asks.
  std::function<void(NodeId peer, bool was_connected)> on_lost;
};

// Of this process in its cluster.
struct Place {
  NodeId self;
  ClusterId cluster;  // none: a client that takes any
};

struct TransportCounters {
  std::uint64_t frames_sent = 0;
  std::uint64_t frames_received = 0;
  std::uint64_t bytes_sent = 0;  // of payloads
  std::uint64_t bytes_received = 0;
  std::uint64_t frames_lost = 0;  // no connection, or too much waited
  std::uint64_t refused = 0;      // connections
  std::uint64_t forbidden = 0;    // frames of those who may not say such things
};

// Who sent a frame.
struct Party {
  NodeId id;    // its own, or one made up for the connection of a client
  NodeId name;  // what it calls itself
  bool is_member = false;
  Access access = 0;  // of a client
};

using Receive = std::function<void(const Party& from, Channel channel, BytesView payload)>;
// What a person should know. A warning: somebody was refused, dropped or cannot be reached.
enum class Tone : std::uint8_t { kRemark, kWarning };
using Log = std::function<void(Tone tone, const std::string& line)>;

}  // namespace lockstep::net
