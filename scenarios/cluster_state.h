// What a cluster is going through at a moment of a run, as far as its events tell.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string_view>
#include <vector>

#include "scenarios/pause_window.h"
#include "scenarios/stage.h"

namespace lockstep::scenarios {

// They overlap, but for the first: it means that none of the others is the case.
enum class Condition : std::uint8_t {
  kStable,          // a leader, every node runs and has caught up
  kElecting,        // no running node leads
  kMinorityDown,    // some nodes do not run, but a majority does
  kMajorityDown,    // too few run
  kPreparePending,  // a two-phase write is prepared and not decided
  kCatchingUp,      // a running node has not applied yet what was committed when it came back
};
inline constexpr std::array kConditions{Condition::kStable,         Condition::kElecting,
                                        Condition::kMinorityDown,   Condition::kMajorityDown,
                                        Condition::kPreparePending, Condition::kCatchingUp};
std::string_view to_string(Condition condition);

class ClusterState final : public Observer {
 public:
  explicit ClusterState(std::uint32_t nodes) : nodes_(nodes) {}

  std::span<const env::EventType* const> listens_to() const;
  void on_event(const Observation& observation) override;

  // After the last event that was shown; never empty.
  std::vector<Condition> conditions() const;

 private:
  struct Standing {
    bool leads = false;
    std::uint64_t owes = 0;  // the index that it has to apply until it has caught up; zero: it has
  };
  void on_recovered(NodeId node, std::uint64_t applied);
  void on_applied(NodeId node, std::uint64_t index);

  std::uint32_t nodes_;
  std::map<NodeId, Standing> running_;
  std::uint64_t commit_ = 0;  // the highest that anybody knew
  PauseWindow window_;
};

}  // namespace lockstep::scenarios
