// Accepting and counting.
#include "net/api/grpc_door.h"

#include <sys/stat.h>

#include <algorithm>
#include <optional>

#include "net/descriptors.h"

namespace lockstep::api {
namespace {

constexpr Duration kPauseAfterFailedAccept = std::chrono::milliseconds(100);

// Which socket a descriptor is; a later one of the same number is another.
std::optional<ino_t> socket_of(int descriptor) {
  struct stat status{};
  if (::fstat(descriptor, &status) != 0 || !S_ISSOCK(status.st_mode)) return std::nullopt;
  return status.st_ino;
}

}  // namespace

GrpcDoor::GrpcDoor(net::EventLoop& loop, net::Tcp::acceptor acceptor, std::size_t max_connections,
                   Enter enter)
    : loop_(loop),
      acceptor_(std::move(acceptor)),
      port_(acceptor_.local_endpoint().port()),
      places_(std::min(max_connections, net::descriptors_for_clients() * 4 / 5)),
      enter_(std::move(enter)),
      self_(std::make_shared<GrpcDoor*>(this)) {
  accept_next();
}

GrpcDoor::~GrpcDoor() {
  *self_ = nullptr;
  net::IoError ignored;
  acceptor_.close(ignored);
}

PortFacts GrpcDoor::facts() {
  forget_ended();
  return {.connections = entered_.size(), .refused = refused_};
}

void GrpcDoor::accept_next() {
  acceptor_.async_accept([self = self_](const net::IoError& error, net::Tcp::socket socket) {
    if (*self == nullptr || error == net::asio::error::operation_aborted) return;
    if (error) {  // out of descriptors, most likely: those who are connected go on, others wait
      return (*self)->loop_.after(kPauseAfterFailedAccept, [self] {
        if (*self != nullptr) (*self)->accept_next();
      });
    }
    (*self)->admit(std::move(socket));
    (*self)->accept_next();
  });
}

void GrpcDoor::admit(net::Tcp::socket socket) {
  if (entered_.size() >= places_) forget_ended();
  if (entered_.size() >= places_) {
    ++refused_;
    return;  // closes it
  }
  net::tune(socket);
  net::IoError error;
  socket.native_non_blocking(true, error);  // gRPC takes that for granted, and would wait in its only thread
  if (error) return;
  const int descriptor = socket.release(error);
  if (error) return;
  if (const auto entered = socket_of(descriptor)) entered_[descriptor] = *entered;
  enter_(descriptor);
}

void GrpcDoor::forget_ended() {
  std::erase_if(entered_, [](const auto& one) { return socket_of(one.first) != one.second; });
}

}  // namespace lockstep::api
