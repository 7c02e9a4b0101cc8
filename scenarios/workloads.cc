// When workloads begin and end, and their way back into the language.
#include "scenarios/workloads.h"

#include <array>
#include <nlohmann/json.hpp>
#include <string>

#include "base/text.h"
#include "scenarios/faults.h"

namespace lockstep::scenarios {
namespace {

using Json = nlohmann::ordered_json;

void put(Json& out, const Load& load) {
  out["clients"] = load.clients;
  if (const auto* think = std::get_if<Think>(&load.pacing)) out["think"] = to_string(think->time);
  if (const auto* rate = std::get_if<Rate>(&load.pacing))
    out["rate"] = cat(rate->count, rate->period == std::chrono::seconds(1) ? "/s" : "/m");
  out["start"] = to_string(load.start);
  out["for"] = to_string(load.lasting);
  if (load.ops) out["ops"] = *load.ops;
  out["timeout"] = to_string(load.timeout);
}

// The members that a kind has beside its load, its share of reads and their level.

void put(Json& out, const RegisterWorkload& workload) {
  out["keys"] = workload.keys;
  out["cas"] = json_of(workload.cas);
}

void put(Json& out, const VersionedWrites& workload) {
  out["tables"] = workload.tables;
  out["statements"] = workload.statements;
  out["pipeline"] = workload.load.pipeline;
  out["breaking"] = json_of(workload.breaking);
}

void put(Json& out, const Verify& verify) {
  out["start"] = to_string(verify.start);
  out["rounds"] = verify.rounds;
  out["every"] = to_string(verify.every);
  out["timeout"] = to_string(verify.timeout);
}

void put(Json& out, const BankWorkload& workload) {
  out["pipeline"] = workload.load.pipeline;
  out["accounts"] = workload.accounts;
  out["balance"] = workload.balance;
  out["most"] = workload.most;
}

void put(Json& out, const SetWorkload& workload) {
  out["pipeline"] = workload.load.pipeline;
}

void put(Json& out, const CounterWorkload& workload) {
  out["pipeline"] = workload.load.pipeline;
  out["keys"] = workload.keys;
  out["most"] = workload.most;
}

void put(Json& out, const ListAppendWorkload& workload) {
  out["pipeline"] = workload.load.pipeline;
  out["keys"] = workload.keys;
  out["operations"] = workload.operations;
  out["form"] = to_string(workload.form);
}

void put(Json& out, const MixedSqlWorkload& workload) {
  out["pipeline"] = workload.load.pipeline;
  out["most_bytes"] = workload.most_bytes;
  out["breaking"] = json_of(workload.breaking);
  out["schema"] = json_of(workload.schema);
  out["endless"] = json_of(workload.endless);
  out["passing"] = json_of(workload.passing);
  out["upkeep"] = json_of(workload.upkeep);
}

void put(Json& out, const SlowReadWorkload& workload) {
  out["pipeline"] = workload.load.pipeline;
  out["rows"] = workload.rows;
  out["steps"] = workload.steps;
}

}  // namespace

std::string_view kind_of(const Workload& workload) {
  constexpr std::array<std::string_view, std::variant_size_v<Workload>> kKinds{
      "register", "versioned_writes", "verify",    "bank",      "sets",
      "counters", "list_append",      "mixed_sql", "slow_reads"};
  return kKinds[workload.index()];
}

const Load* load_of(const Workload& workload) {
  return std::visit(
      [](const auto& kind) -> const Load* {
        if constexpr (requires { kind.load; }) {
          return &kind.load;
        } else {
          return nullptr;
        }
      },
      workload);
}

std::uint32_t client_count(const Workload& workload) {
  const Load* load = load_of(workload);
  return load == nullptr ? 1 : load->clients;
}

Duration start_of(const Workload& workload) {
  const Load* load = load_of(workload);
  return load == nullptr ? std::get<Verify>(workload).start : load->start;
}

Duration end_of(const Workload& workload) {
  if (const Load* load = load_of(workload)) return load->start + load->lasting;
  const Verify& verify = std::get<Verify>(workload);
  return verify.start + verify.rounds * verify.every;
}

std::string_view to_string(ReadLevel level) {
  return level == ReadLevel::kLinearizable ? "linearizable" : "local";
}

std::string_view to_string(ListForm form) { return form == ListForm::kText ? "text" : "rows"; }

nlohmann::ordered_json json_of(const Workload& workload) {
  Json out{{"kind", kind_of(workload)}};
  if (const Load* load = load_of(workload)) put(out, *load);
  std::visit(
      [&out](const auto& kind) {
        put(out, kind);
        if constexpr (requires { kind.reads; }) out["reads"] = json_of(kind.reads);
        if constexpr (requires { kind.read_level; }) out["read_level"] = to_string(kind.read_level);
      },
      workload);
  return out;
}

}  // namespace lockstep::scenarios
