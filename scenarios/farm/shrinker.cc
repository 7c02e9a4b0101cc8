// Greedy: after each success the same pass begins anew, until no pass finds anything.
#include "scenarios/farm/shrinker.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/text.h"
#include "scenarios/chaos/reductions.h"
#include "scenarios/chaos/short_text.h"
#include "scenarios/parse_scenario.h"

namespace lockstep::farm {
namespace {

using Json = nlohmann::ordered_json;
using SteadyClock = std::chrono::steady_clock;

// A smaller scenario is another run: what the failure needs may come about with another seed only. Small
// ones, which read well.
constexpr std::uint64_t kOtherSeeds[] = {1, 2};

std::size_t lines_in(const Json& document) {
  const std::string text = chaos::short_text(document);
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

bool is_scenario(const std::string& text) { return scenarios::parse_scenario(text).has_value(); }

}  // namespace

bool Shrinker::is_over() const {
  return workers_.is_interrupted() || best_.runs >= limits_.runs ||
         SteadyClock::now() - began_ >= limits_.time;
}

Result<Shrunk> Shrinker::shrink(const scenarios::Scenario& failing) {
  began_ = SteadyClock::now();
  best_ = {.document = chaos::short_json(failing), .outcome = {}, .runs = 0, .is_minimal = false};
  best_.document["seed"] = failing.seed;
  LOCKSTEP_TRY_STATUS(workers_.begin(0, best_.document.dump()));
  std::vector<Workers::Ended> ended;
  while (ended.empty() && !workers_.is_interrupted()) ended = workers_.wait(std::chrono::seconds(1));
  if (ended.empty()) return fail(ErrorCode::kUnavailable, "interrupted");
  ++best_.runs;
  best_.outcome = ended.front().outcome;
  signature_ = best_.outcome.signature;
  if (signature_.kind == "vacuous")
    return fail(ErrorCode::kInvalidArgument,
                cat(failing.name, " is vacuous with seed ", failing.seed,
                    ": it proves nothing, but nothing failed that could be made small"));
  if (best_.outcome.holds())
    return fail(ErrorCode::kInvalidArgument,
                cat(failing.name, " holds with seed ", failing.seed, ": nothing to shrink"));

  bool found = true;
  while (found && !is_over()) {
    found = false;
    for (const chaos::Pass pass : chaos::kPasses) {
      while (!is_over()) {
        LOCKSTEP_TRY(improved, improve(chaos::reductions(best_.document, pass)));
        if (!improved) break;
        found = true;
      }
    }
  }
  best_.is_minimal = !is_over();
  // Another scenario than it was: its report must not take the place of the other's.
  constexpr std::string_view kSmall = "_small";
  if (!failing.name.ends_with(kSmall)) best_.document["name"] = cat(failing.name, kSmall);
  best_.document["about"] =
      cat(failing.name, ", seed ", failing.seed, ", made small: ", to_string(best_.outcome.signature), ".");
  return std::move(best_);
}

Result<bool> Shrinker::improve(std::vector<Json> candidates) {
  std::vector<Json> documents;
  std::vector<std::string> texts;
  const Json own_seed = best_.document["seed"];
  for (Json& candidate : candidates) {
    if (!is_scenario(candidate.dump())) continue;
    std::vector<Json> seeds{own_seed};
    seeds.insert(seeds.end(), std::begin(kOtherSeeds), std::end(kOtherSeeds));
    for (const Json& seed : seeds) {
      candidate["seed"] = seed;
      std::string text = candidate.dump();
      if (refuted_.contains(text)) continue;
      documents.push_back(candidate);
      texts.push_back(std::move(text));
    }
  }
  LOCKSTEP_TRY(alike, first_alike(texts));
  if (!alike) return false;
  best_.document = std::move(documents[*alike]);
  if (progress_) progress_(lines_in(best_.document), best_.runs);
  return true;
}

// Several run at a time, but an earlier one always wins: the answer is that of trying one after another.
Result<std::optional<std::size_t>> Shrinker::first_alike(const std::vector<std::string>& texts) {
  std::size_t next = 0;
  std::optional<std::size_t> winner;
  std::set<std::size_t> running;
  while (!is_over()) {
    while (workers_.has_room() && next < texts.size() && !winner) {
      LOCKSTEP_TRY_STATUS(workers_.begin(next, texts[next]));
      running.insert(next++);
    }
    if (running.empty() || (winner && *running.begin() > *winner)) break;
    for (Workers::Ended& ended : workers_.wait(std::chrono::seconds(1))) {
      ++best_.runs;
      running.erase(ended.ticket);
      if (!ended.outcome.signature.is_part_of(signature_)) {
        refuted_.insert(texts[ended.ticket]);
      } else if (!winner || ended.ticket < *winner) {
        winner = ended.ticket;
        best_.outcome = std::move(ended.outcome);
      }
    }
  }
  workers_.kill_all();
  return winner;
}

}  // namespace lockstep::farm
