// Streams in the clear.
#include "net/stream.h"

namespace lockstep::net {
namespace {

class PlainStream final : public Stream {
 public:
  explicit PlainStream(Tcp::socket socket) : socket_(std::move(socket)) {
    IoError error;
    const auto remote = socket_.remote_endpoint(error);
    if (!error) remote_ = to_string(remote);
  }
  void read_some(asio::mutable_buffer into, Handler handler) override {
    socket_.async_read_some(into, std::move(handler));
  }
  void write(asio::const_buffer bytes, Handler handler) override {
    asio::async_write(socket_, bytes, std::move(handler));
  }
  void finish() override {
    IoError ignored;
    socket_.shutdown(Tcp::socket::shutdown_send, ignored);
  }
  void close() override {
    IoError ignored;
    socket_.close(ignored);
  }
  std::string remote() const override { return remote_; }

 private:
  Tcp::socket socket_;
  std::string remote_;
};

}  // namespace

std::string Stream::describe(const IoError& error) const {
  return error == asio::error::eof ? "the other side has closed the connection" : error.message();
}

Status Stream::proves(NodeId, const std::string&) const { return {}; }

void NoSecurity::accept(Tcp::socket socket, Ready ready) {
  ready(std::make_unique<PlainStream>(std::move(socket)));
}

void NoSecurity::connect(Tcp::socket socket, const Endpoint&, Ready ready) {
  ready(std::make_unique<PlainStream>(std::move(socket)));
}

}  // namespace lockstep::net
