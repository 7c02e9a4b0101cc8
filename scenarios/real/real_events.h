// The events of a real run: collected from many processes, told early to those who act, merged for those who
// look.
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "scenarios/stage.h"

namespace lockstep::real {

using scenarios::Observation;
using scenarios::Observer;

// All processes of a machine share its monotonic clock, and an effect in one process follows its cause in
// another by more than the time that it takes to send a frame: sorted by time, causes come before effects.
// Everything is kept in memory until the end, for a process that stands still may tell late what it did
// early.
class RealEvents final : public scenarios::Events {
 public:
  void subscribe(const env::EventType& type, Observer& observer) override;
  void subscribe_all(Observer& observer) override { to_all_.push_back(&observer); }
  void subscribe_early(const env::EventType& type, Observer& observer) override;

  // The times of one process do not go back, but for its plants, whose course is told at the end. What happened
  // before the run began is told with its first moment.
  void add(Duration at, NodeId node, Incarnation incarnation, const env::Event& event);
  // Once, at the end.
  void tell_those_who_look();
  std::uint64_t count() const { return kept_.size(); }

 private:
  struct Kept {
    Duration at;
    NodeId node;
    Incarnation incarnation;
    const env::EventType* type;
    std::array<std::uint64_t, env::kMaxEventFields> fields;
    std::string text;
  };
  using ByType = std::map<std::uint16_t, std::vector<Observer*>>;

  std::vector<Kept> kept_;
  std::vector<Observer*> to_all_;
  ByType looking_;
  ByType acting_;
};

// An event from its parts, as they were recorded. `text` outlives it.
env::Event event_of(const env::EventType& type, const std::array<std::uint64_t, env::kMaxEventFields>& fields,
                    std::string_view text);

}  // namespace lockstep::real
