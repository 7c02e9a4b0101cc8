// Half-sent requests on all ports together are bounded, whoever sends them, and those who ask little are
// served.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "tests/api/http_doors.h"
#include "tests/api/protocol.h"
#include "tests/net/neighbours.h"

namespace lockstep::tests {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kLimit = 8 << 20;
constexpr std::size_t kEach = 100;      // connections of a kind
constexpr std::size_t kHalf = 300'000;  // what each sends: 60 MB together

// Sends on as the other side reads, and keeps what it is told.
class HalfSender : public std::enable_shared_from_this<HalfSender> {
 public:
  HalfSender(net::EventLoop& loop, std::string bytes) : socket_(loop.context()), bytes_(std::move(bytes)) {}
  void begin(const net::Tcp::endpoint& to) {
    socket_.connect(to);
    net::asio::async_write(
        socket_, net::asio::buffer(bytes_),
        [self = shared_from_this()](const net::IoError&, std::size_t) { self->is_done_ = true; });
    read();
  }
  void end() { socket_.close(); }
  // Everything is on its way, or the other side has ended it.
  bool is_done() const { return is_done_; }
  const std::string& heard() const { return heard_; }

 private:
  void read() {
    socket_.async_read_some(net::asio::buffer(buffer_),
                            [self = shared_from_this()](const net::IoError& error, std::size_t size) {
                              self->heard_.append(self->buffer_.data(), size);
                              if (!error) self->read();
                            });
  }

  net::Tcp::socket socket_;
  std::string bytes_;
  std::array<char, 4096> buffer_{};
  std::string heard_;
  bool is_done_ = false;
};

net::Tcp::endpoint endpoint_of(const net::Endpoint& at) {
  return {net::asio::ip::make_address(at.host), at.port};
}

TEST(Memory, OfHalfSentRequestsIsOneBudgetForAllPorts) {
  RealCluster cluster({.nodes = 1, .limits = {.max_buffered_bytes = kLimit}});
  const NodeId node = cluster.leader();
  cluster.execute(node, "CREATE TABLE t(a)");
  HttpDoors doors(cluster);
  net::EventLoop loop;  // of the senders
  std::vector<std::shared_ptr<HalfSender>> senders;
  const auto send = [&](const net::Tcp::endpoint& to, std::string bytes) {
    senders.push_back(std::make_shared<HalfSender>(loop, std::move(bytes)));
    senders.back()->begin(to);
  };
  for (std::size_t i = 0; i < kEach; ++i) {
    const std::uint64_t name = 1000 + i;
    const Bytes frame =
        net::frame_of(name, node.value(), Channel::kRequest, Bytes(10 << 20, 'x')).substr(0, kHalf);
    send(endpoint_of(cluster.native(node)),
         net::hello_frame(net::hello_of(name, node.value(), net::PartyKind::kClient)) + frame);
    send(doors.address(node),
         "POST /v1/execute HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
         "9000000\r\n\r\n" +
             std::string(kHalf, 'x'));
  }
  std::size_t most = 0;
  const auto look = [&] {
    std::size_t used = 0;
    cluster.on_loop([&] { used = cluster.host(node).transport().doorkeeper().pool()->used(); });
    most = std::max(most, used);
    return used;
  };
  EXPECT_TRUE(loop.run_until(
      [&] {
        look();
        return std::ranges::all_of(senders, [](const auto& one) { return one->is_done(); });
      },
      60s));
  EXPECT_LE(look(), kLimit);
  // Before relief comes, others may have read once more.
  EXPECT_LE(most, kLimit + 2 * kEach * (64 << 10));
  std::size_t told = 0;
  for (const auto& one : senders) told += one->heard().contains("are most of all") ? 1 : 0;
  EXPECT_GT(told, kEach / 2);
  const std::string modest = "{\"sql\": \"INSERT INTO t VALUES(1)\"}";
  const HttpAnswer answer = doors.ask(node, "POST", "/v1/execute", "Content-Type: application/json\r\n", modest);
  EXPECT_EQ(answer.status, 200) << answer.body;
  for (const auto& one : senders) one->end();
  for (int tries = 0; tries < 5'000 && look() > 1 << 20; ++tries) loop.run_for(1ms);
  EXPECT_LE(look(), 1u << 20) << "all of it is given back";
}

}  // namespace
}  // namespace lockstep::tests
