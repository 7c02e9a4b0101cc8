// A line for each check, with more lines for one that fails; or one JSON document.
#include "cli/check_list.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/text.h"
#include "cli/table.h"

namespace lockstep::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kWhatWidth = 40;  // of the longest check
constexpr std::size_t kShownDifferences = 10;

Json row_or_null(const std::optional<std::string>& row) { return row ? Json(*row) : Json(); }

Json json_of(const Check& check) {
  const bool holds = check.finding == Finding::kHolds;
  Json out{{"check", check.what},
           {"holds", check.finding == Finding::kUnknown ? Json() : Json(holds)},
           {"found", check.found}};
  if (holds) return out;
  out["expected"] = check.expected;
  out["differences"] = Json::array();
  for (const RowDifference& one : check.differences)
    out["differences"].push_back(
        {{"row", one.id}, {"expected", row_or_null(one.expected)}, {"found", row_or_null(one.found)}});
  return out;
}

}  // namespace

void CheckList::note(Check check) {
  if (!style_.json) print(check);
  checks_.push_back(std::move(check));
}

std::size_t CheckList::count(Finding finding) const {
  return static_cast<std::size_t>(std::ranges::count(checks_, finding, &Check::finding));
}

std::string CheckList::verdict_of(const Check& check) const {
  switch (check.finding) {
    case Finding::kHolds: return style_.colours ? "\x1b[32mholds\x1b[0m" : "holds";
    case Finding::kFails: return style_.colours ? "\x1b[1;31mfails\x1b[0m" : "fails";
    case Finding::kUnknown: return style_.colours ? "\x1b[33munknown\x1b[0m" : "unknown";
  }
  return {};
}

void CheckList::print(const Check& check) {
  const std::string padding(kWhatWidth - std::min(kWhatWidth, width_of(check.what)), ' ');
  std::string line = cat(check.what, padding, "  ", verdict_of(check), "  ");
  if (check.finding != Finding::kHolds) append_text(line, cat("expected ", check.expected, ", found "));
  append_text(line, check.found);
  line.erase(line.find_last_not_of(' ') + 1);
  out_ << line << '\n';
  const std::size_t shown = std::min(check.differences.size(), kShownDifferences);
  for (std::size_t i = 0; i < shown; ++i) out_ << "    " << to_text(check.differences[i]) << '\n';
  if (shown < check.differences.size())
    out_ << "    and " << check.differences.size() - shown << " rows more; --json has all\n";
  out_.flush();
}

// What all checks together say, for people.
std::string CheckList::sentence() const {
  if (count(Finding::kFails) > 0) return "what was found contradicts what was promised";
  if (count(Finding::kUnknown) > 0)
    return "nothing contradicts what was promised; of what did not answer nothing is known";
  return "all that was promised holds";
}

bool CheckList::conclude() {
  const std::size_t unknown = count(Finding::kUnknown);
  if (style_.json) {
    print_document();
  } else {
    out_ << count(Finding::kHolds) << " hold, " << count(Finding::kFails) << " fail";
    if (unknown > 0) out_ << ", " << unknown << " unknown: " << sentence();
    out_ << '\n';
  }
  return count(Finding::kHolds) == checks_.size();
}

void CheckList::print_document() {
  const std::size_t failed = count(Finding::kFails);
  const std::size_t unknown = count(Finding::kUnknown);
  Json document{{"verdict", failed > 0 ? "violated" : unknown > 0 ? "unknown" : "holds"},
                {"summary", sentence()},
                {"failed", failed},
                {"unknown", unknown},
                {"checks", Json::array()}};
  for (const Check& check : checks_) document["checks"].push_back(json_of(check));
  out_ << document.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
}

}  // namespace lockstep::cli
