// Two sorted sequences beside each other; JSON in and out.
#include "cli/table_state.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace lockstep::cli {
namespace {

using Json = nlohmann::ordered_json;

std::optional<std::int64_t> number_in(const std::string& text) {
  std::int64_t out = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, out);
  return error == std::errc() && rest == end ? std::optional(out) : std::nullopt;
}

std::optional<TableRows> rows_in(const Json& document) {
  TableRows out;
  for (const auto& [key, row] : document.items()) {
    const auto id = number_in(key);
    if (!id || !row.is_string()) return std::nullopt;
    out[*id] = row.get<std::string>();
  }
  return out;
}

}  // namespace

std::vector<RowDifference> differences(const TableRows& expected, const TableRows& found) {
  std::vector<RowDifference> out;
  auto wanted = expected.begin();
  auto seen = found.begin();
  while (wanted != expected.end() || seen != found.end()) {
    const bool missing = seen == found.end() || (wanted != expected.end() && wanted->first < seen->first);
    const bool surplus = wanted == expected.end() || (seen != found.end() && seen->first < wanted->first);
    if (missing) {
      out.push_back({wanted->first, wanted->second, std::nullopt});
    } else if (surplus) {
      out.push_back({seen->first, std::nullopt, seen->second});
    } else if (wanted->second != seen->second) {
      out.push_back({wanted->first, wanted->second, seen->second});
    }
    if (!surplus) ++wanted;
    if (!missing) ++seen;
  }
  return out;
}

std::string to_text(const RowDifference& difference) {
  const auto shown = [](const std::optional<std::string>& row) { return row ? cat("(", *row, ")") : "none"; };
  return cat("row ", difference.id, ": expected ", shown(difference.expected), ", found ",
             shown(difference.found));
}

std::string record_of(const TableState& state) {
  Json document{{"version", state.version}, {"rows", Json::object()}};
  for (const auto& [id, row] : state.rows) document["rows"][cat(id)] = row;
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<TableState> parse_record(const std::string& text, const std::string& file) {
  const Json document = Json::parse(text, nullptr, false);
  const bool is_record = document.is_object() && document.contains("version") &&
                         document["version"].is_number_unsigned() && document.contains("rows") &&
                         document["rows"].is_object();
  const auto rows = is_record ? rows_in(document["rows"]) : std::nullopt;
  if (rows) return TableState{document["version"].get<std::uint64_t>(), *rows};
  return fail(
      ErrorCode::kInvalidArgument,
      cat(file, ": expected the record of a full run, with version and rows; --scenario full writes one"));
}

}  // namespace lockstep::cli
