// What became of the field of a run, from events: readings on their way, instructions, plants outside their
// envelope.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "reports/verdict.h"
#include "scenarios/damage.h"
#include "scenarios/oracles.h"
#include "scenarios/quorums.h"
#include "scenarios/scenario.h"
#include "scenarios/stage.h"

namespace lockstep::scenarios {

class FieldWatch final : public Observer {
 public:
  // `field`: none: there is nothing to watch.
  FieldWatch(const Field* field, const Damage& damage);

  std::span<const env::EventType* const> listens_to() const;

  // Every batch that an edge has safe is committed and forgotten there, and every instruction that the hub
  // has sent has an outcome. An edge that stopped for its damaged store brings nothing any more.
  bool is_at_rest() const;
  // Sentences: what is not, for a person.
  std::vector<std::string> unfinished() const;

  // `rested`: the field came to rest in time once all was healed. Below the scenario's minima the run is
  // vacuous.
  reports::Verdict field_rests(const Field& field, bool rested, Duration within) const;
  // A plant may leave its envelope while something that its control needs is broken, and so long after it;
  // the verdict says what; after as long again it is back. A node that the hub can do without, for as long as it needs to. A weak actuator is
  // no excuse: supervision has to make up for it.
  reports::Verdict envelope(const Quorums& quorums, Duration recovery) const;

 private:
  struct StreamKey {
    NodeId edge;
    std::uint64_t buffer = 0, stream = 0;
    auto operator<=>(const StreamKey&) const = default;
  };
  struct Stream {
    std::set<std::uint64_t> waiting;  // batches in the buffer, and not settled
    std::uint64_t settled = 0;
  };
  struct PlantKey {
    NodeId edge;
    std::uint64_t device = 0, signal = 0;
    auto operator<=>(const PlantKey&) const = default;
  };
  struct Excursion {
    PlantKey plant;
    Duration from{};
    std::optional<Duration> until;
    bool is_below = false;
    double bound = 0;  // that it crossed
    double worst = 0;
  };
  struct Device {
    std::string name;  // "tank1"
    std::vector<std::string> signals;
  };

  // One that the cloud sends, and what it was told last about it: core/proto/dispatch.proto, PackageState.
  struct Sent {
    bool is_good = true;
    bool is_activated = true;
    std::uint64_t state = 0;
    bool is_answered() const;
  };

  // A part of a plant that was broken, so that the plant could not be controlled.
  struct Broken {
    std::string cause;  // as of an Outage
    NodeId edge;
    std::uint64_t device = 0, part = 0, fault = 0;
    Duration from{};
    std::optional<Duration> until;
  };

  void on_event(const Observation& observation) override;
  void restored(const Observation& observation);
  void settle(const StreamKey& stream, std::uint64_t received);
  void plant_state(const Observation& observation);
  void plant_fault(const Observation& observation);
  struct Excuse {
    std::string cause;
    Duration end{};  // until then it is one; Outage::kForever
  };
  // What keeps this plant from being controlled, or kept it so until a short time before that, and when.
  std::optional<Excuse> excuse(const PlantKey& plant, Duration at, const Quorums& quorums, Duration recovery) const;
  std::optional<Duration> unexcused(const Excursion& excursion, const Quorums& quorums, Duration recovery) const;
  std::string name_of_signal(const PlantKey& plant) const;
  bool is_owed(const StreamKey& key, const Stream& stream) const;

  const Damage& damage_;
  std::vector<Device> devices_;  // of each edge
  std::map<PackageName, Sent> packages_;
  std::map<StreamKey, Stream> streams_;
  std::set<std::uint64_t> open_;                             // instructions logged, not settled
  std::set<std::pair<StreamKey, std::uint64_t>> committed_;  // batches
  std::map<std::uint64_t, std::uint64_t> outcomes_;          // by instruction
  std::uint64_t readings_ = 0;
  std::uint64_t dropped_ = 0;
  std::uint64_t plant_states_ = 0;
  Duration last_state_{};  // when a plant was seen last
  std::vector<Broken> broken_;
  std::vector<Excursion> excursions_;
  std::map<PlantKey, std::size_t> outside_;  // places in excursions_
};

}  // namespace lockstep::scenarios
