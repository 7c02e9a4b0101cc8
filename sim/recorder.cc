// The rolling hash: each event's words are hashed with the previous hash as the seed.
#include "sim/recorder.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/hash.h"

namespace lockstep::sim {
namespace {

void enlist(std::vector<Observer*>& observers, const env::EventType& type, Observer& observer) {
  CHECK(std::ranges::find(observers, &observer) == observers.end(), "an observer would count ", type.name,
        " twice");
  observers.push_back(&observer);
}

}  // namespace

void Recorder::subscribe(const env::EventType& type, Observer& observer) {
  enlist(to_type_.at(type.number).looking, type, observer);
}

void Recorder::subscribe_acting(const env::EventType& type, Observer& observer) {
  enlist(to_type_.at(type.number).acting, type, observer);
}

void Recorder::record(SimTime time, NodeId node, Incarnation incarnation, const env::Event& event) {
  const std::uint16_t number = event.type->number;
  CHECK(number < kMostTypes, "event type ", number);
  const std::array<std::uint64_t, 4 + env::kMaxEventFields> words{
      static_cast<std::uint64_t>(time.time_since_epoch().count()),
      node.value(),
      incarnation.value(),
      number,
      event.fields[0],
      event.fields[1],
      event.fields[2],
      event.fields[3],
      event.fields[4],
      event.fields[5]};
  static_assert(env::kMaxEventFields == 6);
  hash_ = hash64(BytesView(reinterpret_cast<const char*>(words.data()), sizeof words), hash_);
  if (!event.text.empty()) hash_ = hash64(event.text, hash_);
  const std::uint64_t order = events_++;
  if (events_ % kWindowEvents == 0) windows_.push_back(hash_);
  const Subscribers& subscribers = to_type_[number];
  if (to_all_.empty() && subscribers.none()) return;
  const Recorded recorded{order, time, node, incarnation, event};
  for (Observer* const observer : to_all_) observer->on_event(recorded);
  for (Observer* const observer : subscribers.looking) observer->on_event(recorded);
  for (Observer* const observer : subscribers.acting) observer->on_event(recorded);
}

std::optional<std::uint64_t> first_differing_window(const Fingerprint& a, const Fingerprint& b) {
  if (a.events == b.events && a.hash == b.hash) return std::nullopt;
  const auto [in_a, in_b] =
      std::mismatch(a.windows.begin(), a.windows.end(), b.windows.begin(), b.windows.end());
  return static_cast<std::uint64_t>(in_a - a.windows.begin());
}

}  // namespace lockstep::sim
