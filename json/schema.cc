// One function per keyword; oneOf, the keyword with the worst messages everywhere, guesses which branch was
// meant.
#include "json/schema.h"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "base/characters.h"
#include "base/check.h"
#include "base/join.h"
#include "base/text.h"

namespace lockstep::json {
namespace {

constexpr std::string_view kDefinitions = "#/$defs/";

std::string_view text_of(const Node& schema, std::string_view keyword) {
  const Node* value = schema.find(keyword);
  return value == nullptr ? std::string_view() : std::string_view(value->text);
}

bool has_type(const Node& node, std::string_view type) {
  switch (node.kind) {
    case Kind::kNull: return type == "null";
    case Kind::kBoolean: return type == "boolean";
    case Kind::kString: return type == "string";
    case Kind::kArray: return type == "array";
    case Kind::kObject: return type == "object";
    case Kind::kNumber: return type == "number" || (type == "integer" && scaled(node.text, 0).exact);
  }
  return false;
}

// Only scalars are ever named in const and enum.
bool equal_scalars(const Node& a, const Node& b) { return a.kind == b.kind && a.text == b.text; }

// Six decimals: bounds and probabilities in the schema have no more.
bool less(const Node& a, const Node& b) { return scaled(a.text, 6).whole < scaled(b.text, 6).whole; }

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

std::string items_of(const Node& schema, std::string_view keyword) {
  const std::string_view count = text_of(schema, keyword);
  return cat(count, count == "1" ? " item" : " items");
}

// Without effect, wherever they stand.
constexpr std::array<std::string_view, 6> kCommentary{"$schema", "$id",         "$defs",
                                                      "title",   "description", "default"};
// Enforced, with nothing inside to prepare.
constexpr std::array<std::string_view, 9> kPlain{"type",     "const",    "enum",     "minimum",  "maximum",
                                                 "required", "minItems", "maxItems", "maxLength"};

bool stands_in(const auto& keywords, std::string_view keyword) {
  return std::find(keywords.begin(), keywords.end(), keyword) != keywords.end();
}

}  // namespace

// One walk over one document. Problems inside branches that are only tried go to a list of their own.
class SchemaCheck {
 public:
  SchemaCheck(const Schema& schema, Problems& problems) : schema_(schema), problems_(problems) {}

  void check(const Node& schema_or_reference, const Node& node, const std::string& pointer) {
    const Node& schema = *schema_.resolve(&schema_or_reference);
    if (!is_of_form(schema, node)) {
      report(node.where, pointer, expectation(schema), describe(node), nearest_choice(schema, node));
      return;
    }
    check_range(schema, node, pointer);
    if (node.is(Kind::kObject)) check_object(schema, node, pointer);
    if (node.is(Kind::kArray)) check_array(schema, node, pointer);
    if (const Node* all = schema.find("allOf")) {
      const Node* const outer = std::exchange(around_, &schema);
      for (const Node& part : all->items) check(part, node, pointer);
      around_ = outer;
    }
    if (const Node* one = schema.find("oneOf")) check_one_of(schema, *one, node, pointer);
  }

 private:
  void report(Position where, std::string pointer, std::string expected, std::string found,
              std::string because) {
    problems_.push_back(
        Problem{where, std::move(pointer), std::move(expected), std::move(found), std::move(because)});
  }

  // type, const, enum, maxLength and pattern.
  bool is_of_form(const Node& schema, const Node& node) const {
    if (const Node* type = schema.find("type"); type != nullptr && !has_type(node, type->text)) return false;
    if (const Node* only = schema.find("const"); only != nullptr && !equal_scalars(*only, node)) return false;
    if (const Node* choices = schema.find("enum")) {
      const auto chosen = [&](const Node& choice) { return equal_scalars(choice, node); };
      if (std::none_of(choices->items.begin(), choices->items.end(), chosen)) return false;
    }
    if (const Node* most = schema.find("maxLength"); most != nullptr && node.is(Kind::kString)) {
      const auto characters = std::count_if(node.text.begin(), node.text.end(), begins_character);
      if (static_cast<__int128>(characters) > scaled(most->text, 0).whole) return false;
    }
    const Node* pattern = schema.find("pattern");
    return pattern == nullptr || !node.is(Kind::kString) ||
           schema_.patterns_.find(pattern->text)->second.matches(node.text);
  }

  void check_range(const Node& schema, const Node& node, const std::string& pointer) {
    if (!node.is(Kind::kNumber)) return;
    const Node* minimum = schema.find("minimum");
    const Node* maximum = schema.find("maximum");
    if ((minimum != nullptr && less(node, *minimum)) || (maximum != nullptr && less(*maximum, node))) {
      report(node.where, pointer, expectation(schema), describe(node), "");
    }
  }

  void check_object(const Node& schema, const Node& node, const std::string& pointer) {
    const Node* properties = schema.find("properties");
    const Node* additional = schema.find("additionalProperties");
    for (const Member& member : node.members) {
      const Node* known = properties == nullptr ? nullptr : properties->find(member.key);
      if (known == nullptr && additional != nullptr && additional->is(Kind::kObject)) known = additional;
      const std::string inside = pointer_to(pointer, member.key);
      if (known != nullptr) {
        check(*known, member.value, inside);
      } else if (additional != nullptr && additional->text == "false") {
        report_unknown(properties, member, inside);
      }
    }
    const Node* required = schema.find("required");
    if (required == nullptr) return;
    for (const Node& key : required->items) {
      if (node.find(key.text) != nullptr) continue;
      report(node.where, pointer, cat("the member ", in_quotes(key.text)), "none", "");
    }
  }

  void report_unknown(const Node* properties, const Member& member, std::string pointer) {
    std::vector<std::string_view> names;
    if (properties != nullptr) {
      for (const Member& property : properties->members) names.push_back(property.key);
    }
    constexpr std::size_t kLong = 12;  // names: behind more of them a suggestion would not be seen
    const std::string meant = suggestion(member.key, names);
    const bool first = !meant.empty() && names.size() > kLong;
    report(member.where, std::move(pointer),
           cat(first ? cat("another member (", meant, "), one of ") : "one of the members ", joined(names)),
           in_quotes(member.key), first ? "" : meant);
  }

  void check_array(const Node& schema, const Node& node, const std::string& pointer) {
    const auto size_is = [&](std::string_view keyword, auto&& holds) {
      const Node* bound = schema.find(keyword);
      return bound == nullptr ||
             holds(static_cast<__int128>(node.items.size()), scaled(bound->text, 0).whole);
    };
    if (!size_is("minItems", std::greater_equal<>())) {
      report(node.where, pointer, cat("at least ", items_of(schema, "minItems")), cat(node.items.size()), "");
    }
    if (!size_is("maxItems", std::less_equal<>())) {
      report(node.where, pointer, cat("at most ", items_of(schema, "maxItems")), cat(node.items.size()), "");
    }
    const Node* items = schema.find("items");
    if (items == nullptr) return;
    for (std::size_t i = 0; i < node.items.size(); ++i)
      check(*items, node.items[i], pointer_to(pointer, cat(i)));
  }

  Problems tried(const Node& branch, const Node& node, const std::string& pointer) const {
    Problems problems;
    SchemaCheck(schema_, problems).check(branch, node, pointer);
    return problems;
  }

  void check_one_of(const Node& schema, const Node& branches, const Node& node, const std::string& pointer) {
    std::size_t matching = 0;
    for (const Node& branch : branches.items) matching += tried(branch, node, pointer).empty() ? 1 : 0;
    if (matching == 1) return;
    if (chooses_member(branches)) return report_member_choice(schema, branches, node, pointer);
    if (const auto kind = discriminator(branches)) return report_by_kind(branches, *kind, node, pointer);
    const Node* meant = matching == 0 ? branch_of_type(branches, node) : nullptr;
    if (meant != nullptr) {
      for (Problem& problem : tried(*meant, node, pointer)) problems_.push_back(std::move(problem));
    } else {
      report(node.where, pointer, expectation(schema), describe(node), "");
    }
  }

  // Every branch is {"required": [name]}: exactly one of these members.
  static bool chooses_member(const Node& branches) {
    return std::all_of(branches.items.begin(), branches.items.end(), [](const Node& branch) {
      const Node* required = branch.find("required");
      return branch.members.size() == 1 && required != nullptr && required->items.size() == 1;
    });
  }

  static std::vector<std::string> choices_of(const Node& branches) {
    std::vector<std::string> names;
    for (const Node& branch : branches.items) names.push_back(branch.find("required")->items[0].text);
    return names;
  }

  // Whether a member that nobody knows here was probably meant to be one of these: that is told by itself.
  bool is_misspelt(const std::vector<std::string>& names, const Node& schema, const Node& node) const {
    const Node* properties = schema.find("properties");
    if (properties == nullptr && around_ != nullptr) properties = around_->find("properties");
    if (properties == nullptr) return false;
    std::vector<std::string_view> all;
    for (const Member& property : properties->members) all.push_back(property.key);
    return std::any_of(node.members.begin(), node.members.end(), [&](const Member& member) {
      return properties->find(member.key) == nullptr &&
             std::find(names.begin(), names.end(), nearest(member.key, all)) != names.end();
    });
  }

  void report_member_choice(const Node& schema, const Node& branches, const Node& node, const std::string& pointer) {
    const std::vector<std::string> names = choices_of(branches);
    std::string found;
    for (const std::string& name : names)
      if (node.find(name) != nullptr) append_text(found, cat(found.empty() ? "" : " and ", name));
    if (found.empty() && is_misspelt(names, schema, node)) return;
    report(node.where, pointer, cat("exactly one of the members ", join(names)),
           found.empty() ? "none" : found, "");
  }

  // The member that has a const in every branch, if there is one.
  std::optional<std::string> discriminator(const Node& branches) const {
    const Node* properties = schema_.resolve(&branches.items[0])->find("properties");
    if (properties == nullptr) return std::nullopt;
    for (const Member& property : properties->members) {
      const bool everywhere =
          std::all_of(branches.items.begin(), branches.items.end(),
                      [&](const Node& branch) { return constant_of(branch, property.key) != nullptr; });
      if (everywhere) return property.key;
    }
    return std::nullopt;
  }

  const Node* constant_of(const Node& branch, std::string_view key) const {
    const Node* properties = schema_.resolve(&branch)->find("properties");
    const Node* property = properties == nullptr ? nullptr : properties->find(key);
    return property == nullptr ? nullptr : property->find("const");
  }

  void report_by_kind(const Node& branches, const std::string& kind, const Node& node,
                      const std::string& pointer) {
    if (!node.is(Kind::kObject)) return report(node.where, pointer, "an object", describe(node), "");
    const Node* value = node.find(kind);
    if (value == nullptr) return report(node.where, pointer, cat("the member ", in_quotes(kind)), "none", "");
    std::vector<std::string> kinds;
    for (const Node& branch : branches.items) {
      const Node* constant = constant_of(branch, kind);
      if (equal_scalars(*constant, *value)) return check(branch, node, pointer);
      kinds.push_back(constant->text);
    }
    const std::vector<std::string_view> names(kinds.begin(), kinds.end());
    report(value->where, pointer_to(pointer, kind), join(kinds), describe(*value),
           value->is(Kind::kString) ? suggestion(value->text, names) : "");
  }

  const Node* branch_of_type(const Node& branches, const Node& node) const {
    const Node* meant = nullptr;
    for (const Node& branch : branches.items) {
      if (!has_type(node, text_of(*schema_.resolve(&branch), "type"))) continue;
      if (meant != nullptr) return nullptr;
      meant = &branch;
    }
    return meant;
  }

  std::string expectation(const Node& schema) const {
    if (const Node* title = schema.find("title")) return title->text;
    if (const Node* only = schema.find("const")) return describe(*only);
    const Node* alternatives = schema.find("oneOf");
    if (alternatives != nullptr && chooses_member(*alternatives)) {
      return cat("an object with one of the members ", join(choices_of(*alternatives)));
    }
    if (const Node* required = schema.find("required")) {
      std::vector<std::string> names;
      for (const Node& name : required->items) names.push_back(in_quotes(name.text));
      return cat("an object with ", names.size() > 1 ? "the members " : "the member ", joined(names));
    }
    std::vector<std::string> parts;
    if (const Node* choices = schema.find("enum")) {
      for (const Node& choice : choices->items) parts.push_back(describe(choice));
    } else if (alternatives != nullptr) {
      for (const Node& branch : alternatives->items) parts.push_back(expectation(*schema_.resolve(&branch)));
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

  static std::string nearest_choice(const Node& schema, const Node& node) {
    const Node* choices = schema.find("enum");
    if (choices == nullptr || !node.is(Kind::kString)) return "";
    std::vector<std::string_view> names;
    for (const Node& choice : choices->items) names.push_back(choice.text);
    return suggestion(node.text, names);
  }

  const Schema& schema_;
  Problems& problems_;
  const Node* around_ = nullptr;  // the schema of whose allOf a part is checked
};

Result<Schema> Schema::parse(std::string_view text) {
  auto root = json::parse(text);
  if (!root) return fail(ErrorCode::kInvalidArgument, to_text(root.error().front(), "schema"));
  Schema schema(std::move(*root));
  LOCKSTEP_TRY_STATUS(schema.prepare(schema.root_));
  return schema;
}

// Walks every schema inside `schema`: keywords, patterns and references.
Status Schema::prepare(const Node& schema) {
  for (const auto& [keyword, where, value] : schema.members) {
    if (stands_in(kPlain, keyword) || (stands_in(kCommentary, keyword) && keyword != "$defs")) continue;
    if (keyword == "pattern") {
      LOCKSTEP_TRY(pattern, Pattern::compile(value.text));
      patterns_.emplace(value.text, std::move(pattern));
    } else if (keyword == "$ref") {
      LOCKSTEP_TRY_STATUS(check_reference(schema, value.text));
    } else if (keyword == "properties" || keyword == "$defs") {
      for (const Member& member : value.members) LOCKSTEP_TRY_STATUS(prepare(member.value));
    } else if (keyword == "allOf" || keyword == "oneOf") {
      for (const Node& branch : value.items) LOCKSTEP_TRY_STATUS(prepare(branch));
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
Status Schema::check_reference(const Node& schema, std::string_view name) const {
  const Node* definition = resolve(&schema);
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

const Node* Schema::resolve(const Node* schema) const {
  const Node* reference = schema->find("$ref");
  if (reference == nullptr) return schema;
  const std::string_view to = reference->text;
  const Node* definitions = root_.find("$defs");
  if (definitions == nullptr || !to.starts_with(kDefinitions)) return nullptr;
  return definitions->find(to.substr(kDefinitions.size()));
}

Schema Schema::of_ours(std::string_view text) {
  auto parsed = parse(text);
  CHECK(parsed.has_value(), parsed.error().message);
  return std::move(*parsed);
}

Problems Schema::check(const Node& document) const {
  Problems problems;
  SchemaCheck(*this, problems).check(root_, document, "");
  return problems;
}

Problems Schema::check(const Node& document, std::string_view definition) const {
  const Node* definitions = root_.find("$defs");
  const Node* schema = definitions == nullptr ? nullptr : definitions->find(definition);
  CHECK(schema != nullptr, "definition ", definition);
  Problems problems;
  SchemaCheck(*this, problems).check(*schema, document, "");
  return problems;
}

}  // namespace lockstep::json
