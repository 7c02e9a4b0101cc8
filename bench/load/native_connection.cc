// Frames of a load generator, blocking.
#include "bench/load/native_connection.h"

#include "base/text.h"
#include "net/handshake.h"

namespace lockstep::bench {
namespace {

constexpr NodeId kSelf{1'000'000};  // what a client calls itself need not be unique
constexpr std::chrono::milliseconds kPatience{30'000};

}  // namespace

Result<NativeConnection> NativeConnection::open(const std::string& endpoint) {
  Socket socket = Socket::connect(endpoint);
  if (!socket) return fail(ErrorCode::kUnavailable, cat("expected a node that listens at ", endpoint));
  NativeConnection connection(std::move(socket));
  LOCKSTEP_TRY_STATUS(connection.greet());
  return connection;
}

Status NativeConnection::greet() {
  net::Hello hello;
  hello.from = kSelf;
  queue(Channel::kHandshake, net::encode(hello));
  LOCKSTEP_TRY_STATUS(flush());
  LOCKSTEP_TRY(payload, next_payload());
  LOCKSTEP_TRY(message, net::decode_handshake(payload));
  if (const auto* refusal = std::get_if<net::Refusal>(&message))
    return fail(ErrorCode::kRefused, refusal->reason);
  const auto* welcome = std::get_if<net::Welcome>(&message);
  if (welcome == nullptr) return fail(ErrorCode::kCorrupt, "expected a welcome after the hello");
  cluster_ = welcome->cluster;
  node_ = welcome->from;
  return {};
}

void NativeConnection::queue(Channel channel, BytesView payload) {
  append_frame({.cluster = cluster_, .from = kSelf, .to = node_, .channel = channel}, payload, outgoing_);
}

void NativeConnection::queue(const wire::Request& request) {
  request.SerializeToString(&payload_);
  queue(Channel::kRequest, payload_);
}

Status NativeConnection::flush() {
  const bool sent = socket_.write_all(outgoing_);
  outgoing_.clear();
  return sent ? Status() : fail(ErrorCode::kUnavailable, cat("n", node_, " closed the connection"));
}

Result<Bytes> NativeConnection::next_payload() {
  for (;;) {
    const auto size = frame_size(incoming_);
    if (size && *size <= incoming_.size()) {
      LOCKSTEP_TRY(frame, decode_frame(BytesView(incoming_).substr(0, *size)));
      Bytes payload(frame.payload);
      incoming_.erase(0, *size);
      return payload;
    }
    if (!size && size.error().code != ErrorCode::kEnd) return std::unexpected(size.error());
    if (!socket_.read_some(incoming_, kPatience))
      return fail(ErrorCode::kUnavailable, "the node closed the connection, or did not answer");
  }
}

Status NativeConnection::receive(const std::function<void(const wire::Reply&)>& handle) {
  if (!socket_.read_ready(incoming_))
    return fail(ErrorCode::kUnavailable, cat("n", node_, " closed the connection"));
  BytesView rest = incoming_;
  for (;;) {
    const auto size = frame_size(rest);
    if (!size && size.error().code != ErrorCode::kEnd) return std::unexpected(size.error());
    if (!size || *size > rest.size()) break;
    LOCKSTEP_TRY(frame, decode_frame(rest.substr(0, *size)));
    if (!reply_.ParseFromArray(frame.payload.data(), static_cast<int>(frame.payload.size())))
      return fail(ErrorCode::kCorrupt, "expected a reply");
    handle(reply_);
    rest.remove_prefix(*size);
  }
  incoming_.erase(0, incoming_.size() - rest.size());
  return {};
}

Result<wire::Reply> NativeConnection::ask(const wire::Request& request) {
  queue(request);
  LOCKSTEP_TRY_STATUS(flush());
  LOCKSTEP_TRY(payload, next_payload());
  wire::Reply reply;
  if (!reply.ParseFromString(payload)) return fail(ErrorCode::kCorrupt, "expected a reply");
  return reply;
}

}  // namespace lockstep::bench
