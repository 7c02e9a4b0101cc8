// From an entry of the log to a decider: the bytes are read back from the rows, so that all nodes have the
// same.
#include "hub/in_force.h"

#include "base/check.h"
#include "base/env/function_job.h"
#include "hub/events.h"
#include "hub/package_loader.h"

namespace lockstep::hub {
namespace {

constexpr std::chrono::milliseconds kAskAgain{50};  // after the node could not answer

// The leader has verified both before they could become active. Should somebody have changed the rows since,
// every node finds the same bytes, and all fall back on the rules.
std::shared_ptr<Decider> make(BytesView model, BytesView policy) {
  if (auto made = make_decider(model, policy)) return std::move(*made);
  auto rules = make_decider({}, {});
  CHECK(rules.has_value(), "the built-in rules");
  return std::move(*rules);
}

}  // namespace

DecidingPair InForce::wanted() const {
  return {catalogue_.active_version(wire::MODEL), catalogue_.active_version(wire::POLICY)};
}

void InForce::act(Instant now, bool) {
  if (again_ != kNever && now < again_) return;
  again_ = kNever;
  if (known_ && !loading_ && ready_ != wanted()) load(wanted());
}

void InForce::load(DecidingPair pair) {
  loading_ = true;
  load_one(wire::MODEL, pair.model, [this, pair](Bytes model) {
    load_one(wire::POLICY, pair.policy, [this, pair, model = std::move(model)](Bytes policy) mutable {
      make(pair, std::move(model), std::move(policy));
    });
  });
}

void InForce::load_one(wire::PackageKind kind, std::uint64_t version, ThenLoaded then) {
  const PackageRow* package = catalogue_.find({kind, version});
  if (version == 0 || package == nullptr) return then({});
  load_package(surroundings_.database, *package, [this, then = std::move(then)](Result<Bytes> bytes) {
    if (!bytes && bytes.error().code == ErrorCode::kUnavailable) {
      loading_ = false;
      again_ = surroundings_.now() + kAskAgain;
      return;
    }
    then(bytes ? std::move(*bytes) : Bytes());
  });
}

void InForce::make(DecidingPair pair, Bytes model, Bytes policy) {
  surroundings_.env.lanes.submit(
      kModelLane,
      env::make_job(
          [model = std::move(model), policy = std::move(policy)] { return hub::make(model, policy); },
          [this, pair](std::shared_ptr<Decider> decider) { use(pair, std::move(decider)); }));
}

// Meanwhile others may have become active: then act() begins again, and nothing is decided with these.
void InForce::use(DecidingPair pair, std::shared_ptr<Decider> decider) {
  loading_ = false;
  ready_ = pair;
  decider_ = std::move(decider);
  if (pair != wanted()) return;
  const InForceRow* active = catalogue_.active(wire::MODEL);
  const std::uint64_t hash = active == nullptr ? 0 : active->row.hash;
  surroundings_.env.trace.emit({kModelInUse, {pair.model, hash}});
}

}  // namespace lockstep::hub
