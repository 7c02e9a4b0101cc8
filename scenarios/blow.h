// One blow of the nemesis: what each verb does to the stage.
#pragma once

#include <functional>
#include <vector>

#include "base/prng.h"
#include "scenarios/nemesis.h"

namespace lockstep::scenarios {

// Visits the action of a fault that strikes now.
class Nemesis::Blow {
 public:
  Blow(Nemesis& nemesis, std::size_t fault, Strike& strike)
      : nemesis_(nemesis), stage_(nemesis.stage_), fault_(fault), strike_(strike) {}

  void operator()(const Kill& kill);
  void operator()(const Leave& leave);
  void operator()(const PowerLoss& loss);
  void operator()(const Restart& restart);
  void operator()(const Stall& stall);
  void operator()(const Crash& crash);
  void operator()(const Pause&) {}  // only at a probe, see Nemesis::at_probe
  void operator()(const Partition& partition) { between(partition); }
  void operator()(const Loss& loss) { between(loss); }
  void operator()(const Delay& delay) { between(delay); }
  void operator()(const Duplicate& duplicate) { between(duplicate); }
  void operator()(const Reorder& reorder) { between(reorder); }
  void operator()(const Corrupt& corrupt) { between(corrupt); }
  void operator()(const Bandwidth& bandwidth) { between(bandwidth); }
  void operator()(const Bridge& bridge);
  void operator()(const Clog& clog);
  void operator()(const Swizzle& swizzle);
  void operator()(const Reset& reset);
  void operator()(const ClockChange& change);
  void operator()(const OutOfMemory& refusal);
  void operator()(const DiskFault& disk);
  void operator()(const Breakdown& breakdown);

 private:
  template <class Verb>
  void between(const Verb& verb) {
    Between between = nemesis_.resolve(verb.between, fault_);
    for (const auto& group : between.groups) strike_.groups.emplace_back(group.begin(), group.end());
    begin_network_fault(verb, std::move(between));
  }
  void begin_network_fault(const Action& action, Between between);
  // When the fault's time is over, if it has one and the run still has faults then.
  void at_end(std::function<void()> end);
  void restart_at_end();
  void clog(NodeId host, const std::vector<NodeId>& with, Direction direction, Duration begin, Duration end);
  bool may_harm(NodeId node);
  std::uint64_t bits(Purpose purpose, NodeId node) const;
  const Fault& fault() const { return nemesis_.scenario_.faults[fault_]; }

  Nemesis& nemesis_;
  Stage& stage_;
  std::size_t fault_;
  Strike& strike_;
};

}  // namespace lockstep::scenarios
