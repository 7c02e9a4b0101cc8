// A connection of a load generator to a Lockstep node: handshake, requests out, answers in, over the framed
// protocol.
#pragma once

#include <functional>
#include <string>

#include "base/bytes.h"
#include "base/frame.h"
#include "base/ids.h"
#include "base/result.h"
#include "bench/load/socket.h"
#include "core/proto/client.pb.h"

namespace lockstep::bench {

class NativeConnection {
 public:
  static Result<NativeConnection> open(const std::string& endpoint);

  int descriptor() const { return socket_.descriptor(); }
  // Leaves with the next flush.
  void queue(const wire::Request& request);
  Status flush();
  // Reads once and hands over every answer that is complete.
  Status receive(const std::function<void(const wire::Reply&)>& handle);
  // Sends this and waits for its answer; nothing else is outstanding.
  Result<wire::Reply> ask(const wire::Request& request);

 private:
  explicit NativeConnection(Socket socket) : socket_(std::move(socket)) {}
  void queue(Channel channel, BytesView payload);
  Result<Bytes> next_payload();
  Status greet();

  Socket socket_;
  ClusterId cluster_;
  NodeId node_;
  Bytes outgoing_;
  Bytes incoming_;
  Bytes payload_;
  wire::Reply reply_;
};

}  // namespace lockstep::bench
