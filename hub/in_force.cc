// From an entry of the log to a decider: the bytes are read back from the rows, so that all nodes have the
// same.
#include "hub/in_force.h"

#include <utility>

#include "base/check.h"
#include "base/env/function_job.h"
#include "hub/events.h"
#include "hub/package_loader.h"
#include "hub/schema.h"

namespace lockstep::hub {
namespace {

constexpr std::chrono::milliseconds kAskAgain{50};  // after the node could not answer

}  // namespace

// The leader has verified both before they could become active. Should somebody have changed the rows since, every node
// finds the same bytes, and all do without what is damaged: a model is no use to a policy that cannot be read, nor the
// other way round, but each is good without the other.
InForce::Made InForce::made_of(BytesView model, BytesView policy) {
  Made made;
  if (const Status read = verify_policy(policy); !policy.empty() && !read) {
    made.damages[wire::POLICY] = read.error().message;
    policy = {};
  }
  auto decider = make_decider(model, policy);
  if (!decider) {
    made.damages[wire::MODEL] = decider.error().message;
    decider = make_decider({}, policy);
  }
  CHECK(decider.has_value(), "a policy that was read");
  made.decider = std::move(*decider);
  return made;
}

DecidingPair InForce::in_use() const {
  DecidingPair pair = ready_.value_or(DecidingPair{});
  if (damages_.contains(wire::MODEL)) pair.model = 0;
  if (damages_.contains(wire::POLICY)) pair.policy = 0;
  return pair;
}

const std::string& InForce::damage(wire::PackageKind kind) const {
  static const std::string kNone;
  const auto found = damages_.find(kind);
  return found == damages_.end() ? kNone : found->second;
}

// Whoever makes a damaged version active once more may have mended it.
void InForce::on_row(const sql::RowChange& change) {
  if (change.table == kActive && !damages_.empty()) ready_.reset();
}

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
  found_damages_.clear();
  load_one(wire::MODEL, pair.model, [this, pair](Bytes model) {
    load_one(wire::POLICY, pair.policy, [this, pair, model = std::move(model)](Bytes policy) mutable {
      make(pair, std::move(model), std::move(policy));
    });
  });
}

void InForce::load_one(wire::PackageKind kind, std::uint64_t version, ThenLoaded then) {
  const PackageRow* package = catalogue_.find({kind, version});
  if (version != 0 && package == nullptr) found_damages_[kind] = "its row of hub_packages is gone";
  if (version == 0 || package == nullptr) return then({});
  load_package(surroundings_.database, *package, [this, kind, then = std::move(then)](Result<Bytes> bytes) {
    if (!bytes && bytes.error().code == ErrorCode::kUnavailable) {
      loading_ = false;
      again_ = surroundings_.now() + kAskAgain;
      return;
    }
    if (!bytes) found_damages_[kind] = bytes.error().message;
    then(bytes ? std::move(*bytes) : Bytes());
  });
}

void InForce::make(DecidingPair pair, Bytes model, Bytes policy) {
  surroundings_.env.lanes.submit(
      kModelLane,
      env::make_job(
          [model = std::move(model), policy = std::move(policy)] { return made_of(model, policy); },
          [this, pair](Made made) { use(pair, std::move(made)); }));
}

// Meanwhile others may have become active: then act() begins again, and nothing is decided with these.
void InForce::use(DecidingPair pair, Made made) {
  loading_ = false;
  ready_ = pair;
  decider_ = std::move(made.decider);
  damages_ = std::move(made.damages);
  damages_.merge(std::exchange(found_damages_, {}));
  if (pair != wanted()) return;
  for (const auto& [kind, why] : damages_)
    surroundings_.env.trace.emit(
        {kPackageDamaged, {static_cast<std::uint64_t>(kind), catalogue_.active_version(kind)}, why});
  const InForceRow* active = catalogue_.active(wire::MODEL);
  const std::uint64_t hash = active == nullptr || in_use().model == 0 ? 0 : active->row.hash;
  surroundings_.env.trace.emit({kModelInUse, {in_use().model, hash}});
}

}  // namespace lockstep::hub
