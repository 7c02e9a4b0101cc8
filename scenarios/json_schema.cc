// One function per keyword; oneOf, the keyword with the worst messages everywhere, guesses which branch was
// meant.
#include "scenarios/json_schema.h"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <vector>

#include "base/check.h"
#include "base/text.h"

namespace lockstep::scenarios {
namespace {

constexpr std::string_view kDefinitions = "#/$defs/";

std::string_view text_of(const JsonNode& schema, std::string_view keyword) {
  const JsonNode* value = schema.find(keyword);
  return value == nullptr ? std::string_view() : std::string_view(value->text);
}

bool has_type(const JsonNode& node, std::string_view type) {
  switch (node.kind) {
    case JsonKind::kNull: return type == "null";
    case JsonKind::kBoolean: return type == "boolean";
    case JsonKind::kString: return type == "string";
    case JsonKind::kArray: return type == "array";
    case JsonKind::kObject: return type == "object";
    case JsonKind::kNumber: return type == "number" || (type == "integer" && scaled(node.text, 0).exact);
  }
  return false;
}

// Only scalars are ever named in const and enum.
bool equal_scalars(const JsonNode& a, const JsonNode& b) { return a.kind == b.kind && a.text == b.text; }

// Six decimals: bounds and probabilities in the schema have no more.
bool less(const JsonNode& a, const JsonNode& b) { return scaled(a.text, 6).whole < scaled(b.text, 6).whole; }

std::string join(const std::vector<std::string>& parts) {
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    append_text(out, cat(i == 0 ? "" : i + 1 == parts.size() ? " or " : ", ", parts[i]));
  }
  return out;
}

std::string name_of_type(std::string_view type) {
  return cat(type == "array" || type == "object" || type == "integer" ? "an " : "a ", type);
}

std::string items_of(const JsonNode& schema, std::string_view keyword) {
  const std::string_view count = text_of(schema, keyword);
  return cat(count, count == "1" ? " item" : " items");
}

// Without effect, wherever they stand.
constexpr std::array<std::string_view, 6> kCommentary{"$schema", "$id",         "$defs",
                                                      "title",   "description", "default"};
// Enforced, with nothing inside to prepare.
constexpr std::array<std::string_view, 8> kPlain{"type",    "const",    "enum",     "minimum",
                                                 "maximum", "required", "minItems", "maxItems"};

bool stands_in(const auto& keywords, std::string_view keyword) {
  return std::find(keywords.begin(), keywords.end(), keyword) != keywords.end();
}

}  // namespace

// One walk over one document. Problems inside branches that are only tried go to a list of their own.
class SchemaCheck {
 public:
  SchemaCheck(const JsonSchema& schema, Problems& problems) : schema_(schema), problems_(problems) {}

  void check(const JsonNode& schema_or_reference, const JsonNode& node, const std::string& pointer) {
    const JsonNode& schema = *schema_.resolve(&schema_or_reference);
    if (!is_of_form(schema, node)) {
      report(node.where, pointer, expectation(schema), describe(node), nearest_choice(schema, node));
      return;
    }
    check_range(schema, node, pointer);
    if (node.is(JsonKind::kObject)) check_object(schema, node, pointer);
    if (node.is(JsonKind::kArray)) check_array(schema, node, pointer);
    if (const JsonNode* all = schema.find("allOf")) {
      for (const JsonNode& part : all->items) check(part, node, pointer);
    }
    if (const JsonNode* one = schema.find("oneOf")) check_one_of(schema, *one, node, pointer);
  }

 private:
  void report(Position where, std::string pointer, std::string expected, std::string found,
              std::string because) {
    problems_.push_back(
        Problem{where, std::move(pointer), std::move(expected), std::move(found), std::move(because)});
  }

  // type, const, enum and pattern.
  bool is_of_form(const JsonNode& schema, const JsonNode& node) const {
    if (const JsonNode* type = schema.find("type"); type != nullptr && !has_type(node, type->text))
      return false;
    if (const JsonNode* only = schema.find("const"); only != nullptr && !equal_scalars(*only, node))
      return false;
    if (const JsonNode* choices = schema.find("enum")) {
      const auto chosen = [&](const JsonNode& choice) { return equal_scalars(choice, node); };
      if (std::none_of(choices->items.begin(), choices->items.end(), chosen)) return false;
    }
    const JsonNode* pattern = schema.find("pattern");
    return pattern == nullptr || !node.is(JsonKind::kString) ||
           schema_.patterns_.find(pattern->text)->second.matches(node.text);
  }

  void check_range(const JsonNode& schema, const JsonNode& node, const std::string& pointer) {
    if (!node.is(JsonKind::kNumber)) return;
    const JsonNode* minimum = schema.find("minimum");
    const JsonNode* maximum = schema.find("maximum");
    if ((minimum != nullptr && less(node, *minimum)) || (maximum != nullptr && less(*maximum, node))) {
      report(node.where, pointer, expectation(schema), describe(node), "");
    }
  }

  void check_object(const JsonNode& schema, const JsonNode& node, const std::string& pointer) {
    const JsonNode* properties = schema.find("properties");
    const JsonNode* additional = schema.find("additionalProperties");
    for (const JsonMember& member : node.members) {
      const JsonNode* known = properties == nullptr ? nullptr : properties->find(member.key);
      if (known == nullptr && additional != nullptr && additional->is(JsonKind::kObject)) known = additional;
      const std::string inside = pointer_to(pointer, member.key);
      if (known != nullptr) {
        check(*known, member.value, inside);
      } else if (additional != nullptr && additional->text == "false") {
        report_unknown(properties, member, inside);
      }
    }
    const JsonNode* required = schema.find("required");
    if (required == nullptr) return;
    for (const JsonNode& key : required->items) {
      if (node.find(key.text) != nullptr) continue;
      report(node.where, pointer, cat("the member ", in_quotes(key.text)), "none", "");
    }
  }

  void report_unknown(const JsonNode* properties, const JsonMember& member, std::string pointer) {
    std::vector<std::string_view> names;
    std::string listed;
    if (properties != nullptr) {
      for (const JsonMember& property : properties->members) {
        names.push_back(property.key);
        append_text(listed, cat(listed.empty() ? "" : ", ", property.key));
      }
    }
    report(member.where, std::move(pointer), cat("one of the members ", listed), in_quotes(member.key),
           suggestion(member.key, names));
  }

  void check_array(const JsonNode& schema, const JsonNode& node, const std::string& pointer) {
    const auto size_is = [&](std::string_view keyword, auto&& holds) {
      const JsonNode* bound = schema.find(keyword);
      return bound == nullptr ||
             holds(static_cast<__int128>(node.items.size()), scaled(bound->text, 0).whole);
    };
    if (!size_is("minItems", std::greater_equal<>())) {
      report(node.where, pointer, cat("at least ", items_of(schema, "minItems")), cat(node.items.size()), "");
    }
    if (!size_is("maxItems", std::less_equal<>())) {
      report(node.where, pointer, cat("at most ", items_of(schema, "maxItems")), cat(node.items.size()), "");
    }
    const JsonNode* items = schema.find("items");
    if (items == nullptr) return;
    for (std::size_t i = 0; i < node.items.size(); ++i)
      check(*items, node.items[i], pointer_to(pointer, cat(i)));
  }

  Problems tried(const JsonNode& branch, const JsonNode& node, const std::string& pointer) const {
    Problems problems;
    SchemaCheck(schema_, problems).check(branch, node, pointer);
    return problems;
  }

  void check_one_of(const JsonNode& schema, const JsonNode& branches, const JsonNode& node,
                    const std::string& pointer) {
    std::size_t matching = 0;
    for (const JsonNode& branch : branches.items) matching += tried(branch, node, pointer).empty() ? 1 : 0;
    if (matching == 1) return;
    if (chooses_member(branches)) return report_member_choice(branches, node, pointer);
    if (const auto kind = discriminator(branches)) return report_by_kind(branches, *kind, node, pointer);
    const JsonNode* meant = matching == 0 ? branch_of_type(branches, node) : nullptr;
    if (meant != nullptr) {
      for (Problem& problem : tried(*meant, node, pointer)) problems_.push_back(std::move(problem));
    } else {
      report(node.where, pointer, expectation(schema), describe(node), "");
    }
  }

  // Every branch is {"required": [name]}: exactly one of these members.
  static bool chooses_member(const JsonNode& branches) {
    return std::all_of(branches.items.begin(), branches.items.end(), [](const JsonNode& branch) {
      const JsonNode* required = branch.find("required");
      return branch.members.size() == 1 && required != nullptr && required->items.size() == 1;
    });
  }

  void report_member_choice(const JsonNode& branches, const JsonNode& node, const std::string& pointer) {
    std::vector<std::string> names;
    std::string found;
    for (const JsonNode& branch : branches.items) {
      names.push_back(branch.find("required")->items[0].text);
      if (node.find(names.back()) != nullptr)
        append_text(found, cat(found.empty() ? "" : " and ", names.back()));
    }
    report(node.where, pointer, cat("exactly one of the members ", join(names)),
           found.empty() ? "none" : found, "");
  }

  // The member that has a const in every branch, if there is one.
  std::optional<std::string> discriminator(const JsonNode& branches) const {
    const JsonNode* properties = schema_.resolve(&branches.items[0])->find("properties");
    if (properties == nullptr) return std::nullopt;
    for (const JsonMember& property : properties->members) {
      const bool everywhere =
          std::all_of(branches.items.begin(), branches.items.end(),
                      [&](const JsonNode& branch) { return constant_of(branch, property.key) != nullptr; });
      if (everywhere) return property.key;
    }
    return std::nullopt;
  }

  const JsonNode* constant_of(const JsonNode& branch, std::string_view key) const {
    const JsonNode* properties = schema_.resolve(&branch)->find("properties");
    const JsonNode* property = properties == nullptr ? nullptr : properties->find(key);
    return property == nullptr ? nullptr : property->find("const");
  }

  void report_by_kind(const JsonNode& branches, const std::string& kind, const JsonNode& node,
                      const std::string& pointer) {
    if (!node.is(JsonKind::kObject)) return report(node.where, pointer, "an object", describe(node), "");
    const JsonNode* value = node.find(kind);
    if (value == nullptr) return report(node.where, pointer, cat("the member ", in_quotes(kind)), "none", "");
    std::vector<std::string> kinds;
    for (const JsonNode& branch : branches.items) {
      const JsonNode* constant = constant_of(branch, kind);
      if (equal_scalars(*constant, *value)) return check(branch, node, pointer);
      kinds.push_back(constant->text);
    }
    const std::vector<std::string_view> names(kinds.begin(), kinds.end());
    report(value->where, pointer_to(pointer, kind), join(kinds), describe(*value),
           value->is(JsonKind::kString) ? suggestion(value->text, names) : "");
  }

  const JsonNode* branch_of_type(const JsonNode& branches, const JsonNode& node) const {
    const JsonNode* meant = nullptr;
    for (const JsonNode& branch : branches.items) {
      if (!has_type(node, text_of(*schema_.resolve(&branch), "type"))) continue;
      if (meant != nullptr) return nullptr;
      meant = &branch;
    }
    return meant;
  }

  std::string expectation(const JsonNode& schema) const {
    if (const JsonNode* title = schema.find("title")) return title->text;
    if (const JsonNode* only = schema.find("const")) return describe(*only);
    std::vector<std::string> parts;
    if (const JsonNode* choices = schema.find("enum")) {
      for (const JsonNode& choice : choices->items) parts.push_back(describe(choice));
    } else if (const JsonNode* branches = schema.find("oneOf")) {
      for (const JsonNode& branch : branches->items) parts.push_back(expectation(*schema_.resolve(&branch)));
    }
    if (!parts.empty()) return join(parts);
    std::string out =
        schema.find("type") == nullptr ? "something else" : name_of_type(text_of(schema, "type"));
    const bool bounded_above = schema.find("maximum") != nullptr;
    if (schema.find("minimum")) {
      append_text(out, cat(bounded_above ? " from " : " of at least ", text_of(schema, "minimum")));
    }
    if (bounded_above) append_text(out, cat(" to ", text_of(schema, "maximum")));
    return out;
  }

  static std::string nearest_choice(const JsonNode& schema, const JsonNode& node) {
    const JsonNode* choices = schema.find("enum");
    if (choices == nullptr || !node.is(JsonKind::kString)) return "";
    std::vector<std::string_view> names;
    for (const JsonNode& choice : choices->items) names.push_back(choice.text);
    return suggestion(node.text, names);
  }

  const JsonSchema& schema_;
  Problems& problems_;
};

Result<JsonSchema> JsonSchema::parse(std::string_view text) {
  auto root = parse_json(text);
  if (!root) return fail(ErrorCode::kInvalidArgument, to_text(root.error().front(), "schema"));
  JsonSchema schema(std::move(*root));
  LOCKSTEP_TRY_STATUS(schema.prepare(schema.root_));
  return schema;
}

// Walks every schema inside `schema`: keywords, patterns and references.
Status JsonSchema::prepare(const JsonNode& schema) {
  for (const auto& [keyword, where, value] : schema.members) {
    if (stands_in(kPlain, keyword) || (stands_in(kCommentary, keyword) && keyword != "$defs")) continue;
    if (keyword == "pattern") {
      LOCKSTEP_TRY(pattern, JsonPattern::compile(value.text));
      patterns_.emplace(value.text, std::move(pattern));
    } else if (keyword == "$ref") {
      LOCKSTEP_TRY_STATUS(check_reference(schema, value.text));
    } else if (keyword == "properties" || keyword == "$defs") {
      for (const JsonMember& member : value.members) LOCKSTEP_TRY_STATUS(prepare(member.value));
    } else if (keyword == "allOf" || keyword == "oneOf") {
      for (const JsonNode& branch : value.items) LOCKSTEP_TRY_STATUS(prepare(branch));
    } else if (keyword == "items" || keyword == "additionalProperties") {
      LOCKSTEP_TRY_STATUS(prepare(value));
    } else {
      return fail(ErrorCode::kInvalidArgument,
                  cat("expected a keyword that is enforced, found ", keyword, " in line ", where.line));
    }
  }
  return {};
}

// A reference leads to a definition in one step, and what stands beside it is commentary: resolve() relies on
// both.
Status JsonSchema::check_reference(const JsonNode& schema, std::string_view name) const {
  const JsonNode* definition = resolve(&schema);
  if (definition == nullptr || definition->find("$ref") != nullptr) {
    return fail(ErrorCode::kInvalidArgument, cat("expected a definition, found ", name));
  }
  for (const auto& [keyword, where, value] : schema.members) {
    if (keyword == "$ref" || stands_in(kCommentary, keyword)) continue;
    return fail(ErrorCode::kInvalidArgument,
                cat("expected nothing to enforce beside $ref, found ", keyword, " in line ", where.line));
  }
  return {};
}

const JsonNode* JsonSchema::resolve(const JsonNode* schema) const {
  const JsonNode* reference = schema->find("$ref");
  if (reference == nullptr) return schema;
  const std::string_view to = reference->text;
  const JsonNode* definitions = root_.find("$defs");
  if (definitions == nullptr || !to.starts_with(kDefinitions)) return nullptr;
  return definitions->find(to.substr(kDefinitions.size()));
}

Problems JsonSchema::check(const JsonNode& document) const {
  Problems problems;
  SchemaCheck(*this, problems).check(root_, document, "");
  return problems;
}

}  // namespace lockstep::scenarios
