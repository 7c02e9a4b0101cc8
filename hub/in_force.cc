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

// The leader has verified both before they could become active. Should somebody have changed the rows since,
// every node finds the same bytes, and all do without what is damaged: a model is no use to a policy that
// cannot be read, nor the other way round, but each is good without the other.
InForce::Made InForce::made_of(Loading loaded) {
  BytesView policy = loaded.policy;
  if (const Status read = verify_policy(policy); !policy.empty() && !read) {
    loaded.damages[wire::POLICY] = read.error().message;
    policy = {};
  }
  auto decider = make_decider(loaded.model, policy);
  if (!decider) {
    loaded.damages[wire::MODEL] = decider.error().message;
    decider = make_decider({}, policy);
  }
  CHECK(decider.has_value(), "a policy that was read");
  return {loaded.pair, std::move(*decider), std::move(loaded.damages)};
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
  if (known_ && !is_busy() && ready_ != wanted()) load();
}

void InForce::load() {
  Loading& loading = loading_.emplace(Loading{.pair = wanted()});
  load_one(wire::MODEL, loading.pair.model, loading.model, [this, &loading] {
    load_one(wire::POLICY, loading.pair.policy, loading.policy, [this] { make(); });
  });
}

void InForce::load_one(wire::PackageKind kind, std::uint64_t version, Bytes& into,
                       std::function<void()> then) {
  const PackageRow* package = catalogue_.find({kind, version});
  if (version != 0 && package == nullptr) loading_->damages[kind] = "its row of hub_packages is gone";
  if (version == 0 || package == nullptr) return then();
  load_package(surroundings_.database, *package,
               [this, kind, &into, then = std::move(then)](Result<Bytes> bytes) {
                 if (!bytes && bytes.error().code == ErrorCode::kUnavailable) {
                   loading_.reset();
                   again_ = surroundings_.now() + kAskAgain;
                   return;
                 }
                 if (!bytes) loading_->damages[kind] = bytes.error().message;
                 if (bytes) into = std::move(*bytes);
                 then();
               });
}

void InForce::make() {
  making_ = true;
  surroundings_.env.lanes.submit(kModelLane, env::make_job(
                                                 [loaded = *std::exchange(loading_, std::nullopt)]() mutable {
                                                   return made_of(std::move(loaded));
                                                 },
                                                 [this](Made made) { use(std::move(made)); }));
}

// Meanwhile others may have become active: then act() begins again, and nothing is decided with these.
void InForce::use(Made made) {
  making_ = false;
  ready_ = made.pair;
  decider_ = std::move(made.decider);
  damages_ = std::move(made.damages);
  if (made.pair != wanted()) return;
  for (const auto& [kind, why] : damages_)
    surroundings_.env.trace.emit(
        {kPackageDamaged, {static_cast<std::uint64_t>(kind), catalogue_.active_version(kind)}, why});
  const InForceRow* active = catalogue_.active(wire::MODEL);
  const std::uint64_t hash = active == nullptr || in_use().model == 0 ? 0 : active->row.hash;
  surroundings_.env.trace.emit({kModelInUse, {in_use().model, hash}});
}

}  // namespace lockstep::hub
