// What is a default, the language itself answers: a member is one if the file says the same without it.
#include "scenarios/chaos/short_text.h"

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "base/text.h"
#include "scenarios/parse_scenario.h"

namespace lockstep::chaos {
namespace {

using Json = nlohmann::ordered_json;
using scenarios::Scenario;

bool says(const Json& document, const Scenario& meaning) {
  const auto parsed = scenarios::parse_scenario(document.dump());
  return parsed.has_value() && parsed->size() == 1 && parsed->front().scenario == meaning;
}

// `node` is a part of `document`. One parse per member: files are small.
void drop_defaults(Json& document, Json& node, const Scenario& meaning) {
  if (node.is_array())
    for (Json& item : node) drop_defaults(document, item, meaning);
  if (!node.is_object()) return;
  std::vector<std::string> keys;
  for (const auto& [key, value] : node.items()) keys.push_back(key);
  for (const std::string& key : keys) {
    const Json before = node;
    node.erase(key);
    if (says(document, meaning)) continue;
    node = before;
    drop_defaults(document, node[key], meaning);
  }
}

std::string one_line(const Json& json) {
  if (!json.is_structured()) return json.dump();
  std::string out;
  for (const auto& [key, value] : json.items()) {
    if (!out.empty()) append_text(out, ", ");
    if (json.is_object()) append_text(out, cat(Json(key).dump(), ": "));
    append_text(out, one_line(value));
  }
  if (json.is_array()) return cat("[", out, "]");
  return out.empty() ? "{}" : cat("{ ", out, " }");
}

std::string lines_of(const Json& items) {
  std::string out;
  for (const Json& item : items) append_text(out, cat(out.empty() ? "\n    " : ",\n    ", one_line(item)));
  return cat("[", out, "\n  ]");
}

}  // namespace

Json short_json(const Scenario& scenario) {
  Json document = scenarios::to_json(scenario);
  drop_defaults(document, document, scenario);
  return document;
}

std::string short_text(const Json& document) {
  std::string out;
  for (const auto& [key, value] : document.items()) {
    const bool is_list = value.is_array() && !value.empty();
    append_text(out, cat(out.empty() ? "{\n  " : ",\n  ", Json(key).dump(), ": ",
                         is_list ? lines_of(value) : one_line(value)));
  }
  return cat(out, "\n}\n");
}

}  // namespace lockstep::chaos
