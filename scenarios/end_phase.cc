// Healing, serving, converging, and the last reads.
#include "scenarios/end_phase.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/check.h"
#include "base/join.h"
#include "core/replica/events.h"
#include "reports/render.h"
#include "scenarios/versioned_writes_client.h"

namespace lockstep::scenarios {
namespace {

constexpr Purpose kQuorum{"end_phase.quorum"};
constexpr Duration kPoll = std::chrono::milliseconds(20);
constexpr Duration kAnswerTimeout = std::chrono::seconds(1);

// The hub's writes are of the cluster's mode: strong ones need every voter, and none can be owed without one.
bool can_hubs_write(const Scenario& scenario, const Damage& damage) {
  return scenario.cluster.consensus.write_mode != WriteMode::kStrong || !damage.has_lost_any();
}

}  // namespace

void EndPhase::run() {
  stage_.events().subscribe(replica::kEntryApplied, *this);
  nemesis_.stop();
  const auto all = cast_.roster().nodes();
  if (scenario_.finally.heal == Heal::kQuorumThenAll && all.size() > 1) {
    const auto quorum = draw_quorum();
    nemesis_.heal(quorum);
    // A strong write needs every voter: a quorum cannot owe it.
    phase("a healed quorum", quorum, wire::QUORUM);
  }
  nemesis_.heal_all();
  phase("the whole healed cluster", all, wire::DEFAULT_MODE);
  await_field();
  compare_nodes();
  make_last_reads();
}

// A majority, drawn by seed; with nobody whose storage is damaged, if there is such a one.
std::vector<NodeId> EndPhase::draw_quorum() const {
  auto nodes = cast_.roster().nodes();
  const std::size_t majority = nodes.size() / 2 + 1;
  if (nodes.size() - nemesis_.damage().damaged() >= majority)
    std::erase_if(nodes, [this](NodeId node) { return nemesis_.damage().is_damaged(node); });
  std::sort(nodes.begin(), nodes.end(), [this](NodeId a, NodeId b) {
    return draw(seed_, kQuorum, a.value(), 0) < draw(seed_, kQuorum, b.value(), 0);
  });
  nodes.resize(majority);
  std::sort(nodes.begin(), nodes.end());
  return nodes;
}

void EndPhase::phase(const std::string& name, const std::vector<NodeId>& healed, wire::WriteMode mode) {
  const Duration began = stage_.now();
  const Duration deadline = began + within_;
  const auto index = serve(deadline, mode);
  const std::string within = to_string(within_);
  const bool served = index && await_applied(healed, *index, deadline);
  has_stopped_ = !served && may_stop();
  if (has_stopped_) {
    excused_.push_back(cat(name, " did not serve or converge within ", within, ": ", who_is_damaged()));
    return;
  }
  ++phases_;
  if (!index) {
    broken_.push_back(cat(name, " did not execute a write within ", within));
  } else if (!served) {
    broken_.push_back(cat(name, " did not apply entry ", *index, " on every node within ", within));
  }
}

// Under the budget `unlimited`, when no majority has a sound storage.
bool EndPhase::may_stop() const {
  const std::size_t nodes = cast_.roster().node_count();
  return scenario_.disk.budget == Budget::kUnlimited && (nodes - nemesis_.damage().damaged()) * 2 <= nodes;
}

std::string EndPhase::who_is_damaged() const {
  auto damaged = cast_.roster().nodes();
  std::erase_if(damaged, [this](NodeId node) { return !nemesis_.damage().is_damaged(node); });
  return cat("no majority has a sound storage, the disks of ",
             joined(damaged, [](NodeId node) { return Roster::name(node); }), " were harmed");
}

bool EndPhase::has_stopped() const {
  return has_stopped_ || (may_stop() && present().size() * 2 <= cast_.roster().node_count());
}

// Those that are not lost to the cluster for the damage of their storage.
std::vector<NodeId> EndPhase::present() const {
  auto nodes = cast_.roster().nodes();
  std::erase_if(nodes, [this](NodeId node) { return nemesis_.damage().is_lost(node); });
  return nodes;
}

// The index of an executed write of the steward, or nothing by the deadline.
std::optional<std::uint64_t> EndPhase::serve(Duration deadline, wire::WriteMode mode) {
  // The table comes with the write: the workloads may have ended before there was a leader.
  const wire::Statement create = make_statement("CREATE TABLE IF NOT EXISTS steward(id INTEGER PRIMARY KEY)");
  while (stage_.now() < deadline) {
    wire::Statement insert = make_statement("INSERT INTO steward(id) VALUES(?1)");
    add_integer(insert, ++next_probe_);
    const Duration left = deadline - stage_.now();
    // A strong write needs every voter: none can be owed while one is lost.
    const wire::WriteMode possible = nemesis_.damage().has_lost_any() ? wire::QUORUM : mode;
    const auto done = await([&](client::ClientProcess::Then then) {
      cast_.steward().write({create, insert}, {.expected = {}, .mode = possible}, left, std::move(then));
    });
    if (ending_of_write(done).completion == reports::Completion::kOk) return done.reply.write().index();
  }
  return std::nullopt;
}

bool EndPhase::await_applied(const std::vector<NodeId>& nodes, std::uint64_t index, Duration deadline) {
  std::set<NodeId> missing(nodes.begin(), nodes.end());
  while (!missing.empty() && stage_.now() < deadline) {
    for (const NodeId node : std::set<NodeId>(missing)) {
      if (nemesis_.damage().is_lost(node)) {
        missing.erase(node);
        continue;
      }
      const auto done = await([&](client::ClientProcess::Then then) {
        cast_.steward().status(node, kAnswerTimeout, std::move(then));
      });
      if (done.conclusion == client::Conclusion::kDone && done.reply.node_status().applied_index() >= index)
        missing.erase(node);
    }
    if (!missing.empty()) stage_.run_for(kPoll);
  }
  return missing.empty();
}

// Edges may have hours of readings to bring.
void EndPhase::await_field() {
  if (field_ == nullptr) return;
  const Duration deadline = stage_.now() + within_;
  while (!field_->is_at_rest() && stage_.now() < deadline) stage_.run_for(kPoll);
  // Asked now: a node that is damaged may have found out meanwhile.
  const bool is_owed = !may_stop() && can_hubs_write(scenario_, nemesis_.damage());
  field_rested_ = field_->is_at_rest() || !is_owed;
  if (!field_->is_at_rest() && !is_owed)
    excused_.push_back(cat("the field did not come to rest: ",
                           may_stop() ? who_is_damaged() : "a strong write needs every node, and one is lost"));
}

// Writes that were under way when their clients gave up may be executed now: the nodes are compared when all
// stand at the same entry.
void EndPhase::await_rest() {
  const Duration deadline = stage_.now() + within_;
  ask_statuses(present());
  while (!stand_together(present().size()) && stage_.now() < deadline) {
    stage_.run_for(kPoll);
    ask_statuses(present());
  }
}

bool EndPhase::stand_together(std::size_t nodes) const {
  return statuses_.size() == nodes &&
         std::all_of(statuses_.begin(), statuses_.end(), [this](const auto& status) {
           return status.applied_index() == statuses_.front().applied_index();
         });
}

void EndPhase::ask_statuses(const std::vector<NodeId>& nodes) {
  statuses_.clear();
  for (const NodeId node : nodes) {
    const auto done = await(
        [&](client::ClientProcess::Then then) { cast_.steward().status(node, within_, std::move(then)); });
    if (done.conclusion == client::Conclusion::kDone) statuses_.push_back(done.reply.node_status());
  }
}

// A damaged one that stops counts as lost, and may be back meanwhile, with less than the others (chaos seed 18840).
std::vector<wire::StatusReply> EndPhase::compared() const {
  std::vector<wire::StatusReply> statuses = statuses_;
  std::erase_if(statuses, [this](const wire::StatusReply& status) {
    return nemesis_.damage().is_lost(NodeId(status.node()));
  });
  return statuses;
}

// Again, if anything was applied while they were read: a strong write that was prepared long ago may be decided now.
void EndPhase::compare_nodes() {
  const Duration deadline = stage_.now() + within_;
  do {
    await_rest();
    has_applied_ = false;
    contents_.clear();
    versions_.clear();
    read_tables();
  } while (has_applied_ && stage_.now() < deadline);
}

void EndPhase::read_tables() {
  for (const std::string& table : written_tables(scenario_))
    for (const wire::StatusReply& status : compared()) {
      const NodeId node(status.node());
      const auto rows = await([&](client::ClientProcess::Then then) {
        cast_.steward().query(select_contents(table), {.level = wire::LOCAL, .at = node}, within_,
                              std::move(then));
      });
      const auto version = await([&](client::ClientProcess::Then then) {
        cast_.steward().get_version(table, node, within_, std::move(then));
      });
      if (ending_of_read(rows).completion != reports::Completion::kOk) continue;
      NodeTable found{.node = node, .table = table, .ids = {}};
      for (const wire::Row& row : rows.reply.query().rows().rows())
        found.ids.push_back(cat(row.values(0).integer()));
      if (version.conclusion == client::Conclusion::kDone)
        versions_.push_back({node, table, version.reply.version(), found.ids.size()});
      contents_.push_back(std::move(found));
    }
}

// What was acknowledged must still be there, whichever node is asked.
void EndPhase::make_last_reads() {
  RunBook& book = cast_.book();
  const std::int64_t process = book.new_process();
  std::map<NodeId, bool> answered;  // who was asked
  for (const Read& read : last_reads_of(scenario_, book))
    for (const NodeId node : present()) {
      const std::size_t operation = book.invoke(RunBook::kRunner, process, read.f, read.key, read.argument);
      const auto done = await([&](client::ClientProcess::Then then) {
        cast_.steward().query(read.statement, {.level = wire::LINEARIZABLE, .at = node}, within_,
                              std::move(then));
      });
      answered[node] |= done.conclusion == client::Conclusion::kDone;
      const Ending ending = ending_of_read(done);
      reports::Value result;
      if (ending.completion == reports::Completion::kOk) result = read.result(done.reply.query().rows());
      book.complete(operation, ending.completion, std::move(result), ending.error);
    }
  for (const auto& [node, has_answered] : answered)
    if (!has_answered && !nemesis_.damage().is_lost(node) && !may_stop())
      broken_.push_back(cat(Roster::name(node), " answered none of the last reads, each within ", to_string(within_)));
}

client::Completion EndPhase::await(const std::function<void(client::ClientProcess::Then)>& call) {
  std::optional<client::Completion> answer;
  call([&answer](const client::Completion& done) { answer = done; });
  stage_.run_while([&answer] { return !answer.has_value(); });
  return std::move(*answer);
}

// ---- verdicts ----------------------------------------------------------------------------------------

reports::Verdict EndPhase::liveness() const {
  reports::Verdict verdict{
      .name = "liveness",
      .promise =
          "once faults stop, a healed quorum serves within the bound, and so does the "
          "whole cluster when all is healed",
      .outcome = broken_.empty() ? reports::Outcome::kHolds : reports::Outcome::kViolated,
      .checked = {{"phases", phases_}},
      .evidence = broken_,
      .excused = excused_};
  return verdict;
}

std::vector<reports::ReplicaState> EndPhase::replicas() const {
  std::vector<reports::ReplicaState> replicas;
  for (const wire::StatusReply& status : compared()) {
    reports::ReplicaState replica{.replica = Roster::name(NodeId(status.node())),
                                  .applied_index = status.applied_index(),
                                  .digest = status.digest(),
                                  .tables = {}};
    for (const FinalVersion& found : versions_)
      if (found.node == NodeId(status.node()))
        replica.tables.push_back({found.table, found.version, found.rows});
    replicas.push_back(std::move(replica));
  }
  return replicas;
}

reports::Verdict EndPhase::convergence() const {
  const std::vector<reports::ReplicaState> found = replicas();
  reports::Verdict verdict = reports::check_convergence(found);
  for (const NodeId node : cast_.roster().nodes())
    if (std::ranges::find(found, Roster::name(node), &reports::ReplicaState::replica) == found.end())
      verdict.excused.push_back(cat(Roster::name(node), " was not compared: ", why_not_compared(node)));
  if (has_stopped()) {  // that they agree after equal entries is the business of replica-digest
    verdict.outcome = reports::Outcome::kHolds;
    verdict.evidence.clear();
    if (found.size() > 1) verdict.excused.push_back(cat("what is left need not be equal: ", who_is_damaged()));
    return verdict;
  }
  if (found.size() == present().size() || may_stop()) return verdict;
  verdict.outcome = reports::Outcome::kViolated;
  verdict.evidence.push_back(
      cat("only ", found.size(), " of ", present().size(), " nodes answered at the end"));
  return verdict;
}

std::string EndPhase::why_not_compared(NodeId node) const {
  const Damage& damage = nemesis_.damage();
  if (!damage.is_lost(node)) return "it did not answer";
  return damage.has_stopped(node) ? "it has stopped itself, its disk was harmed"
                                  : "its disk was harmed, and what it needs is not in the log of the leader any more";
}

std::vector<reports::FinalContents> EndPhase::contents(const std::string& table) const {
  std::vector<reports::FinalContents> found;
  for (const NodeTable& contents : contents_)
    if (contents.table == table) found.push_back({Roster::name(contents.node), contents.ids});
  return found;
}

}  // namespace lockstep::scenarios
