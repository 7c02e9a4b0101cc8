// Counting, and telling who has ended.
#include "net/api/grpc_door.h"

#include <sys/stat.h>

#include <algorithm>
#include <optional>

#include "net/descriptors.h"

namespace lockstep::api {
namespace {

// Which socket a descriptor is; a later one of the same number is another.
std::optional<ino_t> socket_of(int descriptor) {
  struct stat status{};
  if (::fstat(descriptor, &status) != 0 || !S_ISSOCK(status.st_mode)) return std::nullopt;
  return status.st_ino;
}

}  // namespace

GrpcDoor::GrpcDoor(net::EventLoop& loop, net::Tcp::acceptor acceptor, std::size_t max_connections,
                   Enter enter)
    : port_(acceptor.local_endpoint().port()),
      places_(std::min(max_connections, net::descriptors_for_clients() * 4 / 5)),
      enter_(std::move(enter)),
      doorstep_(loop, {.patience = kPatienceWithSilence,
                       .room = [this] { return room(); },
                       .let_in = [this](net::Tcp::socket socket) { let_in(std::move(socket)); }}) {
  doorstep_.serve(std::move(acceptor));
}

PortFacts GrpcDoor::facts() {
  forget_ended();
  return {.connections = entered_.size() + doorstep_.waiting(), .refused = doorstep_.refused()};
}

std::size_t GrpcDoor::room() {
  if (entered_.size() + doorstep_.waiting() >= places_) forget_ended();
  return places_ - std::min(places_, entered_.size());
}

void GrpcDoor::let_in(net::Tcp::socket socket) {
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
