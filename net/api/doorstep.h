// Where connections stand between being accepted and saying their first word: whoever says nothing costs a
// socket, and gives way to newcomers.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "base/time.h"
#include "net/event_loop.h"

namespace lockstep::api {

// On the loop's thread.
class Doorstep {
 public:
  struct House {
    Duration patience;                             // with one who says nothing
    std::function<std::size_t()> room;             // places that are free inside
    std::function<void(net::Tcp::socket)> let_in;  // its first bytes have come, or its end
  };

  // `loop` outlives it.
  Doorstep(net::EventLoop& loop, House house);
  // Nobody comes any more, and who stands here is gone.
  ~Doorstep() { close(); }
  Doorstep(const Doorstep&) = delete;
  Doorstep& operator=(const Doorstep&) = delete;

  // May be called for several sockets.
  void serve(net::Tcp::acceptor acceptor);
  void close();

  std::size_t waiting() const { return waiting_.size(); }
  std::uint64_t admitted() const { return last_number_; }  // ever
  std::uint64_t refused() const { return refused_; }       // who gave way, and who found no room

 private:
  using AcceptorPtr = std::shared_ptr<net::Tcp::acceptor>;

  void accept_next(const AcceptorPtr& acceptor);
  void admit(net::Tcp::socket socket);
  void on_word(std::uint64_t number);

  net::EventLoop& loop_;
  House house_;
  std::vector<AcceptorPtr> acceptors_;
  std::map<std::uint64_t, net::Tcp::socket> waiting_;  // the one who has been silent the longest first
  std::uint64_t last_number_ = 0;
  std::uint64_t refused_ = 0;
  std::shared_ptr<Doorstep*> self_;  // for callbacks that may come too late
};

}  // namespace lockstep::api
