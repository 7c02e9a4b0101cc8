// What the two sides of a transport share: where they are, by what rules, what they count, and what is still
// to leave.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "net/connection.h"
#include "net/event_loop.h"
#include "net/transport_options.h"

namespace lockstep::net {

class Premises {
 public:
  // The loop outlives them.
  Premises(EventLoop& on_loop, const Place& at, TransportOptions by_options, Receive receive, Log log)
      : loop(on_loop),
        place(at),
        options(std::move(by_options)),
        receive_(std::move(receive)),
        log_(std::move(log)) {}

  EventLoop& loop;
  const Place place;
  TransportOptions options;
  TransportCounters counters;

  Security& security() { return options.security != nullptr ? *options.security : in_the_clear_; }
  bool is_in_the_clear() const { return options.security == nullptr; }

  // Every frame of somebody who has been let in, also one that goes no further.
  void count(const Frame& frame) {
    ++counters.frames_received;
    counters.bytes_received += frame.payload.size();
  }
  void hand_on(const Party& from, const Frame& frame) { receive_(from, frame.header.channel, frame.payload); }

  // False: too much waits already. What has been queued leaves with the next flush().
  bool queue(const std::shared_ptr<Connection>& connection, const FrameHeader& header, BytesView payload) {
    if (!connection->queue(header, payload)) return false;
    if (connection->await_flush()) unflushed_.push_back(connection);
    return true;
  }
  void flush() {
    for (const auto& connection : std::exchange(unflushed_, {})) connection->flush();
  }

  void warn(const std::string& line) const {
    if (log_) log_(Tone::kWarning, line);
  }

 private:
  Receive receive_;
  Log log_;
  NoSecurity in_the_clear_;
  std::vector<std::shared_ptr<Connection>> unflushed_;
};

}  // namespace lockstep::net
