// Sets of ids, compared; linear in the rows that were read.
#include "scenarios/contents_check.h"

#include <algorithm>
#include <map>
#include <set>

#include "reports/evidence.h"
#include "reports/render.h"

namespace lockstep::scenarios {
namespace {

using reports::Completion;
using reports::Operation;

bool is(const Operation& operation, std::string_view f, const std::string& table) {
  const std::string* key = operation.key.as_text();
  return operation.f == f && key != nullptr && *key == table;
}

std::vector<std::int64_t> ids_of(const reports::Value& value) {
  std::vector<std::int64_t> ids;
  if (const auto* items = value.as_array())
    for (const reports::Value& item : *items)
      if (const auto* id = item.as_integer()) ids.push_back(*id);
  return ids;
}

// One table's writes, as a read sees them.
class Expected {
 public:
  Expected(const reports::History& history, const std::string& table) {
    for (const Operation& operation : history.operations())
      if (is(operation, "add", table)) adds_.push_back(&operation);
    for (const Operation* add : adds_)
      for (const std::int64_t id : ids_of(add->argument)) by_id_[id] = add;
  }

  // A sentence if the read is wrong. A local one may be old: it may miss what was acknowledged, nothing else.
  std::optional<std::string> fault_of(const Operation& read, bool may_be_old) const {
    if (const auto* items = read.result.as_array())
      for (const reports::Value& item : *items)
        if (const auto* text = item.as_text()) return cat("found that ", *text);
    const auto ids = ids_of(read.result);
    std::set<std::int64_t> found;
    for (const std::int64_t id : ids)
      if (!found.insert(id).second) return cat("holds row ", id, " twice");
    for (const std::int64_t id : found) {
      const auto add = by_id_.find(id);
      if (add == by_id_.end() || add->second->invoked.position > read.returned.position)
        return cat("holds row ", id, ", which nobody had asked for yet");
      if (add->second->completion == Completion::kFail) return cat("holds row ", id, ", whose write certainly failed");
    }
    for (const Operation* add : adds_) {
      const auto wanted = ids_of(add->argument);
      const auto present = std::count_if(wanted.begin(), wanted.end(), [&](auto id) { return found.contains(id); });
      if (present != 0 && present != static_cast<std::ptrdiff_t>(wanted.size()))
        return cat("holds ", present, " of the ", wanted.size(), " rows of one batch");
      const bool was_acknowledged =
          add->completion == Completion::kOk && add->returned.position < read.invoked.position;
      if (present == 0 && was_acknowledged && !may_be_old)
        return cat("misses row ", wanted.front(), ", acknowledged before the read began");
    }
    return std::nullopt;
  }

 private:
  std::vector<const Operation*> adds_;
  std::map<std::int64_t, const Operation*> by_id_;
};

std::string when(const Operation& operation) {
  return cat("process ", operation.process, " at ", reports::readable(Duration(operation.invoked.time_ns)));
}

}  // namespace

std::vector<reports::IdentifiedWrite> writes_of(const reports::History& history, const std::string& table) {
  std::vector<reports::IdentifiedWrite> writes;
  for (const Operation& operation : history.operations()) {
    if (!is(operation, "add", table)) continue;
    for (const std::int64_t id : ids_of(operation.argument))
      writes.push_back({cat(id), operation.completion, cat("row ", id, " of ", table, ", ", when(operation))});
  }
  return writes;
}

reports::Verdict check_contents(Promise promise, const reports::History& history,
                                const std::vector<std::string>& keys) {
  reports::Verdict verdict{.name = std::move(promise.name),
                           .promise = std::move(promise.sentence),
                           .outcome = reports::Outcome::kHolds,
                           .checked = {},
                           .evidence = {}};
  std::uint64_t linearizable = 0;
  std::uint64_t local = 0;
  reports::Evidence wrong;
  for (const std::string& key : keys) {
    const Expected expected(history, key);
    for (const Operation& operation : history.operations()) {
      const bool is_local = is(operation, "local-read", key);
      if ((!is_local && !is(operation, "read", key)) || operation.completion != Completion::kOk) continue;
      ++(is_local ? local : linearizable);
      const auto fault = expected.fault_of(operation, is_local);
      if (fault) wrong.add(cat("the read of ", key, " by ", when(operation), " ", *fault));
    }
  }
  verdict.checked = {{"linearizable reads", linearizable}, {"local reads", local}};
  wrong.conclude(verdict);
  return verdict;
}

reports::Verdict check_reads(const reports::History& history, const std::vector<std::string>& tables) {
  return check_contents({"reads",
                         "a read holds no row that nobody had asked for and no half batch; a linearizable one every "
                         "row acknowledged before it began"},
                        history, tables);
}

reports::Verdict check_versions(const reports::History& history,
                                const std::vector<EndPhase::FinalVersion>& final_versions) {
  reports::Verdict verdict{.name = "versions",
                           .promise = "a table's version counts its executed statements: never more than were "
                                      "attempted, exactly those at the end",
                           .outcome = reports::Outcome::kHolds,
                           .checked = {},
                           .evidence = {}};
  std::map<std::string, std::uint64_t> attempted;
  std::uint64_t compared = 0;
  for (const Operation& operation : history.operations()) {
    if (operation.key.as_text() == nullptr) continue;
    const std::string& table = *operation.key.as_text();
    if (operation.f == "add") attempted[table] += ids_of(operation.argument).size();
  }
  for (const Operation& operation : history.operations()) {
    if (operation.f != "version" || operation.completion != Completion::kOk) continue;
    ++compared;
    const auto version = static_cast<std::uint64_t>(*operation.result.as_integer());
    const std::uint64_t most = attempted[*operation.key.as_text()] + 1;  // CREATE TABLE counts too
    if (version > most)
      verdict.evidence.push_back(cat(*operation.key.as_text(), " had version ", version, " for ", when(operation),
                                     ", but at most ", reports::counted(most, "statements"), most == 1 ? " was" : " were", " attempted in the whole run"));
  }
  for (const auto& found : final_versions) {
    ++compared;
    if (found.version != found.rows + 1)
      verdict.evidence.push_back(cat(Roster::name(found.node), " says version ", found.version, " for ", found.table,
                                     ", which was created once and has ", found.rows, " inserted rows"));
  }
  verdict.checked = {{"versions", compared}};
  if (!verdict.evidence.empty()) verdict.outcome = reports::Outcome::kViolated;
  return verdict;
}

namespace {

// The operations that are to be kept, in the same order.
template <class Keep>
reports::History part_of(const reports::History& history, const Keep& keep) {
  struct Event {
    const Operation* operation;
    bool is_return;
  };
  std::map<std::uint64_t, Event> events;
  for (const Operation& operation : history.operations()) {
    if (!keep(operation)) continue;
    events[operation.invoked.position] = {&operation, false};
    if (operation.returned.position != reports::Moment::kNever) events[operation.returned.position] = {&operation, true};
  }
  reports::History out;
  std::map<std::uint64_t, std::size_t> numbers;  // of the copies, by the position of the invocation
  for (const auto& [position, event] : events) {
    const Operation& from = *event.operation;
    if (!event.is_return) {
      numbers[position] = out.invoke(from.process, from.f, from.key, from.argument, from.invoked.time_ns);
      continue;
    }
    const std::size_t copy = numbers[from.invoked.position];
    out.complete(copy, from.completion, from.result, from.returned.time_ns, from.error);
    if (from.log_index >= 0) out.set_log_index(copy, from.log_index);
  }
  return out;
}

}  // namespace

reports::History registers_of(const reports::History& history) {
  return part_of(history, [](const Operation& operation) {
    const std::string* key = operation.key.as_text();
    const bool is_judged = operation.f == "read" || operation.f == "write" || operation.f == "cas";
    return is_judged && key != nullptr && key->starts_with("register/");
  });
}

reports::History transactions_of(const reports::History& history) {
  return part_of(history, [](const Operation& operation) { return operation.f == "txn"; });
}

}  // namespace lockstep::scenarios
