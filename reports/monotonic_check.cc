// Answers sorted by timestamp; answers swept in the order of a session or of real time; rows beside their
// writes.
#include "reports/monotonic_check.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/text.h"
#include "reports/evidence.h"
#include "reports/intern.h"
#include "reports/tally_checks.h"

namespace lockstep::reports {

namespace {

struct Sighting {
  std::optional<std::int64_t> value;      // none: nothing was there yet; it is smaller than everything
  std::optional<std::int64_t> timestamp;  // the database's
};

// What an operation wrote, or saw.
struct Answer {
  const Operation* operation = nullptr;
  bool writes = false;
  Sighting seen;                              // of rows: the largest value
  std::optional<std::vector<Sighting>> rows;  // in the order in which the read gave them
};

std::optional<std::int64_t> integer_of(const Value* value) {
  if (value == nullptr || value->as_integer() == nullptr) return std::nullopt;
  return *value->as_integer();
}

// The first member with one of these names.
const Value* member(const Value::Object& object, std::string_view name, std::string_view jepsens) {
  const auto found = std::ranges::find_if(
      object, [&](const auto& member) { return member.first == name || member.first == jepsens; });
  return found == object.end() ? nullptr : &found->second;
}

Result<Sighting> sighting_of(const Operation& operation, const Value& found) {
  const Value* value = &found;
  const Value* timestamp = nullptr;
  const Value::Array* pair = found.as_array();
  if (pair != nullptr && pair->size() == 2) {
    timestamp = &(*pair)[0];
    value = &(*pair)[1];
  } else if (const Value::Object* object = found.as_object()) {
    timestamp = member(*object, "timestamp", "sts");
    value = member(*object, "value", "val");
  }
  const Sighting sighting{integer_of(value), integer_of(timestamp)};
  const bool misses_value = value == nullptr || (!sighting.value && !value->is_null());
  if (misses_value || (timestamp != nullptr && !sighting.timestamp))
    return misfit(operation, "a value, [timestamp,value] or an object of both, all of them integers", found);
  return sighting;
}

bool are_rows(const Value::Array& items) {
  return std::ranges::all_of(
      items, [](const Value& item) { return item.as_array() != nullptr || item.as_object() != nullptr; });
}

Result<Answer> answer_of(const Operation& operation) {
  Answer answer{.operation = &operation, .writes = !is_read(operation), .seen = {}, .rows = {}};
  const Value::Array* items = operation.result.as_array();
  if (answer.writes || items == nullptr || !are_rows(*items)) {
    LOCKSTEP_TRY(seen, sighting_of(operation, operation.result));
    if (answer.writes && !seen.value)
      return misfit(operation, "the value that was written", operation.result);
    answer.seen = seen;
    return answer;
  }
  answer.rows.emplace();
  for (const Value& item : *items) {
    LOCKSTEP_TRY(row, sighting_of(operation, item));
    if (!row.value) return misfit(operation, "rows with values", item);
    answer.seen.value = std::max(answer.seen.value, row.value);
    answer.rows->push_back(row);
  }
  return answer;
}

std::string text(const Sighting& seen) {
  return cat(seen.value ? cat(*seen.value) : std::string("nothing"),
             seen.timestamp ? cat(" at timestamp ", *seen.timestamp) : std::string());
}

std::string text(const Answer& answer) {
  return cat(answered(*answer.operation), answer.writes ? " wrote " : " read ",
             answer.rows ? "rows up to " : "", text(answer.seen));
}

// Whether `later`, which follows `earlier` in some order, does not grow. Two writes of one value are another
// matter.
bool goes_back(const Answer& earlier, const Answer& later) {
  return later.seen.value < earlier.seen.value ||
         (later.writes && !earlier.writes && later.seen.value == earlier.seen.value);
}

// One object's answers.
class Growth {
 public:
  Growth(Tally::Order order, Evidence& wrong) : order_(order), wrong_(wrong) {}

  void add(Answer answer) { answers_.push_back(std::move(answer)); }
  void add_unknown_write(const Operation& operation) {
    unknown_writes_.push_back(operation.invoked.position);
  }
  bool is_comparable() const {
    return order_ != Tally::Order::kTimestamps ||
           std::ranges::any_of(answers_, [](const Answer& a) { return a.rows || a.seen.timestamp; });
  }

  void judge() {
    note_writes();
    by_timestamp();
    if (order_ == Tally::Order::kRealtime) in_order(pointers(answers_));
    if (order_ == Tally::Order::kSession) {
      std::map<std::int64_t, std::vector<const Answer*>> sessions;
      for (const Answer& answer : answers_) sessions[answer.operation->process].push_back(&answer);
      for (const auto& [process, session] : sessions) in_order(session);
    }
    const Answer* last = nullptr;
    for (const Answer& answer : answers_)
      if (answer.rows) last = &answer;
    for (const Answer& answer : answers_) {
      if (answer.rows) judge_rows(answer);
      if (&answer == last || (answer.rows && order_ == Tally::Order::kRealtime)) look_for_lost(answer);
      if (!answer.writes && !answer.rows) find_write(answer, answer.seen);
    }
  }

 private:
  static std::vector<const Answer*> pointers(const std::vector<Answer>& answers) {
    std::vector<const Answer*> out;
    for (const Answer& answer : answers) out.push_back(&answer);
    return out;
  }

  void note_writes() {
    for (const Answer& answer : answers_) {
      if (!answer.writes) continue;
      const auto [known, is_new] = writes_.emplace(*answer.seen.value, &answer);
      if (!is_new) wrong_.add(cat(text(answer), ", which had been written before: ", text(*known->second)));
    }
  }

  // Answers with equal timestamps have no order among each other.
  void by_timestamp() {
    std::vector<const Answer*> stamped = pointers(answers_);
    std::erase_if(stamped, [](const Answer* answer) { return !answer->seen.timestamp; });
    std::ranges::sort(stamped, {}, [](const Answer* answer) {
      return std::pair(*answer->seen.timestamp, answer->operation->invoked.position);
    });
    const Answer* highest = nullptr;
    for (std::size_t first = 0, end = 0; first < stamped.size(); first = end) {
      while (end < stamped.size() && stamped[end]->seen.timestamp == stamped[first]->seen.timestamp) ++end;
      for (std::size_t i = first; i < end; ++i)
        if (highest != nullptr && goes_back(*highest, *stamped[i]))
          wrong_.add(cat(text(*stamped[i]), ", but ", text(*highest)));
      for (std::size_t i = first; i < end; ++i)
        if (highest == nullptr || highest->seen.value < stamped[i]->seen.value) highest = stamped[i];
    }
  }

  // Each beside the largest value, and the latest timestamp, of those that returned before it was invoked.
  // `answers` are in the order of their invocations.
  void in_order(const std::vector<const Answer*>& answers) {
    std::vector<const Answer*> by_return = answers;
    std::ranges::sort(by_return, {},
                      [](const Answer* answer) { return answer->operation->returned.position; });
    const Answer* highest = nullptr;
    const Answer* latest = nullptr;
    std::size_t returned = 0;
    for (const Answer* answer : answers) {
      for (; by_return[returned]->operation->returned.position < answer->operation->invoked.position;
           ++returned) {
        const Answer* before = by_return[returned];
        if (highest == nullptr || highest->seen.value < before->seen.value) highest = before;
        if (before->seen.timestamp && (latest == nullptr || latest->seen.timestamp < before->seen.timestamp))
          latest = before;
      }
      if (highest != nullptr && goes_back(*highest, *answer))
        wrong_.add(cat(text(*answer), ", after ", text(*highest)));
      if (latest != nullptr && answer->seen.timestamp && answer->seen.timestamp < latest->seen.timestamp)
        wrong_.add(cat(text(*answer), ", earlier than ", text(*latest), ", which had returned before"));
    }
  }

  // In the order of the rows both grow, and each has been written.
  void judge_rows(const Answer& read) {
    const std::vector<Sighting>& rows = *read.rows;
    std::uint64_t nobodys = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const bool grows = i == 0 || (rows[i - 1].value < rows[i].value &&
                                    (!rows[i].timestamp || rows[i - 1].timestamp <= rows[i].timestamp));
      if (!grows) wrong_.add(cat(answered(*read.operation), " read ", text(rows[i]), " in the row after ", text(rows[i - 1])));
      nobodys += !find_write(read, rows[i]);
    }
    const auto unknown = static_cast<std::uint64_t>(std::ranges::count_if(
        unknown_writes_, [&](std::uint64_t invoked) { return invoked < read.operation->returned.position; }));
    if (nobodys > unknown)
      wrong_.add(cat(answered(*read.operation), " read ", nobodys, " rows that no write is known to have written, and ", unknown,
                     unknown == 1 ? " write has" : " writes have", " an unknown end"));
  }

  // Says what contradicts the write of what was seen; false if it is not known.
  bool find_write(const Answer& read, const Sighting& seen) {
    const auto found = seen.value ? writes_.find(*seen.value) : writes_.end();
    if (found == writes_.end()) return false;
    const Answer& write = *found->second;
    if (write.operation->invoked.position > read.operation->returned.position)
      wrong_.add(cat(answered(*read.operation), " read ", text(seen), ", which was written later: ", text(write)));
    if (read.rows && seen.timestamp && write.seen.timestamp && seen.timestamp != write.seen.timestamp)
      wrong_.add(cat(answered(*read.operation), " read ", text(seen), ", but ", text(write)));
    return true;
  }

  void look_for_lost(const Answer& read) {
    std::set<std::int64_t> values;
    for (const Sighting& row : *read.rows) values.insert(*row.value);
    for (const auto& [value, write] : writes_) {
      if (write->operation->returned.position > read.operation->invoked.position || values.contains(value))
        continue;
      wrong_.add(cat(answered(*read.operation), " read no row of ", value, ", although ", text(*write)));
    }
  }

  const Tally::Order order_;
  Evidence& wrong_;
  std::vector<Answer> answers_;                   // in the order of their invocations
  std::map<std::int64_t, const Answer*> writes_;  // by value; the first of each
  std::vector<std::uint64_t> unknown_writes_;     // when they were invoked
};

std::string promise_of(Tally::Order order) {
  std::string promise = "what is written grows with the database's timestamps, and so does what is read";
  if (order == Tally::Order::kSession) promise += "; no process sees it go back";
  if (order == Tally::Order::kRealtime) promise += "; in real time it never goes back";
  return promise;
}

// By key, in the order in which the history names them.
struct Objects {
  std::vector<Growth> growths;
  std::uint64_t answers = 0;
};

Result<Objects> objects_of(const History& history, Tally::Order order, Evidence& wrong) {
  Objects objects;
  ValueTable keys;
  for (const Operation& operation : history.operations()) {
    const bool writes = operation.f == "add" || operation.f == "inc";
    if (!writes && !is_read(operation))
      return fail(
          ErrorCode::kInvalidArgument,
          cat("event ", operation.invoked.index, ": expected f to be add, inc or read, found ", operation.f));
    const std::uint32_t key = keys.intern(operation.key);
    if (key == objects.growths.size()) objects.growths.emplace_back(order, wrong);
    if (operation.completion == Completion::kInfo && writes)
      objects.growths[key].add_unknown_write(operation);
    if (operation.completion != Completion::kOk) continue;
    LOCKSTEP_TRY(answer, answer_of(operation));
    objects.growths[key].add(std::move(answer));
    ++objects.answers;
  }
  return objects;
}

}  // namespace

Result<Verdict> check_monotonic(const History& history, Tally::Order order) {
  Evidence wrong;
  LOCKSTEP_TRY(objects, objects_of(history, order, wrong));
  for (Growth& growth : objects.growths) growth.judge();
  Verdict verdict{.name = "monotonic",
                  .promise = promise_of(order),
                  .outcome = Outcome::kHolds,
                  .checked = {},
                  .evidence = {}};
  verdict.checked = {{"answers", objects.answers}, {"keys", objects.growths.size()}};
  if (objects.answers == 0) {
    verdict.outcome = Outcome::kUnknown;
    verdict.evidence.push_back("no operation succeeded: there is nothing to judge");
  } else if (std::ranges::none_of(objects.growths, &Growth::is_comparable)) {
    verdict.outcome = Outcome::kUnknown;
    verdict.evidence.push_back("no answer has a timestamp: nothing tells their order");
  }
  wrong.conclude(verdict);
  return verdict;
}

}  // namespace lockstep::reports
