// The subset of JSON Schema (draft 2020-12) that our schema uses, enforced with positions and readable
// expectations.
//
// Enforced: type, const, enum, pattern, minimum, maximum, properties, required, additionalProperties, items,
// minItems, maxItems, allOf, oneOf, $ref to #/$defs/... . Without effect: $schema, $id, $defs, title,
// description, default. A schema with any other keyword is refused, so that nothing in it is silently not
// enforced; so is one with something to enforce beside a $ref.
//
// What a problem says was expected is the schema's title, where it has one.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "scenarios/json_pattern.h"
#include "scenarios/json_text.h"

namespace lockstep::scenarios {

class JsonSchema {
 public:
  // kInvalidArgument: not JSON, an unknown keyword, a pattern outside json_pattern.h, a $ref to nowhere.
  static Result<JsonSchema> parse(std::string_view text);

  // Every problem of `document`, in its order; none: the document is valid.
  Problems check(const JsonNode& document) const;

  // The schema as it was read, for those who walk it.
  const JsonNode& root() const { return root_; }

 private:
  friend class SchemaCheck;
  explicit JsonSchema(JsonNode root) : root_(std::move(root)) {}
  Status prepare(const JsonNode& schema);
  Status check_reference(const JsonNode& schema, std::string_view name) const;
  const JsonNode* resolve(const JsonNode* schema) const;

  JsonNode root_;
  std::map<std::string, JsonPattern, std::less<>> patterns_;  // by their text
};

}  // namespace lockstep::scenarios
