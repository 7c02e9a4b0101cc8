// Text, schema, sweep, then each variant's quantities and what must fit together; each stage only if the one
// before found nothing, because its problems would only be echoes.
#include "scenarios/parse_scenario.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <tuple>
#include <utility>

#include "base/text.h"
#include "json/schema.h"
#include "json/text.h"
#include "scenarios/parse_faults.h"
#include "scenarios/parse_field.h"
#include "scenarios/parse_sweep.h"
#include "scenarios/parse_values.h"
#include "scenarios/parse_workloads.h"

namespace lockstep::scenarios {
namespace {

constexpr Duration kShortest = std::chrono::microseconds(1);
constexpr std::uint32_t kMostBaseLoss = 250'000;  // parts per million

const json::Schema& scenario_schema() {
  static const json::Schema schema = json::Schema::of_ours(scenario_schema_text());
  return schema;
}

class ScenarioReader {
 public:
  ScenarioReader(const json::Cursor& at, const Vocabulary& vocabulary) : at_(at), vocabulary_(vocabulary) {}

  Scenario scenario() {
    read_member(at_, "name", out_.name);
    read_member(at_, "about", out_.about);
    read_member(at_, "seed", out_.seed);
    read_member(at_, "system", out_.system);
    if (const auto cluster = at_.member("cluster")) {
      read_member(*cluster, "nodes", out_.cluster.nodes);
      read(*cluster, out_.cluster.consensus);
    }
    if (out_.system == System::kStandaloneSql) check_standalone();
    read_environment();
    read_field_section();
    for (const json::Cursor& workload : at_.member("workload")->items())
      out_.workload.push_back(read_workload(workload, out_.workload));
    if (const auto faults = at_.member("faults")) read_faults(*faults);
    if (const auto finally = at_.member("finally")) {
      read_member(*finally, "heal", out_.finally.heal);
      read_duration(*finally, "converge_within", kShortest, out_.finally.converge_within);
    }
    if (const auto expect = at_.member("expect")) read_expect(*expect);
    check_can_be_met();
    return std::move(out_);
  }

 private:
  void check_standalone() {
    const Cluster& cluster = out_.cluster;
    const auto at = at_.nearest("cluster");
    if (cluster.nodes != 1) at.nearest("nodes").refuse("1", "a standalone database is one node");
    if (cluster.consensus.pause_before_commit > Duration::zero())
      at.nearest("pause_before_commit").refuse("no pause", "a standalone database has no two-phase writes");
    if (cluster.consensus.write_mode == WriteMode::kStrong)
      at.nearest("write_mode").refuse("quorum", "a standalone database has no two-phase writes");
  }

  void read_field_section() {
    const auto field = at_.member("field");
    if (field && out_.system != System::kHub)
      return field->refuse("no \"field\" here", "it goes with the system \"hub\"");
    if (!field && out_.system == System::kHub)
      return at_.nearest("system").refuse("a \"field\" beside this", "a hub has edges");
    if (field) out_.field = read_field(*field);
  }

  void read_environment() {
    if (const auto network = at_.member("network")) {
      read_member(*network, "latency", out_.network.latency);
      read_member(*network, "loss", out_.network.loss);
      read_member(*network, "duplicate", out_.network.duplicate);
      read_member(*network, "reorder", out_.network.reorder);
    }
    if (const auto disk = at_.member("disk")) {
      read_member(*disk, "sync", out_.disk.sync);
      if (const auto budget = disk->member("budget"))
        read_choice(*budget, std::array{Budget::kAtlas, Budget::kUnlimited}, out_.disk.budget);
    }
    if (const auto clocks = at_.member("clocks")) {
      read_member(*clocks, "max_offset", out_.clocks.max_offset);
      read_member(*clocks, "max_drift_ppm", out_.clocks.max_drift_ppm);
    }
  }

  // ---- what no cluster could do ----

  // The first of these places that the file has; else the file itself.
  json::Cursor given(std::initializer_list<std::pair<std::string_view, std::string_view>> places) const {
    for (const auto& [section, key] : places)
      if (const auto at = at_.member(section); at && at->has(key)) return *at->member(key);
    return at_;
  }

  // The end phase demands that the healed cluster serves within its bound: a scenario that rules this out
  // says nothing about the system, so it is refused.
  void check_can_be_met() {
    const Network& network = out_.network;
    if (network.loss.parts_per_million > kMostBaseLoss) {
      at_.nearest("network").nearest("loss").refuse("a loss of at most 0.25",
                                                    "it stays when all is healed; a fault may lose more");
    }
    const Duration election = out_.cluster.consensus.election_timeout;
    const Duration needed = 2 * network.latency.median + 2 * out_.disk.sync.median;
    if (election <= needed) {
      given({{"cluster", "election_timeout"}, {"network", "latency"}, {"disk", "sync"}})
          .refuse(
              cat("an election_timeout above ", to_string(needed)),
              cat("a ballot of two frames and two syncs usually takes as long; it is ", to_string(election)));
    }
    const Duration bound = out_.finally.converge_within;
    const Duration least = least_patience(out_.cluster);
    if (bound < least) {
      given({{"finally", "converge_within"},
             {"cluster", "election_timeout"},
             {"cluster", "pause_before_commit"}})
          .refuse(cat("a converge_within of at least ", to_string(least)),
                  cat("ten election timeouts and two pauses before commit; it is ", to_string(bound)));
    }
    for (std::size_t fault = 0; fault < out_.faults.size(); ++fault) {
      const json::Cursor place = at_.member("faults")->items()[fault];
      if (coarsest_tick_of_nodes(out_.faults[fault]) > election / 2) {
        place.nearest("clock").nearest("tick").refuse(
            cat("a tick of at most ", to_string(election / 2)),
            "it stays when all is healed, and by such a clock elections begin out of turn for ever");
      }
      const auto [member, longest] = aftermath(out_.faults[fault]);
      if (longest <= bound / 4) continue;
      place.nearest(member).refuse(
          cat("a ", member, " of at most ", to_string(bound / 4)),
          "what is under way when the faults end has to arrive within a quarter of converge_within");
    }
  }

  // Zero: it leaves their clocks as fine as they are.
  static Duration coarsest_tick_of_nodes(const Fault& fault) {
    const auto* clock = std::get_if<ClockChange>(&fault.action);
    if (clock == nullptr) return {};
    const bool is_about_nodes = std::ranges::any_of(clock->targets, [](const Target& target) {
      return target.kind != TargetKind::kEdge && target.kind != TargetKind::kCloud;
    });
    return is_about_nodes ? clock->tick.value_or(Duration()) : Duration();
  }

  // How long the fault may go on having effects when it has ended, and the member that says so.
  static std::pair<std::string_view, Duration> aftermath(const Fault& fault) {
    if (const auto* delay = std::get_if<Delay>(&fault.action)) return {"delay", delay->extra.p99};
    if (const auto* clock = std::get_if<ClockChange>(&fault.action)) return {"clock", clock->freeze};
    if (const auto* limits = std::get_if<Bandwidth>(&fault.action)) return {"bandwidth", limits->drain()};
    const auto* disk = std::get_if<DiskFault>(&fault.action);
    const bool holds_back = std::holds_alternative<Clog>(fault.action) ||
                            std::holds_alternative<Swizzle>(fault.action) ||
                            (disk != nullptr && disk->kind == DiskKind::kStall);
    if (holds_back) return {"for", fault.lasting.value_or(Duration())};
    if (disk != nullptr) return {verb_of(fault.action), disk->extra.p99};
    return {};
  }

  // ---- faults and expectations ----

  void read_faults(const json::Cursor& at) {
    for (const json::Cursor& place : at.items()) {
      out_.faults.push_back(read_fault(place, out_, vocabulary_));
      const auto after = place.member("after");
      const auto strike = first_strike(out_, out_.faults.size() - 1);
      if (after && strike && *strike >= workloads_end(out_)) {
        after->nearest("by").refuse(cat("a time before ", to_string(workloads_end(out_))),
                                    cat("this is ", to_string(*strike), ", when the workloads have ended"));
      }
    }
  }

  void read_expect(const json::Cursor& at) {
    read_member(at, "linearizable", out_.expect.linearizable);
    read_member(at, "lost_writes", out_.expect.lost_writes);
    read_member(at, "converged", out_.expect.converged);
    read_duration(at, "available_within", kShortest, out_.expect.available_within);
    read_member(at, "min_ok", out_.expect.min_ok);
    if (const auto idle = at.member("idle_faults"))
      read_choice(*idle, std::array{IdleFaults::kVacuous, IdleFaults::kAllowed}, out_.expect.idle_faults);
    read_member(at, "in_pause_window", out_.expect.in_pause_window);
    const auto places = at.member("in_pause_window");
    if (!places) return;
    for (const json::Cursor& place : places->items()) {
      std::uint32_t fault = 0;
      read(place, fault);
      if (fault >= out_.faults.size()) {
        place.refuse("the place of a fault, counted from 0",
                     cat("there are ", out_.faults.size(), " faults"));
      }
    }
    const bool two_phase = out_.cluster.consensus.write_mode == WriteMode::kStrong ||
                           out_.cluster.consensus.pause_before_commit.count() > 0;
    if (!out_.expect.in_pause_window.empty() && !two_phase) {
      places->refuse("no faults here without two-phase writes", "set write_mode or pause_before_commit");
    }
  }

  const json::Cursor& at_;
  const Vocabulary& vocabulary_;
  Scenario out_;
};

}  // namespace

std::expected<std::vector<Variant>, json::Problems> parse_scenario(std::string_view text,
                                                                   const Vocabulary& vocabulary) {
  const auto document = json::parse(text, "a scenario (a JSON object)");
  if (!document) return std::unexpected(document.error());
  json::Problems problems = scenario_schema().check(*document);
  if (!problems.empty()) return std::unexpected(json::in_order(std::move(problems)));
  std::vector<Variant> variants;
  for (const VariantText& variant : expand_sweep(*document, problems)) {
    json::Problems own = scenario_schema().check(variant.document);
    if (own.empty()) {
      const json::Cursor root(variant.document, own);
      variants.push_back(Variant{variant.label, ScenarioReader(root, vocabulary).scenario()});
    }
    problems.insert(problems.end(), own.begin(), own.end());
  }
  if (!problems.empty()) return std::unexpected(json::in_order(std::move(problems)));
  return variants;
}

}  // namespace lockstep::scenarios
