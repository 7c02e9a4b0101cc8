// The simulated world as a harness.
#include <set>

#include "sim/world.h"
#include "tests/contract/kinds.h"

namespace lockstep::contract {
namespace {

using namespace std::chrono_literals;

class SimulatedHarness final : public Harness {
 public:
  void start(NodeId node, Behaviour& behaviour) override {
    if (!known_.contains(node))
      world_.add_process(node, {.factory = [&behaviour](const env::Env& env) {
                           return std::make_unique<BehavingActor>(env, behaviour);
                         }});
    known_.insert(node);
    world_.start(node);
  }
  void kill(NodeId node) override { world_.kill(node); }
  bool run_until(const std::function<bool()>& condition) override {
    const sim::SimTime end = world_.now() + 10s;
    while (!condition() && world_.now() < end && world_.step()) {
    }
    return condition();
  }
  void run_for(Duration duration) override { world_.run_for(duration); }

 private:
  std::set<NodeId> known_;
  sim::World world_{{.seed = 1}};
};

}  // namespace

HarnessKind simulated() {
  return {"Simulated", [] { return std::make_unique<SimulatedHarness>(); }};
}

}  // namespace lockstep::contract
