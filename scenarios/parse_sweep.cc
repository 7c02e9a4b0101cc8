// A JSON pointer is followed to the parent of its last step; there the value is replaced, or put in if it is
// missing.
#include "scenarios/parse_sweep.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace lockstep::scenarios {
namespace {

// RFC 6901 §4: "~1" is "/", "~0" is "~", in this order.
std::string unescaped(std::string_view step) {
  std::string out;
  for (std::size_t i = 0; i < step.size(); ++i) {
    const std::string_view pair = step.substr(i, 2);
    out.push_back(pair == "~1" ? '/' : step[i]);
    if (pair == "~1" || pair == "~0") ++i;
  }
  return out;
}

std::vector<std::string> steps_of(std::string_view pointer) {
  std::vector<std::string> out;
  while (pointer.starts_with('/')) {
    const std::size_t end = std::min(pointer.find('/', 1), pointer.size());
    out.push_back(unescaped(pointer.substr(1, end - 1)));
    pointer.remove_prefix(end);
  }
  if (!pointer.empty()) out.clear();
  return out;
}

json::Node* step_into(json::Node& node, std::string_view step) {
  if (node.is(json::Kind::kObject)) return node.find(step);
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), index);
  const bool is_index = error == std::errc() && end == step.data() + step.size();
  return is_index && index < node.items.size() ? &node.items[index] : nullptr;
}

// False: the pointer leads nowhere in this document.
bool put(json::Node& document, std::string_view pointer, const json::Node& value) {
  const std::vector<std::string> steps = steps_of(pointer);
  if (steps.empty() || steps.front() == "sweep") return false;
  json::Node* parent = &document;
  for (std::size_t i = 0; i + 1 < steps.size() && parent != nullptr; ++i)
    parent = step_into(*parent, steps[i]);
  if (parent == nullptr) return false;
  if (json::Node* place = step_into(*parent, steps.back())) {
    *place = value;
  } else if (parent->is(json::Kind::kObject)) {
    parent->members.push_back(json::Member{steps.back(), value.where, value});
  } else {
    return false;
  }
  return true;
}

// The beginning of the pointer that leads nowhere, as "/cluster"; empty: the pointer is none, or is to a sweep.
std::string missing_part(json::Node& document, std::string_view pointer) {
  const std::vector<std::string> steps = steps_of(pointer);
  if (steps.empty() || steps.front() == "sweep") return {};
  std::string part;
  json::Node* node = &document;
  for (const std::string& step : steps) {
    part = json::pointer_to(part, step);
    node = step_into(*node, step);
    if (node == nullptr) break;
  }
  return part;
}

json::Problem no_place(json::Node& document, const json::Member& member, std::string here) {
  const std::string missing = missing_part(document, member.key);
  if (missing.empty())
    return {member.where, std::move(here), "a JSON pointer to a place in this file, such as \"/seed\"",
            json::in_quotes(member.key), ""};
  return {member.where, std::move(here), "a JSON pointer to what stands in this file", json::in_quotes(member.key),
          cat("there is no ", missing, " here; it has to be in the file to be swept")};
}

std::string label_of(std::string_view pointer, const json::Node& value, std::size_t place) {
  const bool is_scalar = !value.is(json::Kind::kArray) && !value.is(json::Kind::kObject);
  return cat(steps_of(pointer).back(), "=", is_scalar ? value.text : cat("#", place));
}

}  // namespace

std::vector<VariantText> expand_sweep(const json::Node& document, json::Problems& problems) {
  std::vector<VariantText> variants{{"", document}};
  std::erase_if(variants[0].document.members,
                [](const json::Member& member) { return member.key == "sweep"; });
  const json::Node* sweep = document.find("sweep");
  if (sweep == nullptr) return variants;
  for (const json::Member& swept : sweep->members) {
    const auto& [pointer, where, values] = swept;
    const std::string here = json::pointer_to("/sweep", pointer);
    if (variants.size() * values.items.size() > kMaxVariants) {
      problems.push_back(
          json::Problem{where, here, cat("at most ", kMaxVariants, " combinations"), "more", ""});
      return {};
    }
    std::vector<VariantText> next;
    for (const VariantText& before : variants) {
      for (std::size_t place = 0; place < values.items.size(); ++place) {
        VariantText& variant = next.emplace_back(before);
        if (!put(variant.document, pointer, values.items[place])) {
          problems.push_back(no_place(variant.document, swept, here));
          return {};
        }
        const std::string label = label_of(pointer, values.items[place], place);
        append_text(variant.label, cat(variant.label.empty() ? "" : ", ", label));
      }
    }
    variants = std::move(next);
  }
  return variants;
}

}  // namespace lockstep::scenarios
