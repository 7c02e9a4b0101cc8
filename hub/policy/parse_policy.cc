// A policy's text: schema first, then what no schema can say.
#include <charconv>
#include <set>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "hub/policy/rules.h"
#include "json/cursor.h"
#include "json/schema.h"
#include "json/text.h"

namespace lockstep::hub {

std::string_view policy_schema_text();  // schema/policy.schema.json, embedded

namespace {

using json::Cursor;
using json::read_member;

void read_number(const Cursor& at, double& out) {
  const std::string_view text = at.text();
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  // Too small for a double: the schema has the bounds of everything else.
  if (error != std::errc() || end != text.data() + text.size())
    at.refuse("a number that is 0 or not below 1e-300");
}

void read_number(const Cursor& object, std::string_view key, double& out) {
  if (const auto member = object.member(key)) read_number(*member, out);
}

void read_number(const Cursor& object, std::string_view key, std::optional<double>& out) {
  if (const auto member = object.member(key)) read_number(*member, out.emplace());
}

Hysteresis read_hysteresis(const Cursor& at) {
  Hysteresis law;
  read_member(at, "signal", law.signal);
  read_number(at, "low", law.low);
  read_number(at, "at_low", law.at_low);
  read_number(at, "high", law.high);
  read_number(at, "at_high", law.at_high);
  if (law.low > law.high) at.nearest("high").refuse("a share not below 'low'");
  return law;
}

ProportionalIntegral read_pi(const Cursor& at) {
  ProportionalIntegral law;
  read_member(at, "signal", law.signal);
  read_number(at, "target", law.target);
  read_number(at, "proportional", law.proportional);
  read_number(at, "integral", law.integral);
  return law;
}

Rule read_rule(const Cursor& at) {
  Rule rule;
  read_member(at, "actuator", rule.actuator);
  if (at.has("controlled")) read_member(at, "controlled", rule.controlled.emplace());
  if (at.has("hold") + at.has("hysteresis") + at.has("pi") != 1)
    at.refuse("exactly one of hold, hysteresis and pi");
  if (at.has("hold")) read_number(at, "hold", rule.law.emplace<Hold>().command);
  if (const auto law = at.member("hysteresis")) rule.law = read_hysteresis(*law);
  if (const auto law = at.member("pi")) rule.law = read_pi(*law);
  return rule;
}

Bound read_bound(const Cursor& at) {
  Bound bound;
  read_member(at, "actuator", bound.actuator);
  read_member(at, "signal", bound.signal);
  read_number(at, "below", bound.below);
  read_number(at, "above", bound.above);
  read_number(at, "at_most", bound.at_most);
  read_number(at, "at_least", bound.at_least);
  read_member(at, "when_unknown", bound.when_unknown);
  if (bound.below.has_value() == bound.above.has_value()) at.refuse("exactly one of below and above");
  if (bound.at_most.has_value() == bound.at_least.has_value())
    at.refuse("exactly one of at_most and at_least");
  return bound;
}

KindPolicy read_kind(const Cursor& at) {
  KindPolicy kind;
  read_member(at, "kind", kind.kind);
  if (const auto rules = at.member("rules")) {
    for (const Cursor& rule : rules->items()) kind.rules.push_back(read_rule(rule));
  }
  if (const auto envelope = at.member("envelope")) {
    for (const Cursor& bound : envelope->items()) kind.envelope.push_back(read_bound(bound));
  }
  return kind;
}

Policy read_policy(const Cursor& at) {
  Policy policy;
  read_member(at, "note", policy.note);
  std::set<std::string, std::less<>> names;
  if (const auto kinds = at.member("kinds")) {
    for (const Cursor& kind : kinds->items()) {
      policy.kinds.push_back(read_kind(kind));
      if (!names.insert(policy.kinds.back().kind).second) kind.nearest("kind").refuse("every kind only once");
    }
  }
  return policy;
}

const json::Schema& policy_schema() {
  static const json::Schema schema = json::Schema::of_ours(policy_schema_text());
  return schema;
}

std::unexpected<Error> refuse(const json::Problems& problems) {
  return fail(ErrorCode::kInvalidArgument, json::to_text(problems.front(), "policy"));
}

}  // namespace

Result<Policy> parse_policy(BytesView text) {
  if (text.size() > kMaxPolicyBytes)
    return fail(ErrorCode::kTooLarge,
                cat("policy: expected at most ", kMaxPolicyBytes, " bytes, found ", text.size()));
  const auto document = json::parse(text);
  if (!document) return refuse(document.error());
  json::Problems problems = policy_schema().check(*document);
  if (!problems.empty()) return refuse(problems);
  Policy policy = read_policy(Cursor(*document, problems));
  if (!problems.empty()) return refuse(json::in_order(problems));
  return policy;
}

const Policy& default_policy() {
  static const Policy policy = [] {
    auto parsed = parse_policy(default_policy_text());
    CHECK(parsed.has_value(), parsed.error().message);
    return std::move(*parsed);
  }();
  return policy;
}

}  // namespace lockstep::hub
