// Orders and notes as JSON; what comes in may be anything.
#include "net/faults/orders.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace lockstep::faults {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 4> kFaultNames{"drop", "delay", "duplicate", "reorder"};

Json json_of(const Latency& latency) {
  return {{"median_ns", latency.median.count()}, {"p99_ns", latency.p99.count()}};
}

void add_filter(Json& json, const net::LinkFilter& filter) {
  json["outgoing"] = filter.outgoing;
  json["incoming"] = filter.incoming;
  if (!filter.peers) return;
  json["peers"] = Json::array();
  for (const NodeId peer : *filter.peers) json["peers"].push_back(peer.value());
}

Json json_of(const net::LinkLatency& latency) {
  Json json = json_of(latency.latency);
  add_filter(json, latency.filter);
  return json;
}

Json json_of(const net::LinkRule& rule) {
  Json json{{"id", rule.id},
            {"fault", kFaultNames[static_cast<std::size_t>(rule.fault)]},
            {"parts_per_million", rule.parts_per_million},
            {"extra", json_of(rule.extra)}};
  add_filter(json, rule.filter);
  return json;
}

// Reads members of one object; remembers the first thing that is not as it should be.
class Reader {
 public:
  explicit Reader(const Json& json) : json_(json) {}

  const Json* member(const char* key, bool needed) {
    const auto found = json_.find(key);
    if (found != json_.end()) {
      ++known_;
      return &*found;
    }
    if (needed) complain(key, "something");
    return nullptr;
  }
  // The member if it is there and as `fits` says, else the default.
  template <class T>
  T value(const char* key, bool (Json::*fits)() const noexcept, const char* expected, T otherwise,
          bool needed = false) {
    const Json* found = member(key, needed);
    if (found == nullptr) return otherwise;
    if (!(found->*fits)()) {
      complain(key, expected);
      return otherwise;
    }
    return found->get<T>();
  }
  std::uint64_t number(const char* key, std::uint64_t otherwise, bool needed = false) {
    return value<std::uint64_t>(key, &Json::is_number_unsigned, "a whole number", otherwise, needed);
  }
  bool flag(const char* key, bool otherwise) {
    return value<bool>(key, &Json::is_boolean, "true or false", otherwise);
  }
  std::string text(const char* key, bool needed) {
    return value<std::string>(key, &Json::is_string, "a text", {}, needed);
  }
  std::vector<std::uint64_t> numbers(const char* key) {
    std::vector<std::uint64_t> all;
    for (const Json& item : list(key)) {
      if (!item.is_number_unsigned())
        complain(key, "whole numbers");
      else
        all.push_back(item.get<std::uint64_t>());
    }
    return all;
  }
  const Json& list(const char* key) {
    static const Json kEmpty = Json::array();
    const Json* found = member(key, false);
    if (found != nullptr && found->is_array()) return *found;
    if (found != nullptr) complain(key, "a list");
    return kEmpty;
  }
  Latency latency() {
    constexpr std::uint64_t kMost = 86'400'000'000'000;  // a day
    const std::uint64_t median = std::min(number("median_ns", 0), kMost);
    const std::uint64_t p99 = std::min(number("p99_ns", 0), kMost);
    return {.median = Duration(static_cast<std::int64_t>(median)),
            .p99 = Duration(static_cast<std::int64_t>(p99))};
  }
  net::LinkFilter filter() {
    net::LinkFilter out;
    out.outgoing = flag("outgoing", true);
    out.incoming = flag("incoming", true);
    if (json_.contains("peers")) {
      out.peers.emplace();
      for (const std::uint64_t peer : numbers("peers")) out.peers->insert(NodeId(peer));
    }
    return out;
  }

  void complain(std::string_view key, std::string_view expected) {
    if (complaint_.empty()) complaint_ = cat("expected ", expected, " under \"", key, "\"");
  }
  // Members that nobody asked for are a mistake too.
  std::string complaint() const {
    if (!json_.is_object()) return cat("expected an object, found ", json_.dump());
    if (!complaint_.empty()) return complaint_;
    if (known_ < json_.size()) return cat("expected known keys only, found ", json_.dump());
    return {};
  }
  void adopt(const Reader& inner) {
    if (complaint_.empty()) complaint_ = inner.complaint();
  }

 private:
  const Json& json_;
  std::size_t known_ = 0;
  std::string complaint_;
};

// The member as an object, for a reader of its own.
const Json& object_under(const Json& json, const char* key) {
  static const Json kEmpty = Json::object();
  const auto found = json.find(key);
  return found == json.end() ? kEmpty : *found;
}

Latency latency_of(Reader& outer, const Json& json, const char* key) {
  outer.member(key, false);
  Reader reader(object_under(json, key));
  const Latency latency = reader.latency();
  outer.adopt(reader);
  return latency;
}

net::LinkLatency link_latency_of(Reader& outer, const Json& json, const char* key) {
  outer.member(key, false);
  Reader reader(object_under(json, key));
  net::LinkLatency latency;
  latency.latency = reader.latency();
  latency.filter = reader.filter();
  outer.adopt(reader);
  return latency;
}

net::LinkRule rule_of(const Json& json, Reader& outer) {
  net::LinkRule rule;
  Reader reader(json);
  rule.id = reader.number("id", 0, true);
  rule.filter = reader.filter();
  const std::string fault = reader.text("fault", true);
  const auto name = std::find(kFaultNames.begin(), kFaultNames.end(), fault);
  if (name == kFaultNames.end()) {
    reader.complain("fault", "drop, delay, duplicate or reorder");
  } else {
    rule.fault = static_cast<net::LinkFault>(name - kFaultNames.begin());
  }
  rule.parts_per_million = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(reader.number("parts_per_million", 1'000'000), 1'000'000));
  rule.extra = latency_of(reader, json, "extra");
  outer.adopt(reader);
  return rule;
}

Result<Json> object_of(std::string_view line) {
  Json json = Json::parse(line, nullptr, false);
  if (!json.is_object()) return fail(ErrorCode::kInvalidArgument, "expected one JSON object on a line");
  return json;
}

std::unexpected<Error> not_understood(std::string sentence) {
  return fail(ErrorCode::kInvalidArgument, std::move(sentence));
}

// Bytes that are not UTF-8 become U+FFFD rather than an exception.
std::string printed(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

struct NotePrinter {
  Json operator()(const Greeting& note) const {
    return {{"node", note.node.value()}, {"incarnation", note.incarnation.value()}};
  }
  Json operator()(const ProbeNote& note) const {
    return {{"hit", note.ticket}, {"point", note.point}, {"object", note.object}};
  }
  Json operator()(const StruckNote& note) const {
    Json list = Json::array();
    for (const auto& [rule, frames] : note.frames) list.push_back({{"id", rule}, {"frames", frames}});
    return {{"struck", list}};
  }
  Json operator()(const ComplaintNote& note) const { return {{"error", note.sentence}}; }
};

Note read_note(const Json& json, Reader& reader) {
  if (json.contains("hit")) {
    ProbeNote note;
    note.ticket = reader.number("hit", 0, true);
    note.point = reader.text("point", true);
    note.object = reader.number("object", 0);
    return note;
  }
  if (json.contains("struck")) {
    StruckNote note;
    for (const Json& item : reader.list("struck")) {
      Reader inner(item);
      const std::uint64_t id = inner.number("id", 0, true);
      note.frames[id] = inner.number("frames", 0, true);
      reader.adopt(inner);
    }
    return note;
  }
  if (json.contains("error")) return ComplaintNote{reader.text("error", true)};
  const NodeId node(reader.number("node", 0, true));
  return Greeting{.node = node, .incarnation = Incarnation(reader.number("incarnation", 0, true))};
}

}  // namespace

std::string to_line(const Orders& orders) {
  Json json = Json::object();
  if (orders.latency) json["latency"] = json_of(*orders.latency);
  if (orders.links) {
    json["links"] = Json::array();
    for (const net::LinkRule& rule : *orders.links) json["links"].push_back(json_of(rule));
  }
  if (orders.probes) json["probes"] = *orders.probes;
  if (!orders.release.empty()) json["release"] = orders.release;
  if (orders.release_all) json["release_all"] = true;
  return printed(json);
}

Result<Orders> parse_orders(std::string_view line) {
  LOCKSTEP_TRY(json, object_of(line));
  Reader reader(json);
  Orders orders;
  if (json.contains("latency")) orders.latency = link_latency_of(reader, json, "latency");
  if (json.contains("links")) {
    orders.links.emplace();
    for (const Json& rule : reader.list("links")) orders.links->push_back(rule_of(rule, reader));
  }
  if (json.contains("probes")) {
    orders.probes.emplace();
    for (const Json& point : reader.list("probes")) {
      if (point.is_string())
        orders.probes->push_back(point.get<std::string>());
      else
        reader.complain("probes", "names of probe points");
    }
  }
  orders.release = reader.numbers("release");
  orders.release_all = reader.flag("release_all", false);
  if (auto complaint = reader.complaint(); !complaint.empty()) return not_understood(std::move(complaint));
  return orders;
}

std::string to_line(const Note& note) { return printed(std::visit(NotePrinter{}, note)); }

Result<Note> parse_note(std::string_view line) {
  LOCKSTEP_TRY(json, object_of(line));
  Reader reader(json);
  Note note = read_note(json, reader);
  if (auto complaint = reader.complaint(); !complaint.empty()) return not_understood(std::move(complaint));
  return note;
}

}  // namespace lockstep::faults
