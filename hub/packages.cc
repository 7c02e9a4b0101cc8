// Every step is one guarded write; what is known here only spares those that would do nothing.
#include "hub/packages.h"

#include <algorithm>

#include "base/env/function_job.h"
#include "base/text.h"
#include "hub/in_force.h"
#include "hub/package_loader.h"
#include "hub/policy/decider.h"

namespace lockstep::hub {
namespace {

constexpr std::chrono::milliseconds kTryAgain{100};
constexpr std::size_t kKeptRefused = 16;     // of a kind: long enough to read why; as many dropped ones
constexpr std::uint64_t kChunksDeleted = 8;  // in one entry: a clean-up never holds others up
constexpr wire::PackageKind kKinds[] = {wire::MODEL, wire::POLICY, wire::SETTINGS};

std::int64_t number(wire::PackageKind kind) { return static_cast<std::int64_t>(kind); }

Status verify_bytes(wire::PackageKind kind, BytesView bytes) {
  switch (kind) {
    case wire::MODEL: return verify_model(bytes);
    case wire::POLICY: return verify_policy(bytes);
    default: return {};  // an edge knows what its settings are
  }
}

wire::Statement announce(const wire::Package& package) {
  return statement(
      "INSERT OR IGNORE INTO hub_packages(kind, version, bytes, hash, received, state, reason, note) "
      "VALUES(?1, ?2, ?3, ?4, 0, 1, '', ?5)",
      number(package.kind()), package.version(), package.bytes(), package.hash(), package.note());
}

std::vector<wire::Statement> store(const wire::PackageChunk& chunk) {
  std::vector<wire::Statement> statements;
  statements.push_back(
      statement("UPDATE hub_packages SET received = received + ?4 "
                "WHERE kind = ?1 AND version = ?2 AND state = 1 AND received = ?3 AND received + ?4 <= bytes",
                number(chunk.kind()), chunk.version(), chunk.offset(), chunk.data().size()));
  statements.push_back(statement(
      "INSERT INTO hub_chunks(kind, version, offset, data) SELECT ?1, ?2, ?3, ?4 WHERE changes() > 0",
      number(chunk.kind()), chunk.version(), chunk.offset(), BlobView{chunk.data()}));
  return statements;
}

// STAGED or KEPT becomes ACTIVE, what was ACTIVE becomes KEPT, and the one row of the kind moves, or nothing
// happens.
std::vector<wire::Statement> make_active(PackageKey key) {
  std::vector<wire::Statement> statements;
  statements.push_back(
      statement("UPDATE hub_packages SET state = CASE version WHEN ?2 THEN 3 ELSE 4 END "
                "WHERE kind = ?1 AND (version = ?2 OR state = 3) AND EXISTS(SELECT 1 FROM hub_packages AS p "
                "WHERE p.kind = ?1 AND p.version = ?2 AND p.state IN (2, 4))",
                number(key.kind), key.version));
  statements.push_back(statement(
      "INSERT INTO hub_active(kind, version, hash) SELECT kind, version, hash FROM hub_packages "
      "WHERE kind = ?1 AND version = ?2 AND state = 3 ON CONFLICT(kind) DO UPDATE "
      "SET version = excluded.version, hash = excluded.hash WHERE hub_active.version <> excluded.version",
      number(key.kind), key.version));
  return statements;
}

// What was ACTIVE becomes KEPT, and the row of the kind says that there is none: version 0.
std::vector<wire::Statement> make_none_active(wire::PackageKind kind) {
  std::vector<wire::Statement> statements;
  statements.push_back(
      statement("UPDATE hub_packages SET state = 4 WHERE kind = ?1 AND state = 3", number(kind)));
  statements.push_back(statement(
      "UPDATE hub_active SET version = 0, hash = 0 WHERE kind = ?1 AND version <> 0", number(kind)));
  return statements;
}

// Nothing of it is needed any more.
bool is_over(wire::PackageState state) { return state == wire::REFUSED || state == wire::DROPPED; }

bool has_built_in(wire::PackageKind kind) { return kind == wire::MODEL || kind == wire::POLICY; }

std::string objection_to(const wire::Package& package) {
  if (std::ranges::find(kKinds, package.kind()) == std::ranges::end(kKinds))
    return "expected a known kind of package";
  if (package.version() == 0 || package.version() > kMostVersion)
    return cat("expected a version from 1 to ", kMostVersion);
  if (package.bytes() == 0 || package.bytes() > kMostPackageBytes)
    return cat("expected 1 to ", kMostPackageBytes, " bytes, found ", package.bytes());
  return {};
}

}  // namespace

// ---- from the cloud ----------------------------------------------------------------------------------

void Packages::on_package(NodeId from, const wire::Package& package) {
  const PackageKey key{package.kind(), package.version()};
  if (std::string objection = objection_to(package); !objection.empty())
    return answer(from, key, std::move(objection));
  if (const PackageRow* known = catalogue_.find(key)) {
    const bool same = known->bytes == package.bytes() && known->hash == package.hash();
    return answer(from, key, same ? "" : cat("version ", key.version, " of this kind is another package"));
  }
  const auto newer = catalogue_.packages().upper_bound(key);
  if (newer != catalogue_.packages().end() && newer->first.kind == key.kind)
    return answer(from, key,
                  cat("expected a version above ", newer->first.version, ", which is here already"));
  write_then_answer({announce(package)}, from, key);
}

void Packages::on_chunk(NodeId from, const wire::PackageChunk& chunk) {
  const PackageKey key{chunk.kind(), chunk.version()};
  const PackageRow* package = catalogue_.find(key);
  if (package == nullptr || package->state != wire::RECEIVING || chunk.data().size() > kMostChunkBytes)
    return answer(from, key);
  const auto before = arriving_.find(key);
  const std::uint64_t taken =
      std::max(package->received, before == arriving_.end() ? 0 : before->second.taken);
  const bool fits = chunk.offset() == taken && chunk.data().size() <= package->bytes - chunk.offset();
  if (!fits || chunk.data().empty()) return answer(from, key);
  Arriving& arriving = arriving_[key];
  arriving.taken = taken + chunk.data().size();
  ++arriving.under_way;
  surroundings_.database.write(store(chunk), [this, from, key](const Written& written) {
    Arriving& still = arriving_[key];
    if (--still.under_way == 0) arriving_.erase(key);
    if (written.ok()) answer(from, key);
  });
}

void Packages::on_activate(NodeId from, const wire::Activate& activate) {
  const PackageKey key{activate.kind(), activate.version()};
  if (key.version == 0 && has_built_in(key.kind)) {
    if (catalogue_.active_version(key.kind) == 0) return answer(from, key);
    return write_then_answer(make_none_active(key.kind), from, key);
  }
  const PackageRow* package = catalogue_.find(key);
  const bool can = package != nullptr && (package->state == wire::STAGED || package->state == wire::KEPT);
  if (!can) return answer(from, key);
  write_then_answer(make_active(key), from, key);
}

void Packages::write_then_answer(std::vector<wire::Statement> statements, NodeId to, PackageKey key) {
  surroundings_.database.write(std::move(statements), [this, to, key](const Written& written) {
    if (written.ok()) answer(to, key);
  });
}

wire::PackageStatus Packages::status(PackageKey key) const {
  wire::PackageStatus status;
  status.set_kind(key.kind);
  status.set_version(key.version);
  if (const PackageRow* package = catalogue_.find(key)) {
    status.set_state(package->state);
    status.set_received(package->received);
    status.set_reason(package->reason);
    status.set_hash(package->hash);
  }
  if (const InForceRow* active = catalogue_.active(key.kind)) {
    status.set_active(active->row.version);
    status.set_active_index(active->index.value());
  }
  if (key.version == 0 && has_built_in(key.kind))
    status.set_state(status.active() == 0 ? wire::ACTIVE : wire::KEPT);
  return status;
}

// `reason`: why it is refused though nothing of it is in the log.
void Packages::answer(NodeId to, PackageKey key, std::string reason) const {
  wire::FieldMessage message;
  *message.mutable_package_status() = status(key);
  if (!reason.empty()) {
    message.mutable_package_status()->set_state(wire::REFUSED);
    message.mutable_package_status()->set_reason(std::move(reason));
  }
  surroundings_.send(to, message);
}

// ---- turns -------------------------------------------------------------------------------------------

void Packages::on_row(const sql::RowChange& change) {
  if (change.table == kEdges) {
    count_running(change.before, -1);
    count_running(change.after, 1);
  }
  if (change.table != kPackages) return;
  if (change.after.empty()) {  // somebody has deleted it: it may come again from its beginning
    const PackageRow gone(change.before);
    if (const auto arriving = arriving_.find({gone.kind, gone.version}); arriving != arriving_.end())
      arriving->second.taken = 0;
    return;
  }
  const PackageRow row(change.after);
  const bool is_news = change.before.empty() || PackageRow(change.before).state != row.state;
  if (is_news) news_.insert({row.kind, row.version});
}

void Packages::on_follow() {
  verifying_.clear();  // but not arriving_: its writes are still answered, and counted
  again_ = kNever;
}

void Packages::act(Instant now, bool leads) {
  const std::set<PackageKey> news = std::exchange(news_, {});
  if (!leads) return;
  for (const PackageKey& key : news)
    for (const NodeId cloud : edges_.clouds()) answer(cloud, key);
  if (again_ != kNever && now < again_) return;
  again_ = kNever;
  for (const auto& [key, package] : catalogue_.packages())
    if (package.state == wire::RECEIVING && package.received == package.bytes && !verifying_.contains(key))
      verify(package);
  clean_up();
}

// ---- verification ------------------------------------------------------------------------------------

void Packages::verify(const PackageRow& package) {
  const PackageKey key{package.kind, package.version};
  verifying_.insert(key);
  load_package(surroundings_.database, package, [this, key](Result<Bytes> bytes) {
    if (!bytes && bytes.error().code == ErrorCode::kUnavailable) return verification_failed(key);
    if (!bytes) return verified(key, std::unexpected(bytes.error()));
    surroundings_.env.lanes.submit(
        kModelLane,
        env::make_job([kind = key.kind, bytes = *std::move(bytes)] { return verify_bytes(kind, bytes); },
                      [this, key](const Status& verdict) { verified(key, verdict); }));
  });
}

void Packages::verified(PackageKey key, const Status& verdict) {
  std::vector<wire::Statement> statements;
  statements.push_back(statement(
      "UPDATE hub_packages SET state = ?3, reason = ?4 "
      "WHERE kind = ?1 AND version = ?2 AND state = 1 AND received = bytes",
      number(key.kind), key.version, static_cast<std::int64_t>(verdict ? wire::STAGED : wire::REFUSED),
      verdict ? std::string() : verdict.error().message));
  surroundings_.database.write(std::move(statements), [this, key](const Written& written) {
    written.ok() ? void(verifying_.erase(key)) : verification_failed(key);
  });
}

void Packages::verification_failed(PackageKey key) {
  verifying_.erase(key);
  again_ = surroundings_.now() + kTryAgain;
}

// ---- what is not kept --------------------------------------------------------------------------------

void Packages::count_running(const std::vector<sql::Value>& edge, int change) {
  if (edge.empty()) return;
  const std::uint64_t version = EdgeRow(edge).settings_version;
  if ((running_[version] += change) == 0) running_.erase(version);
}

// What all edges run may be older than many that all of them have refused: without it, who comes new gets
// none.
bool Packages::runs_at_an_edge(PackageKey key) const {
  return key.kind == wire::SETTINGS && running_.contains(key.version);
}

// Of more than so many in this state, beside those that an edge runs; nullptr: there are no more. The newest
// stay, so that the highest number of a kind is known as long as it has any rows.
const PackageRow* Packages::oldest_beyond(std::size_t most, wire::PackageKind kind,
                                          wire::PackageState state) const {
  std::size_t found = 0;
  const PackageRow* oldest = nullptr;
  for (const auto& [key, package] : catalogue_.packages()) {
    if (key.kind != kind || package.state != state || runs_at_an_edge(key)) continue;
    ++found;
    if (oldest == nullptr) oldest = &package;
  }
  return found > most ? oldest : nullptr;
}

void Packages::clean_up() {
  if (cleaning_) return;
  for (const wire::PackageKind kind : kKinds)
    if (const PackageRow* package = oldest_beyond(surroundings_.config.kept_versions, kind, wire::KEPT))
      return drop({kind, package->version});
  for (const auto& [key, package] : catalogue_.packages())
    if (is_over(package.state) && package.received > 0) return delete_chunks(key);
  for (const wire::PackageKind kind : kKinds)
    for (const wire::PackageState state : {wire::REFUSED, wire::DROPPED})
      if (const PackageRow* package = oldest_beyond(kKeptRefused, kind, state))
        return delete_row({kind, package->version});
}

void Packages::delete_row(PackageKey key) {
  std::vector<wire::Statement> statements;
  statements.push_back(statement(
      "DELETE FROM hub_packages WHERE kind = ?1 AND version = ?2 AND state IN (5, 6) AND received = 0",
      number(key.kind), key.version));
  clean(std::move(statements));
}

void Packages::clean(std::vector<wire::Statement> statements) {
  cleaning_ = true;
  surroundings_.database.write(std::move(statements), [this](const Written& written) {
    cleaning_ = false;
    if (!written.ok()) again_ = surroundings_.now() + kTryAgain;
  });
}

// Whether an edge runs it is asked once more, of the rows at this entry: one may have said so meanwhile.
void Packages::drop(PackageKey key) {
  std::vector<wire::Statement> statements;
  statements.push_back(statement(
      "UPDATE hub_packages SET state = 6, reason = 'not kept any more' WHERE kind = ?1 AND version = ?2 "
      "AND state = 4 AND NOT (kind = 3 AND EXISTS(SELECT 1 FROM hub_edges WHERE settings_version = ?2))",
      number(key.kind), key.version));
  clean(std::move(statements));
}

// `received` falls to zero with the last chunk: then nothing is left to do.
void Packages::delete_chunks(PackageKey key) {
  std::vector<wire::Statement> statements;
  statements.push_back(
      statement("DELETE FROM hub_chunks WHERE rowid IN (SELECT rowid FROM hub_chunks WHERE kind = ?1 AND "
                "version = ?2 LIMIT ?3)",
                number(key.kind), key.version, kChunksDeleted));
  statements.push_back(
      statement("UPDATE hub_packages SET received = 0 WHERE kind = ?1 AND version = ?2 AND state IN (5, 6) "
                "AND NOT EXISTS(SELECT 1 FROM hub_chunks AS c WHERE c.kind = ?1 AND c.version = ?2)",
                number(key.kind), key.version));
  clean(std::move(statements));
}

}  // namespace lockstep::hub
