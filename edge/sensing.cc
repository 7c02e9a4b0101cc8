// From open batch to buffer to uplink.
#include "edge/sensing.h"

#include <algorithm>

namespace lockstep::edge {

Sensing::Sensing(const env::Env& env, const SensingOptions& options, BufferContents contents, StoreLane& lane,
                 HubLink& link)
    : env_(env),
      lane_(lane),
      collector_(options.collector),
      buffer_(std::move(contents), options.buffer),
      uplink_(env, options.uplink, buffer_, lane, link) {}

void Sensing::take(std::uint32_t stream, const std::string& series, series::Point point) {
  collector_.add(stream, series, point, env_.clock.monotonic_now());
}

Instant Sensing::deadline() const { return std::min(collector_.deadline(), uplink_.deadline()); }

void Sensing::on_turn_end() {
  for (Collector::Closed& closed : collector_.take_closed(env_.clock.monotonic_now()))
    buffer_one(std::move(closed));
  thin_if_needed();
}

void Sensing::buffer_one(Collector::Closed closed) {
  Buffer::Added added = buffer_.add(closed.stream, closed.runs);
  added.commit.then = [this, stream = closed.stream, sequence = added.sequence] {
    ++batches_;
    buffer_.durable(stream, sequence);
    uplink_.pump();
  };
  lane_.commit(std::move(added.commit));
}

void Sensing::thin_if_needed() {
  if (is_thinning_) return;
  std::vector<Buffer::Name> names = buffer_.to_thin();
  if (names.empty()) return;
  is_thinning_ = true;
  lane_.work([names = std::move(names)](kv::Store& store) { return Buffer::load(store, names); },
             [this](const std::vector<Buffer::Loaded>& loaded) {
               Commit commit = buffer_.thinned(loaded);
               commit.then = [this, loaded] {
                 for (const Buffer::Loaded& one : loaded) buffer_.durable(one.name.stream, one.name.sequence);
                 is_thinning_ = false;
                 uplink_.pump();
               };
               lane_.commit(std::move(commit));
             });
}

std::vector<Sensing::Doubtful> Sensing::doubtful() const {
  std::vector<Doubtful> all;
  for (const auto& [stream, readings] : collector_.open()) all.push_back({stream, 0, readings});
  for (const auto& [stream, facts] : buffer_.streams())
    for (const BatchFacts& batch : facts.batches)
      if (!batch.durable) all.push_back({stream, batch.sequence, batch.readings});
  return all;
}

}  // namespace lockstep::edge
