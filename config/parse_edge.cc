// Text, schema, then what no schema can say.
#include <array>

#include "config/edge_settings.h"
#include "json/cursor.h"
#include "json/schema.h"
#include "json/text.h"

namespace lockstep::config {

using json::read_duration;
using json::read_member;

std::string_view to_string(FullBuffer policy) { return policy == FullBuffer::kThin ? "thin" : "drop-oldest"; }

void read(const json::Cursor& at, FullBuffer& out) {
  read_choice(at, std::array{FullBuffer::kDropOldest, FullBuffer::kThin}, out);
}

namespace {

const json::Schema& edge_schema() {
  static const json::Schema schema = json::Schema::of_ours(edge_schema_text());
  return schema;
}

Edge read_edge(const json::Cursor& at) {
  constexpr std::chrono::milliseconds kLeast(1);
  Edge out;
  read_member(at, "about", out.about);
  read_duration(at, "sample_period", kLeast, out.sample_period);
  read_duration(at, "longest_wait", kLeast, out.longest_wait);
  read_member(at, "most_bytes", out.most_bytes);
  read_member(at, "policy", out.policy);
  read_duration(at, "probation", kLeast, out.probation);
  read_duration(at, "clean_up_delay", Duration::zero(), out.clean_up_delay);
  read_member(at, "clean_up_ratio", out.clean_up_ratio);
  read_member(at, "clean_up_keys", out.clean_up_keys);
  return out;
}

}  // namespace

std::expected<Edge, json::Problems> parse_edge(std::string_view text) {
  const auto document = json::parse(text);
  if (!document) return std::unexpected(document.error());
  json::Problems problems = edge_schema().check(*document);
  if (!problems.empty()) return std::unexpected(in_order(std::move(problems)));
  Edge out = read_edge(json::Cursor(*document, problems));
  if (!problems.empty()) return std::unexpected(in_order(std::move(problems)));
  return out;
}

}  // namespace lockstep::config
