// From the verbs of a scenario to rules for frames.
#include "scenarios/network_faults.h"

#include "base/check.h"
#include "base/latency.h"

namespace lockstep::scenarios {
namespace {

constexpr Purpose kDelayDraw{"nemesis.delay"};

class ExtraDelay final : public sim::LinkRule {
 public:
  explicit ExtraDelay(Latency extra) : extra_(extra) {}
  std::optional<sim::Verdict> judge(const sim::FrameFacts& facts) override {
    return sim::Verdict{.kind = sim::Verdict::Kind::kDelay, .extra = extra_.from(facts.bits(kDelayDraw))};
  }

 private:
  Latency extra_;
};

class DropAll final : public sim::LinkRule {
 public:
  std::optional<sim::Verdict> judge(const sim::FrameFacts&) override {
    return sim::Verdict{.kind = sim::Verdict::Kind::kDrop, .reason = sim::DropReason::kPartitioned};
  }
};

std::unique_ptr<sim::LinkRule> rule_of(const Action& action, const Between& between, Duration far) {
  using Kind = sim::Verdict::Kind;
  if (const auto* loss = std::get_if<Loss>(&action)) return with_probability(loss->share, Kind::kDrop, {});
  if (const auto* delay = std::get_if<Delay>(&action))
    return std::make_unique<ExtraDelay>(Latency{delay->extra.median, delay->extra.p99});
  if (const auto* duplicate = std::get_if<Duplicate>(&action))
    return with_probability(duplicate->share, Kind::kDuplicate, far);
  if (const auto* reorder = std::get_if<Reorder>(&action))
    return with_probability(reorder->share, Kind::kReorder, far);
  if (const auto* corrupt = std::get_if<Corrupt>(&action))
    return with_probability(corrupt->share, Kind::kCorrupt, {});
  if (const auto* limits = std::get_if<Bandwidth>(&action))
    return std::make_unique<sim::Bandwidth>(sim::Bandwidth::Limits{
        .bytes_per_second = limits->bytes_per_second, .queue_bytes = limits->queue_bytes});
  if (std::holds_alternative<Clog>(action)) return std::make_unique<sim::Clog>(sim::SimTime(*between.until));
  CHECK(std::holds_alternative<Partition>(action), "no fault of the network: ", verb_of(action));
  return std::make_unique<DropAll>();
}

}  // namespace

std::unique_ptr<sim::LinkRule> with_probability(Probability share, sim::Verdict::Kind kind,
                                                Duration most_extra) {
  return std::make_unique<sim::RandomFault>(sim::FaultOptions{.filter = {},
                                                              .parts_per_million = share.parts_per_million,
                                                              .kind = kind,
                                                              .least_extra = {},
                                                              .most_extra = most_extra});
}

NetworkFaultId NetworkFaults::begin(const Action& action, Between between, std::uint64_t& effects) {
  auto rule = rule_of(action, between, far_);
  active_.push_back({++next_, std::move(between), std::move(rule), &effects});
  return next_;
}

void NetworkFaults::end(NetworkFaultId id) {
  std::erase_if(active_, [id](const Active& active) { return active.id == id; });
}

void NetworkFaults::end_all() {
  active_.clear();
  healed_.clear();
}

std::optional<sim::Verdict> NetworkFaults::judge(const sim::FrameFacts& facts) {
  const bool is_healed = healed_.contains(facts.from);
  if (is_healed != healed_.contains(facts.to)) return sim::Verdict{.kind = sim::Verdict::Kind::kDrop};
  if (is_healed) return std::nullopt;
  for (Active& active : active_) {
    if (!active.between.concerns(facts.from, facts.to)) continue;
    if (const auto verdict = active.rule->judge(facts)) {
      ++*active.effects;
      return verdict;
    }
  }
  return std::nullopt;
}

}  // namespace lockstep::scenarios
