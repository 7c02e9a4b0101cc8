// The events of a simulated world, for observers of any world.
#pragma once

#include <memory>
#include <vector>

#include "scenarios/stage.h"
#include "sim/recorder.h"

namespace lockstep::scenarios {

// The recorder knows everything at once and in order: early is not earlier.
class SimulatedEvents final : public Events {
 public:
  // Both live until the run is over.
  explicit SimulatedEvents(sim::Recorder& recorder) : recorder_(recorder) {}

  void subscribe(const env::EventType& type, Observer& observer) override;
  void subscribe_all(Observer& observer) override;
  void subscribe_early(const env::EventType& type, Observer& observer) override { subscribe(type, observer); }

 private:
  class Translator final : public sim::Observer {
   public:
    explicit Translator(scenarios::Observer& observer) : observer_(observer) {}
    bool translates_for(const scenarios::Observer& observer) const { return &observer_ == &observer; }

   private:
    void on_event(const sim::Recorded& recorded) override;
    scenarios::Observer& observer_;
  };
  Translator& translator(Observer& observer);

  sim::Recorder& recorder_;
  std::vector<std::unique_ptr<Translator>> translators_;
};

}  // namespace lockstep::scenarios
