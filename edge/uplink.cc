// Windows, acknowledgements, resending from what the hub says it has or misses.
#include "edge/uplink.h"

#include <algorithm>

#include "base/check.h"
#include "base/prng.h"
#include "edge/events.h"

namespace lockstep::edge {
namespace {

constexpr Purpose kStreamId{"edge.stream_id"};

}  // namespace

void Uplink::on_found(std::uint32_t credit) {
  credit_ = std::clamp(credit, std::uint32_t{1}, options_.most_credit);
  on_lost();
  pump();
}

void Uplink::on_lost() {
  for (auto& [stream, window] : windows_) {
    buffer_.none_under_way(stream);
    window.is_probing = true;
    window.repeated = 0;
    window.resend_at = kNever;
  }
}

void Uplink::on_ack(const wire::SensorAck& ack) {
  if (!buffer_.streams().contains(ack.stream()) || ack.buffer() != buffer_.id(ack.stream())) return;
  if (buffer_.has_lost(ack.stream(), ack.received())) return begin_anew(ack.stream());
  Window& window = windows_[ack.stream()];
  window.is_probing = false;
  if (ack.credit() > 0) credit_ = std::min(ack.credit(), options_.most_credit);
  if (auto settled = buffer_.settle(ack.stream(), ack.received())) {
    lane_.commit(std::move(*settled));
    window.patience = options_.resend_least;
    window.resend_at =
        buffer_.count_under_way(ack.stream()) > 0 ? env_.clock.monotonic_now() + window.patience : kNever;
  }
  if (ack.has_gap_after()) repeat_after(ack.stream(), ack.gap_after());
  pump(ack.stream());
}

// Once: whether the second one is lost as well, silence tells.
void Uplink::repeat_after(std::uint32_t stream, std::uint64_t sequence) {
  Window& window = windows_[stream];
  BatchFacts* missing = buffer_.first_after(stream, sequence);
  if (link_.leader().is_none() || window.is_held || missing == nullptr) return;
  if (missing->way != Way::kSent || missing->body.empty() || missing->sequence <= window.repeated) return;
  if (buffer_.leaves_out_undurably(stream, missing->sequence)) return;
  window.repeated = missing->sequence;
  send(stream, *missing);
}

void Uplink::begin_anew(std::uint32_t stream) {
  Window& window = windows_[stream];
  window.is_probing = window.is_held = true;
  window.resend_at = kNever;
  const std::uint64_t next = buffer_.streams().at(stream).next;
  const std::uint64_t id = draw(env_.seed, kStreamId, stream, next) | 1;  // zero means none
  Commit commit = buffer_.begin_anew(stream, id);
  commit.then = [this, stream] {
    windows_[stream].is_held = false;
    pump(stream);
  };
  lane_.commit(std::move(commit));
}

void Uplink::pump() {
  // What matters most goes first.
  for (auto stream = buffer_.streams().rbegin(); stream != buffer_.streams().rend(); ++stream)
    pump(stream->first);
}

void Uplink::pump(std::uint32_t stream) {
  if (link_.leader().is_none()) return;
  Window& window = windows_[stream];
  if (window.is_held) return;
  std::size_t under_way = buffer_.count_under_way(stream);
  while (under_way < allowed(window)) {
    BatchFacts* batch = buffer_.next_to_send(stream, allowed(window) - under_way);
    if (batch == nullptr) return;
    if (batch->body.empty()) return load(stream, allowed(window) - under_way);
    send(stream, *batch);
    ++under_way;
  }
}

void Uplink::load(std::uint32_t stream, std::size_t most) {
  Window& window = windows_[stream];
  if (window.is_loading) return;
  window.is_loading = true;
  lane_.work([names = buffer_.to_load(stream, most)](kv::Store& store) { return Buffer::load(store, names); },
             [this, stream](std::vector<Buffer::Loaded> loaded) {
               windows_[stream].is_loading = false;
               for (const Buffer::Loaded& one : loaded) buffer_.loaded(one);
               pump(stream);
             });
}

void Uplink::send(std::uint32_t stream, BatchFacts& batch) {
  wire::FieldMessage message;
  wire::SensorBatch& sent = *message.mutable_batch();
  sent.set_buffer(buffer_.id(stream));
  sent.set_stream(stream);
  sent.set_sequence(batch.sequence);
  sent.set_previous(buffer_.previous(stream, batch.sequence));
  sent.set_dropped(buffer_.streams().at(stream).dropped);
  sent.set_sent_ns(env_.clock.wall_now().time_since_epoch().count());
  sent.set_settled(buffer_.streams().at(stream).settled);
  const Status coded = append_blocks(batch.body, sent);
  CHECK(coded, "batch ", batch.sequence, " of stream ", stream, ": ", coded.error().message);
  link_.send(message);
  buffer_.sent(stream, batch);
  env_.trace.emit(
      {kBatchSent, {sent.buffer(), stream, batch.sequence, sent.previous(), link_.leader().value()}});
  Window& window = windows_[stream];
  if (window.resend_at != kNever) return;
  if (window.patience == Duration()) window.patience = options_.resend_least;
  window.resend_at = env_.clock.monotonic_now() + window.patience;
}

Instant Uplink::deadline() const {
  Instant first = kNever;
  for (const auto& [stream, window] : windows_) first = std::min(first, window.resend_at);
  return first;
}

void Uplink::on_deadline() {
  const Instant now = env_.clock.monotonic_now();
  for (auto& [stream, window] : windows_) {
    if (window.resend_at > now) continue;
    // Go back to what the hub has, and ask with one batch where that is.
    buffer_.none_under_way(stream);
    window.is_probing = true;
    window.repeated = 0;
    window.resend_at = kNever;
    window.patience = std::min(2 * window.patience, options_.resend_most);
    pump(stream);
  }
}

}  // namespace lockstep::edge
