// Bytes on a connection that has been accepted: frames in any pieces, then the handshake.
#include "net/connection.h"

#include "base/check.h"
#include "net/handshake.h"
#include "tests/fuzz/targets.h"
#include "tests/net/pipe.h"

namespace lockstep::fuzz {
namespace {

using namespace net;

// A checksum is beyond any mutation: with an odd first byte the input is what the frames hold, else it is the
// stream itself.
Bytes stream_of(BytesView input) {
  if (input.empty() || (input[0] & 1) == 0) return Bytes(input);
  Bytes stream;
  ByteReader in(input.substr(1));
  while (!in.at_end()) {
    const std::uint8_t channel = 1 + *in.u8() % 4;
    const auto payload = in.sized();
    if (!payload) break;
    append_frame({ClusterId(7), NodeId(2), NodeId(1), Channel{channel}}, *payload, stream);
  }
  stream.append(input.substr(input.size() - in.remaining()));
  return stream;
}

void judge(BytesView payload) {
  const auto message = decode_handshake(payload);
  if (!message) {
    CHECK(!message.error().message.empty(), "no sentence");
    return;
  }
  const auto again = decode_handshake(encode(*message));
  CHECK(again && *again == *message, "another message");
  const auto* hello = std::get_if<Hello>(&*message);
  if (hello == nullptr) return;
  const Gate gate{.cluster = ClusterId(7), .self = NodeId(1), .identity = "sqlite 1"};
  for (const char c : objection_to(*hello, gate, true)) CHECK(c >= ' ' && c <= '~', "not printable");
}

}  // namespace

void connection(BytesView input) {
  EventLoop loop;
  const auto ends = std::make_shared<Pipe::Ends>();
  const auto pool = std::make_shared<MemoryPool>(std::size_t{1} << 40, [](const auto&) {});
  const auto connection = std::make_shared<Connection>(std::make_unique<Pipe>(loop, ends), 1 << 20, pool);
  const FrameHeader header{ClusterId(7), NodeId(1), NodeId(2), Channel::kHandshake};
  std::size_t received = 0;
  connection->start(
      [&](const Frame& frame) {
        received += frame.payload.size();
        if (frame.header.channel == Channel::kHandshake) judge(frame.payload);
        connection->queue(header, frame.payload);
        connection->flush();
      },
      [](const std::string& why) { CHECK(!why.empty(), "no sentence"); },
      [&](const std::string& why) {
        CHECK(!why.empty(), "no sentence");
        connection->queue(header, why);
        connection->finish();
      });
  const Bytes stream = stream_of(input);
  std::size_t at = 0;
  while (at < stream.size()) {
    const std::size_t size = 1 + static_cast<unsigned char>(stream[at]) * 3;
    ends->arriving.emplace_back(stream.substr(at, size));
    at += size;
  }
  for (std::size_t turns = 0; turns < 3 * stream.size() + 10; ++turns) {
    Pipe::pump(loop, ends);
    loop.context().poll();
    loop.context().restart();
  }
  CHECK(pool->used() < 64 * (stream.size() + 4096), "holds ", pool->used(), " bytes of ", stream.size());
  connection->close();
  loop.context().poll();
  CHECK(pool->used() == 0, "holds ", pool->used(), " bytes after its end");
}

}  // namespace lockstep::fuzz
