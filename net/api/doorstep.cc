// Accepting, waiting, giving way.
#include "net/api/doorstep.h"

#include <utility>

#include "net/endpoint.h"

namespace lockstep::api {
namespace {

constexpr Duration kPauseAfterFailedAccept = std::chrono::milliseconds(100);

}  // namespace

Doorstep::Doorstep(net::EventLoop& loop, House house)
    : loop_(loop), house_(std::move(house)), self_(std::make_shared<Doorstep*>(this)) {}

void Doorstep::serve(net::Tcp::acceptor acceptor) {
  acceptors_.push_back(std::make_shared<net::Tcp::acceptor>(std::move(acceptor)));
  accept_next(acceptors_.back());
}

void Doorstep::close() {
  *self_ = nullptr;
  net::IoError ignored;
  for (const AcceptorPtr& acceptor : acceptors_) acceptor->close(ignored);
  waiting_.clear();
}

void Doorstep::accept_next(const AcceptorPtr& acceptor) {
  acceptor->async_accept([self = self_, acceptor](const net::IoError& error, net::Tcp::socket socket) {
    if (*self == nullptr || error == net::asio::error::operation_aborted) return;
    if (error) {  // out of descriptors, most likely: those who are connected go on, others wait
      return (*self)->loop_.after(kPauseAfterFailedAccept, [self, acceptor] {
        if (*self != nullptr) (*self)->accept_next(acceptor);
      });
    }
    (*self)->admit(std::move(socket));
    (*self)->accept_next(acceptor);
  });
}

void Doorstep::admit(net::Tcp::socket socket) {
  const std::size_t room = house_.room();
  if (waiting_.size() >= room) {
    ++refused_;
    if (waiting_.empty()) return;  // closes the newcomer
    waiting_.erase(waiting_.begin());
  }
  net::tune(socket);
  const std::uint64_t number = ++last_number_;
  const auto [place, is_new] = waiting_.emplace(number, std::move(socket));
  place->second.async_wait(net::Tcp::socket::wait_read, [self = self_, number](const net::IoError& error) {
    if (*self != nullptr && !error) (*self)->on_word(number);
  });
  loop_.after(house_.patience, [self = self_, number] {
    if (*self != nullptr) (*self)->waiting_.erase(number);
  });
}

void Doorstep::on_word(std::uint64_t number) {
  auto caller = waiting_.extract(number);
  if (!caller.empty()) house_.let_in(std::move(caller.mapped()));
}

}  // namespace lockstep::api
