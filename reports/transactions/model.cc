// The names, their meanings, and the options.
#include "reports/transactions/model.h"

#include <algorithm>
#include <bit>

#include "base/join.h"
#include "base/text.h"

namespace lockstep::transactions {

namespace {

constexpr ModelName kNames[] = {
    {"read-uncommitted", kReadUncommitted, "writes of transactions are not interleaved"},
    {"read-committed", kReadCommitted,
     "transactions see only final writes of transactions that committed, in an order"},
    {"repeatable-read-rr", kRepeatableReadRr,
     "transactions see committed writes, and one version of each key"},
    {"read-atomic", kReadAtomic, "of another transaction one sees everything or nothing"},
    {"causal", kCausal, "whoever sees an effect sees its causes"},
    {"prefix", kPrefix, "transactions see a prefix of one order of all commits"},
    {"snapshot-isolation", kSnapshot,
     "transactions read a snapshot, and of two concurrent writers of a key one fails"},
    {"repeatable-read", kRepeatableRead,
     "nothing that a transaction read is overwritten before it commits (items only)"},
    {"serializable", kSerializable,
     "some order of the transactions, one after the other, explains every answer"},
};

constexpr ModelName kGuarantees[] = {
    {"read-your-writes", kReadYourWrites, "a process sees what it wrote before"},
    {"monotonic-reads", kMonotonicReads, "a process never sees an older version after a newer one"},
    {"monotonic-writes", kMonotonicWrites, "writes of a process follow each other in its order"},
    {"writes-follow-reads", kWritesFollowReads, "what a process writes is newer than what it read before"},
    {"pram", kReadYourWrites | kMonotonicReads | kMonotonicWrites,
     "read your writes, monotonic reads, monotonic writes"},
};

struct AnomalySet {
  std::string_view name;
  std::vector<std::string_view> members;
};

const std::vector<AnomalySet>& sets() {
  static const std::vector<AnomalySet> kSets = {
      {"G1", {"G0", "G1a", "G1b", "G1c"}},
      {"G1c", {"G0", "G1c"}},
      {"G-single", {"G-single-item"}},
      {"G-nonadjacent", {"G-single-item", "G-nonadjacent-item"}},
      {"G2", {"G-single-item", "G-nonadjacent-item", "G2-item"}},
      {"G2-item", {"G-single-item", "G-nonadjacent-item", "G2-item"}},
      // What others call the same; beside snapshot isolation a long fork is what its parallel form allows.
      {"long-fork", {"G-nonadjacent-item"}},
      {"thin-air-read", {"garbage-read"}},
  };
  return kSets;
}

constexpr std::string_view kOthers[] = {"G0",
                                        "G1a",
                                        "G1b",
                                        "internal",
                                        "dirty-update",
                                        "lost-update",
                                        "future-read",
                                        "garbage-read",
                                        "duplicate-elements",
                                        "incompatible-order",
                                        "cyclic-versions",
                                        "non-monotonic-read",
                                        "non-repeatable-read",
                                        "fractured-read",
                                        "causal-violation"};

Status add_anomalies(Model& model, std::string_view name) {
  std::string_view base = name, suffix;
  for (const std::string_view tail : {std::string_view("-process"), std::string_view("-realtime")}) {
    if (!base.ends_with(tail)) continue;
    suffix = base.substr(base.size() - tail.size());
    base.remove_suffix(tail.size());
    model.order = std::max(model.order, tail == "-process" ? Order::kSession : Order::kRealtime);
  }
  if (base == "causal-violation") model.order = std::max(model.order, Order::kSession);
  for (const AnomalySet& set : sets()) {
    if (set.name != base) continue;
    for (const std::string_view member : set.members) model.anomalies.push_back(cat(member, suffix));
    if (!suffix.empty())
      model.anomalies.insert(model.anomalies.end(), set.members.begin(), set.members.end());
    return {};
  }
  if (std::find(std::begin(kOthers), std::end(kOthers), base) != std::end(kOthers)) {
    model.anomalies.emplace_back(name);
    if (!suffix.empty()) model.anomalies.emplace_back(base);
    return {};
  }
  if (base == "write-skew") {
    return fail(ErrorCode::kInvalidArgument,
                cat("expected anomalies:G2-item, which is a write skew or a lost update, found ", name));
  }
  return fail(ErrorCode::kInvalidArgument,
              cat("expected anomalies: with G0, G1, G1a, G1b, G1c, G-single, G-nonadjacent, G2, "
                  "long-fork, internal, dirty-update, lost-update, future-read, garbage-read, thin-air-read, "
                  "duplicate-elements, incompatible-order, cyclic-versions or another name that the answers "
                  "use, found ",
                  name));
}

const ModelName* find(std::span<const ModelName> names, std::string_view name) {
  const auto found =
      std::find_if(names.begin(), names.end(), [&](const ModelName& known) { return known.name == name; });
  return found == names.end() ? nullptr : &*found;
}

std::string promise_of(const ModelName& known, Order order) {
  switch (order) {
    case Order::kNone: return std::string(known.promise);
    case Order::kSession: return cat(known.promise, "; in the order of each process");
    case Order::kRealtime: return cat(known.promise, "; in the order of real time");
  }
  return std::string(known.promise);
}

Status add_part(Model& model, std::string_view part) {
  if (part.starts_with("anomalies:")) {
    LOCKSTEP_TRY_STATUS(add_anomalies(model, part.substr(10)));
    model.promise += cat(model.promise.empty() ? "" : "; ", "none of these occurs: ", part.substr(10));
    return {};
  }
  Order order = Order::kNone;
  std::string_view name = part == "strict-serializable" ? "strong-serializable" : part;
  if (name == "sequential") name = "strong-session-serializable";
  if (name.starts_with("strong-session-")) {
    order = Order::kSession;
    name.remove_prefix(15);
  } else if (name.starts_with("strong-")) {
    order = Order::kRealtime;
    name.remove_prefix(7);
  }
  const ModelName* known = find(kNames, name);
  if (known == nullptr && order == Order::kNone) known = find(kGuarantees, name);
  if (known == nullptr) {
    const std::string names = joined(kNames, &ModelName::name);
    return fail(
        ErrorCode::kInvalidArgument,
        cat("expected a model (", names,
            ", each also as strong-session-NAME or strong-NAME; strict-serializable; sequential; "
            "read-your-writes, "
            "monotonic-reads, monotonic-writes, writes-follow-reads, pram; anomalies:NAME; several joined by "
            "+), found ",
            part));
  }
  const bool of_sessions = known->level > kSerializable || known->level == kReadAtomic ||
                           known->level == kCausal || known->level == kPrefix;
  if (of_sessions) order = std::max(order, Order::kSession);
  model.levels |= known->level;
  model.order = std::max(model.order, order);
  model.promise += cat(model.promise.empty() ? "" : "; ", promise_of(*known, order));
  return {};
}

Result<bool> truth(std::string_view key, std::string_view value) {
  if (value.empty() || value == "true" || value == "yes") return true;
  if (value == "false" || value == "no") return false;
  return fail(ErrorCode::kInvalidArgument, cat("option ", key, ": expected true or false, found ", value));
}

Status set_option(Model& model, std::string_view key, std::string_view value) {
  if (key == "order") {
    for (const auto& [name, order] : {std::pair{std::string_view("none"), Order::kNone},
                                      std::pair{std::string_view("session"), Order::kSession},
                                      std::pair{std::string_view("realtime"), Order::kRealtime}}) {
      if (value != name) continue;
      model.order = order;
      return {};
    }
    return fail(ErrorCode::kInvalidArgument,
                cat("option order: expected none, session or realtime, found ", value));
  }
  if (key == "unwritten") {
    if (value != "allowed" && value != "forbidden")
      return fail(ErrorCode::kInvalidArgument,
                  cat("option unwritten: expected allowed or forbidden, found ", value));
    model.unwritten_values_allowed = value == "allowed";
    return {};
  }
  bool* flag = key == "wfr-keys"            ? &model.writes_follow_reads
               : key == "sequential-keys"   ? &model.session_keys
               : key == "linearizable-keys" ? &model.realtime_keys
               : key == "exact"             ? &model.exact
                                            : nullptr;
  if (flag == nullptr) {
    return fail(ErrorCode::kInvalidArgument, cat("option ", key,
                                                 ": expected one of order, unwritten, exact, wfr-keys, "
                                                 "sequential-keys, linearizable-keys for the model ",
                                                 model.name));
  }
  LOCKSTEP_TRY(chosen, truth(key, value));
  *flag = chosen;
  if (flag != &model.exact) {  // judge as Elle does: by inferred orders alone
    model.exact = false;
    model.unwritten_values_allowed = true;
  }
  return {};
}

}  // namespace

std::span<const ModelName> ladder() { return kNames; }
std::span<const ModelName> session_guarantees() { return kGuarantees; }

bool is_model(std::string_view name) {
  Model model;
  return add_part(model, name.substr(0, name.find('+'))).has_value() || name.starts_with("anomalies:");
}

Result<Model> parse_model(std::string_view name, std::span<const std::string> options) {
  Model model;
  model.name = name;
  for (std::string_view rest = name;;) {
    const std::size_t plus = rest.find('+');
    LOCKSTEP_TRY_STATUS(add_part(model, rest.substr(0, plus)));
    if (plus == rest.npos) break;
    rest.remove_prefix(plus + 1);
  }
  for (const std::string& option : options) {
    const std::size_t equals = option.find('=');
    LOCKSTEP_TRY_STATUS(
        set_option(model, std::string_view(option).substr(0, equals),
                   equals == option.npos ? std::string_view() : std::string_view(option).substr(equals + 1)));
  }
  return model;
}

std::vector<std::string> weakest(const Levels (&ruled_out)[3]) {
  std::vector<std::string> names;
  Levels named = 0;
  for (const Order order : {Order::kNone, Order::kSession, Order::kRealtime}) {
    for (const ModelName& known : kNames) {
      if ((ruled_out[static_cast<int>(order)] & known.level) == 0 || (named & known.level) != 0) continue;
      const bool of_sessions = known.level == kReadAtomic || known.level == kCausal || known.level == kPrefix;
      const std::string_view prefix = order == Order::kNone || (of_sessions && order == Order::kSession) ? ""
                                      : order == Order::kSession ? "strong-session-"
                                                                 : "strong-";
      names.push_back(cat(prefix, known.name));
      named |= at_least(static_cast<Level>(known.level));
    }
    for (const ModelName& known : kGuarantees) {
      if (order == Order::kSession && std::has_single_bit(known.level) && (ruled_out[1] & known.level) != 0)
        names.emplace_back(known.name);
    }
  }
  return names;
}

}  // namespace lockstep::transactions
