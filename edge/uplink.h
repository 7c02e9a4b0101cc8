// Batches on their way from the buffer to the leading hub: a window per stream, again after silence, and one
// alone when the hub has later ones.
#pragma once

#include <map>

#include "edge/buffer.h"
#include "edge/hub_link.h"

namespace lockstep::edge {

struct UplinkOptions {
  std::uint32_t most_credit = 64;  // whatever the hub allows
  Duration resend_least = std::chrono::milliseconds(500);
  Duration resend_most = std::chrono::milliseconds(4000);
};

// Of each stream at most `credit` batches are under way. One at first: the hub's answer says where to go on.
class Uplink {
 public:
  Uplink(const env::Env& env, UplinkOptions options, Buffer& buffer, StoreLane& lane, HubLink& link)
      : env_(env), options_(options), buffer_(buffer), lane_(lane), link_(link) {}

  void on_found(std::uint32_t credit);
  void on_lost();
  void on_ack(const wire::SensorAck& ack);
  // After batches have become durable.
  void pump();
  Instant deadline() const;
  void on_deadline();

 private:
  struct Window {
    bool is_probing = true;  // nothing heard of the stream on this connection
    Instant resend_at = kNever;
    Duration patience{};
    std::uint64_t repeated = 0;  // the last batch that went again because the hub was said to miss it
    bool is_loading = false;
    bool is_held = false;  // the stream begins anew
  };

  std::size_t allowed(const Window& window) const { return window.is_probing ? 1 : credit_; }
  void pump(std::uint32_t stream);
  void send(std::uint32_t stream, BatchFacts& batch);
  void repeat_after(std::uint32_t stream, std::uint64_t sequence);
  void begin_anew(std::uint32_t stream);
  void load(std::uint32_t stream, std::size_t most);

  env::Env env_;
  UplinkOptions options_;
  Buffer& buffer_;
  StoreLane& lane_;
  HubLink& link_;
  std::uint32_t credit_ = 1;
  std::map<std::uint32_t, Window> windows_;
};

}  // namespace lockstep::edge
