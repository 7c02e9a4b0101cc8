// Everything that a run may do wrong (abort, hang, eat memory) ends here, in a process that nobody misses.
#include "scenarios/farm/serve.h"

#include <charconv>
#include <istream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <string>

#include "scenarios/chaos/draw.h"
#include "scenarios/farm/outcome.h"
#include "scenarios/parse_scenario.h"

namespace lockstep::farm {
namespace {

std::optional<std::uint64_t> seed_in(const std::string& text) {
  std::uint64_t seed = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, seed);
  return error == std::errc() && rest == end ? std::optional(seed) : std::nullopt;
}

}  // namespace

int serve_one(std::istream& in, std::ostream& out, std::ostream& err) {
  std::string text{std::istreambuf_iterator<char>(in), {}};
  // By way of the text, so that the file with this scenario is the same run.
  if (const auto seed = seed_in(text)) text = scenarios::to_json(chaos::draw_scenario(*seed)).dump();
  const auto parsed = scenarios::parse_scenario(text);
  if (!parsed || parsed->size() != 1) {
    err << "lockstep: expected a scenario without a sweep"
        << (parsed ? std::string() : cat(": ", json::to_text(parsed.error().front(), "-"))) << '\n';
    return 2;
  }
  const scenarios::Scenario& scenario = parsed->front().scenario;
  const scenarios::Run run = scenarios::run_simulated(scenario, {.seed = scenario.seed});
  out << to_text(outcome_of(scenario, run)) << std::flush;
  return out ? 0 : 1;
}

}  // namespace lockstep::farm
