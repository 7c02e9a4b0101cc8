// Each kind's members, and what no schema can say about them.
#include "scenarios/parse_workloads.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "scenarios/parse_values.h"

namespace lockstep::scenarios {
namespace {

constexpr Duration kShortest = std::chrono::microseconds(1);

void read_load(const json::Cursor& at, Load& load) {
  read_member(at, "clients", load.clients);
  if (at.has("rate") && at.has("think"))
    at.nearest("think").refuse("no \"think\" beside \"rate\"", "they exclude each other");
  if (const auto rate = at.member("rate")) {
    read(*rate, load.pacing.emplace<Rate>());
  } else {
    read_member(at, "think", std::get<Think>(load.pacing).time);
  }
  read_member(at, "start", load.start);
  read_duration(at, "for", kShortest, load.lasting);
  read_member(at, "ops", load.ops);
  read_duration(at, "timeout", kShortest, load.timeout);
  read_member(at, "pipeline", load.pipeline);
}

// The members that a kind has beside its load, its share of reads and their level.

void read_rest(const json::Cursor& at, RegisterWorkload& out) {
  read_member(at, "keys", out.keys);
  read_member(at, "cas", out.cas);
  if (out.reads.parts_per_million + out.cas.parts_per_million > 1'000'000) {
    at.nearest(at.has("cas") ? "cas" : "reads")
        .refuse("reads and cas of at most 1 together", "the rest are plain writes");
  }
}

void read_rest(const json::Cursor& at, VersionedWrites& out) {
  read_member(at, "tables", out.tables);
  read_member(at, "statements", out.statements);
  read_member(at, "breaking", out.breaking);
}

void read_rest(const json::Cursor& at, BankWorkload& out) {
  read_member(at, "accounts", out.accounts);
  read_member(at, "balance", out.balance);
  read_member(at, "most", out.most);
}

void read_rest(const json::Cursor&, SetWorkload&) {}

void read_rest(const json::Cursor& at, CounterWorkload& out) {
  read_member(at, "keys", out.keys);
  read_member(at, "most", out.most);
}

void read_rest(const json::Cursor& at, ListAppendWorkload& out) {
  read_member(at, "keys", out.keys);
  read_member(at, "operations", out.operations);
  if (const auto form = at.member("form"))
    read_choice(*form, std::array{ListForm::kText, ListForm::kRows}, out.form);
}

void read_rest(const json::Cursor& at, MixedSqlWorkload& out) {
  read_member(at, "most_bytes", out.most_bytes);
  read_member(at, "breaking", out.breaking);
  read_member(at, "schema", out.schema);
  read_member(at, "endless", out.endless);
  read_member(at, "passing", out.passing);
  read_member(at, "upkeep", out.upkeep);
  if (out.breaking.parts_per_million + out.schema.parts_per_million > 1'000'000) {
    at.nearest(at.has("schema") ? "schema" : "breaking")
        .refuse("breaking and schema of at most 1 together", "the rest are plain writes");
  }
}

void read_rest(const json::Cursor& at, SlowReadWorkload& out) {
  read_member(at, "rows", out.rows);
  read_member(at, "steps", out.steps);
}

template <class Kind>
Workload read_kind(const json::Cursor& at) {
  Kind out;
  read_load(at, out.load);
  read_member(at, "reads", out.reads);
  if constexpr (requires { out.read_level; }) read_member(at, "read_level", out.read_level);
  read_rest(at, out);
  return out;
}

Workload read_verify(const json::Cursor& at, const std::vector<Workload>& earlier) {
  Verify out;
  read_member(at, "start", out.start);
  read_member(at, "rounds", out.rounds);
  read_duration(at, "every", kShortest, out.every);
  read_duration(at, "timeout", kShortest, out.timeout);
  read_member(at, "read_level", out.read_level);
  const bool has_writes = std::any_of(earlier.begin(), earlier.end(), [&](const Workload& workload) {
    return std::holds_alternative<VersionedWrites>(workload) && start_of(workload) < out.start;
  });
  if (!has_writes) {
    at.nearest("start").refuse("a start after that of some versioned_writes workload above",
                               "there would be nothing to verify");
  }
  return out;
}

}  // namespace

Workload read_workload(const json::Cursor& at, const std::vector<Workload>& earlier) {
  const std::string_view kind = at.member("kind")->text();
  if (kind == "register") return read_kind<RegisterWorkload>(at);
  if (kind == "versioned_writes") return read_kind<VersionedWrites>(at);
  if (kind == "bank") return read_kind<BankWorkload>(at);
  if (kind == "sets") return read_kind<SetWorkload>(at);
  if (kind == "counters") return read_kind<CounterWorkload>(at);
  if (kind == "list_append") return read_kind<ListAppendWorkload>(at);
  if (kind == "mixed_sql") return read_kind<MixedSqlWorkload>(at);
  if (kind == "slow_reads") return read_kind<SlowReadWorkload>(at);
  return read_verify(at, earlier);
}

}  // namespace lockstep::scenarios
