// The rhythm of looking.
#include "edge/sampler.h"

#include <algorithm>
#include <cmath>

namespace lockstep::edge {

Sampler::Sampler(env::Clock& clock, const Description& description, Driver& driver, Duration period)
    : clock_(clock),
      description_(description),
      driver_(driver),
      rhythms_(description.devices().size(), Rhythm{.period = period}) {}

void Sampler::start() {
  for (Rhythm& rhythm : rhythms_) rhythm.next = clock_.monotonic_now();
}

void Sampler::set_period(std::size_t device, Duration period) {
  Rhythm& rhythm = rhythms_[device];
  if (rhythm.period == period) return;
  if (rhythm.next != kNever) rhythm.next = std::min(rhythm.next, clock_.monotonic_now() + period);
  rhythm.period = period;
}

Instant Sampler::deadline() const {
  Instant first = kNever;
  for (const Rhythm& rhythm : rhythms_) first = std::min(first, rhythm.next);
  return first;
}

void Sampler::on_deadline(const Take& take) {
  const Instant now = clock_.monotonic_now();
  for (std::size_t device = 0; device < rhythms_.size(); ++device) {
    Rhythm& rhythm = rhythms_[device];
    if (rhythm.next > now) continue;
    sample(device, take);
    rhythm.next += rhythm.period;
    if (rhythm.next <= now) rhythm.next = now + rhythm.period;
  }
}

void Sampler::sample(std::size_t device, const Take& take) {
  samples_.clear();
  driver_.sample(device, samples_);
  const auto& signals = description_.devices()[device].signals;
  const std::int64_t time_ns = clock_.wall_now().time_since_epoch().count();
  for (const Sample& sample : samples_) {
    if (sample.signal >= signals.size() || !std::isfinite(sample.value)) continue;
    rhythms_[device].last_reading = clock_.monotonic_now();
    take(signals[sample.signal].stream, description_.series(device, sample.signal),
         {time_ns - sample.ago.count(), sample.value});
  }
}

}  // namespace lockstep::edge
