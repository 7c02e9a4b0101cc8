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
  Json out{{"check", check.what}, {"holds", check.holds}, {"found", check.found}};
  if (check.holds) return out;
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

std::string CheckList::verdict_of(const Check& check) const {
  if (!style_.colours) return check.holds ? "holds" : "fails";
  return check.holds ? "\x1b[32mholds\x1b[0m" : "\x1b[1;31mfails\x1b[0m";
}

void CheckList::print(const Check& check) {
  const std::string padding(kWhatWidth - std::min(kWhatWidth, width_of(check.what)), ' ');
  std::string line = cat(check.what, padding, "  ", verdict_of(check), "  ");
  if (!check.holds) append_text(line, cat("expected ", check.expected, ", found "));
  append_text(line, check.found);
  line.erase(line.find_last_not_of(' ') + 1);
  out_ << line << '\n';
  const std::size_t shown = std::min(check.differences.size(), kShownDifferences);
  for (std::size_t i = 0; i < shown; ++i) out_ << "    " << to_text(check.differences[i]) << '\n';
  if (shown < check.differences.size())
    out_ << "    and " << check.differences.size() - shown << " rows more; --json has all\n";
  out_.flush();
}

bool CheckList::conclude() {
  const auto failed = static_cast<std::size_t>(
      std::ranges::count_if(checks_, [](const Check& check) { return !check.holds; }));
  if (style_.json) {
    print_document(failed);
  } else {
    out_ << checks_.size() - failed << " hold, " << failed << " fail\n";
  }
  return failed == 0;
}

void CheckList::print_document(std::size_t failed) {
  Json document{
      {"verdict", failed == 0 ? "holds" : "violated"}, {"failed", failed}, {"checks", Json::array()}};
  for (const Check& check : checks_) document["checks"].push_back(json_of(check));
  out_ << document.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
}

}  // namespace lockstep::cli
