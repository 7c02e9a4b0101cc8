// One pass over the events in their order; each read is compared with the most that its session knew when it
// began.
#include "scenarios/session_checks.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "reports/evidence.h"
#include "reports/render.h"

namespace lockstep::scenarios {
namespace {

using reports::Completion;
using reports::Operation;
using reports::Value;

// What a read saw of something that only grows: a number, or rows by their numbers.
struct Sight {
  std::int64_t number = 0;
  std::vector<std::int64_t> rows;  // sorted

  bool shows(std::int64_t row) const { return std::ranges::binary_search(rows, row); }
};

std::optional<Sight> sight_of(const Value& result) {
  if (const auto* number = result.as_integer()) return Sight{*number, {}};
  const auto* items = result.as_array();
  if (items == nullptr) return std::nullopt;
  Sight sight;
  for (const Value& item : *items)
    if (const auto* row = item.as_integer()) sight.rows.push_back(*row);
  std::ranges::sort(sight.rows);
  return sight;
}

// What a session knows of one key, and what it knew of it when a read began.
struct Session {
  std::vector<std::int64_t> rows;  // written and acknowledged, in that order
  std::int64_t sum = 0;            // of what it added to a number
  std::size_t furthest = 0;        // of its reads: a place in the sights
};
struct Begun {
  std::size_t rows = 0;
  std::int64_t sum = 0;
  std::size_t furthest = 0;
};

bool is_finished(const Operation& operation) {
  const bool is_known = operation.f == "read" || operation.f == "add";
  return is_known && operation.completion == Completion::kOk && operation.key.as_text() != nullptr;
}

class Sessions {
 public:
  Sessions(const reports::History& history, const std::vector<std::uint32_t>& clients)
      : history_(history), clients_(clients) {
    CHECK(clients.size() == history.size(), "every operation has a client");
    for (const Operation& operation : history.operations())
      if (operation.f == "add" && operation.key.as_text() != nullptr) growing_.insert(*operation.key.as_text());
  }

  std::vector<reports::Verdict> judge() {
    struct Event {
      std::size_t operation;
      bool is_return;
    };
    std::map<std::uint64_t, Event> events;
    for (std::size_t number = 0; number < history_.size(); ++number) {
      const Operation& operation = history_[number];
      if (!is_finished(operation) || !growing_.contains(*operation.key.as_text())) continue;
      events[operation.invoked.position] = {number, false};
      events[operation.returned.position] = {number, true};
    }
    for (const auto& [position, event] : events) {
      if (event.is_return) {
        returned(event.operation);
      } else {
        invoked(event.operation);
      }
    }
    return {verdict("read-your-writes", "a client's read shows what it had been told was written", own_),
            verdict("monotonic-reads", "a client's read shows all that an earlier one of its reads had shown",
                    seen_)};
  }

 private:
  Session& session_of(std::size_t operation) {
    return sessions_[{clients_[operation], *history_[operation].key.as_text()}];
  }

  void invoked(std::size_t number) {
    if (history_[number].f != "read") return;
    const Session& session = session_of(number);
    begun_[number] = {session.rows.size(), session.sum, session.furthest};
  }

  void returned(std::size_t number) {
    const Operation& operation = history_[number];
    Session& session = session_of(number);
    if (operation.f == "add") return note_write(session, operation.argument);
    const Begun begun = begun_.extract(number).mapped();
    auto found = sight_of(operation.result);
    if (!found) return;
    ++reads_;
    const auto complain = [&](reports::Evidence& evidence, const std::string& lacking, std::string_view why) {
      evidence.add(cat("client c", clients_[number], " (process ", operation.process, ") read ",
                       to_json(operation.key), " at ", reports::readable(Duration(operation.invoked.time_ns)),
                       " and found ", lacking, ", ", why));
    };
    if (const auto lack = lacks(*found, begun.sum, std::span(session.rows).first(begun.rows)))
      complain(own_, *lack, "which it had written");
    const Sight& before = sights_[begun.furthest];
    if (const auto lack = lacks(*found, before.number, before.rows))
      complain(seen_, *lack, "which it had seen before");
    const Sight& furthest = sights_[session.furthest];
    const bool goes_further = !lacks(*found, furthest.number, furthest.rows);
    sights_.push_back(std::move(*found));
    if (goes_further) session.furthest = sights_.size() - 1;
  }

  // Rows come as a list, what is added to a number as itself.
  static void note_write(Session& session, const Value& argument) {
    if (const auto* amount = argument.as_integer()) session.sum += *amount;
    if (const auto* rows = argument.as_array())
      for (const Value& row : *rows) session.rows.push_back(*row.as_integer());
  }

  static std::optional<std::string> lacks(const Sight& found, std::int64_t number,
                                          std::span<const std::int64_t> rows) {
    if (found.number < number) return cat(found.number, " instead of ", number, " or more");
    for (const std::int64_t row : rows)
      if (!found.shows(row)) return cat("no row ", row);
    return std::nullopt;
  }

  reports::Verdict verdict(std::string name, std::string promise, reports::Evidence& evidence) const {
    reports::Verdict verdict{.name = std::move(name),
                             .promise = std::move(promise),
                             .outcome = reports::Outcome::kHolds,
                             .checked = {{"reads", reads_}},
                             .evidence = {}};
    evidence.conclude(verdict);
    return verdict;
  }

  const reports::History& history_;
  const std::vector<std::uint32_t>& clients_;
  std::set<std::string> growing_;  // keys to which something is added
  std::map<std::pair<std::uint32_t, std::string>, Session> sessions_;
  std::map<std::size_t, Begun> begun_;                 // reads under way
  std::vector<Sight> sights_ = std::vector<Sight>(1);  // of all reads; before the first of a session, nothing
  reports::Evidence own_;
  reports::Evidence seen_;
  std::uint64_t reads_ = 0;
};

}  // namespace

std::vector<reports::Verdict> check_sessions(const reports::History& history,
                                             const std::vector<std::uint32_t>& clients) {
  return Sessions(history, clients).judge();
}

}  // namespace lockstep::scenarios
