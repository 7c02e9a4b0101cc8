// The subset of JSON Schema (draft 2020-12) that our schema uses, enforced with positions and readable
// expectations.
//
// Enforced: type, const, enum, pattern, minimum, maximum, properties, required, additionalProperties, items,
// minItems, maxItems, maxLength, allOf, oneOf, $ref to #/$defs/... . Without effect: $schema, $id, $defs, title,
// description, default. A schema with any other keyword is refused, so that nothing in it is silently not
// enforced; so is one with something to enforce beside a $ref.
//
// What a problem says was expected is the schema's title, where it has one.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "json/pattern.h"
#include "json/text.h"

namespace lockstep::json {

class Schema {
 public:
  // kInvalidArgument: not JSON, an unknown keyword, a pattern outside json/pattern.h, a $ref to nowhere.
  static Result<Schema> parse(std::string_view text);

  // Of this program's own, which is right (checked).
  static Schema of_ours(std::string_view text);

  // Every problem of `document`, in its order; none: the document is valid.
  Problems check(const Node& document) const;
  // The same against #/$defs/DEFINITION, which is there.
  Problems check(const Node& document, std::string_view definition) const;

  // The schema as it was read, for those who walk it.
  const Node& root() const { return root_; }

 private:
  friend class SchemaCheck;
  explicit Schema(Node root) : root_(std::move(root)) {}
  Status prepare(const Node& schema);
  Status check_reference(const Node& schema, std::string_view name) const;
  const Node* resolve(const Node* schema) const;

  Node root_;
  std::map<std::string, Pattern, std::less<>> patterns_;  // by their text
};

}  // namespace lockstep::json
