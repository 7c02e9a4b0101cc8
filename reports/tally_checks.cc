// Counter by running sums, set by places in the order of events, long fork by sorting reads.
#include "reports/tally_checks.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/text.h"
#include "reports/evidence.h"
#include "reports/intern.h"

namespace lockstep::reports {

namespace {

// Sums over the events before each position.
struct Sums {
  std::vector<std::int64_t> certain;         // of adds that had succeeded
  std::vector<std::int64_t> rising;          // of positive adds that had been invoked and did not fail
  std::vector<std::int64_t> falling;         // of negative ones
  std::vector<std::int64_t> certain_rising;  // the positive part of `certain`
};

Result<Sums> sums_of(const History& history) {
  const std::size_t events = history.events() + 1;
  Sums sums{std::vector<std::int64_t>(events), std::vector<std::int64_t>(events),
            std::vector<std::int64_t>(events), std::vector<std::int64_t>(events)};
  for (const Operation& operation : history.operations()) {
    if (is_read(operation)) continue;
    if (operation.f != "add")
      return fail(ErrorCode::kInvalidArgument, cat("event ", operation.invoked.index,
                                                   ": expected f to be add or read, found ", operation.f));
    const std::int64_t* amount = operation.argument.as_integer();
    constexpr std::int64_t kMost = 1ll << 40;  // so that sums fit
    if (amount == nullptr || *amount > kMost || *amount < -kMost)
      return misfit(operation, "an integer of at most 40 bits to add", operation.argument);
    if (operation.completion == Completion::kFail) continue;
    (*amount > 0 ? sums.rising : sums.falling)[operation.invoked.position + 1] += *amount;
    if (operation.completion != Completion::kOk) continue;
    sums.certain[operation.returned.position + 1] += *amount;
    if (*amount > 0) sums.certain_rising[operation.returned.position + 1] += *amount;
  }
  for (auto* sum : {&sums.certain, &sums.rising, &sums.falling, &sums.certain_rising}) {
    for (std::size_t i = 1; i < events; ++i) (*sum)[i] += (*sum)[i - 1];
  }
  return sums;
}

}  // namespace

Result<Verdict> check_counter(const History& history) {
  LOCKSTEP_TRY(sums, sums_of(history));
  std::uint64_t reads = 0;
  Evidence wrong;
  for (const Operation& operation : history.operations()) {
    if (!is_read(operation) || operation.completion != Completion::kOk) continue;
    const std::int64_t* seen = operation.result.as_integer();
    if (seen == nullptr) return misfit(operation, "an integer as the answer", operation.result);
    ++reads;
    const std::size_t begin = operation.invoked.position, end = operation.returned.position;
    const std::int64_t certain = sums.certain[begin];
    // Beyond what is certain: adds that were invoked before the read returned, each of which may count or
    // not.
    const std::int64_t most = certain + sums.rising[end] - sums.certain_rising[begin];
    const std::int64_t least = certain + sums.falling[end] - (certain - sums.certain_rising[begin]);
    if (*seen < least || *seen > most)
      wrong.add(cat(answered(operation), " read ", *seen, ", expected ", least, " to ", most));
  }
  Verdict verdict = tally_verdict(
      "counter", "every read lies between what had been added for certain and what may have been", reads);
  if (reads == 0) {  // as Jepsen judges: nothing speaks against it
    verdict.outcome = Outcome::kHolds;
    verdict.evidence.clear();
  }
  wrong.conclude(verdict);
  return verdict;
}

namespace {

struct Added {
  Value element;
  std::uint64_t acknowledged = Moment::kNever;
  std::uint64_t attempted = Moment::kNever;  // first by an operation that did not fail
  std::uint64_t round = 0;
};

class SetCheck {
 public:
  Result<Verdict> run(const History& history, bool every_read) {
    LOCKSTEP_TRY_STATUS(collect(history));
    std::sort(by_acknowledgement_.begin(), by_acknowledgement_.end());
    const Operation* last = nullptr;
    std::uint64_t reads = 0;
    for (const Operation& operation : history.operations()) {
      if (!is_read(operation) || operation.completion != Completion::kOk) continue;
      ++reads;
      if (last == nullptr || last->invoked.position < operation.invoked.position) last = &operation;
    }
    for (const Operation& operation : history.operations()) {
      if (!is_read(operation) || operation.completion != Completion::kOk) continue;
      LOCKSTEP_TRY_STATUS(judge(operation, every_read || &operation == last));
    }
    Verdict verdict = tally_verdict(
        every_read ? "set-full" : "set",
        every_read
            ? "every read has each element that was acknowledged before it, once, and none that nobody added"
            : "the last read has each element that was acknowledged before it; none is there twice or that "
              "nobody added",
        reads);
    verdict.checked.push_back({"elements", added_.size()});
    wrong_.conclude(verdict);
    return verdict;
  }

 private:
  Status collect(const History& history) {
    for (const Operation& operation : history.operations()) {
      if (is_read(operation)) continue;
      if (operation.f != "add")
        return fail(ErrorCode::kInvalidArgument, cat("event ", operation.invoked.index,
                                                     ": expected f to be add or read, found ", operation.f));
      Added& added = entry(operation.argument);
      if (operation.completion != Completion::kFail)
        added.attempted = std::min(added.attempted, operation.invoked.position);
      if (operation.completion != Completion::kOk || operation.returned.position >= added.acknowledged)
        continue;
      added.acknowledged = operation.returned.position;
    }
    for (std::uint32_t i = 0; i < added_.size(); ++i) {
      if (added_[i].acknowledged != Moment::kNever)
        by_acknowledgement_.emplace_back(added_[i].acknowledged, i);
    }
    return {};
  }

  Added& entry(const Value& element) {
    const std::uint32_t number = elements_.intern(element);
    if (number == added_.size()) added_.push_back({element});
    return added_[number];
  }

  Status judge(const Operation& read, bool must_be_complete) {
    const Value::Array* found = read.result.as_array();
    if (found == nullptr) return misfit(read, "a list of elements as the answer", read.result);
    ++round_;
    const std::string who = cat(answered(read), " read ");
    for (const Value& element : *found) {
      Added& added = entry(element);
      if (added.attempted == Moment::kNever) {
        wrong_.add(cat(who, to_json(element), ", which nobody added"));
      } else if (added.attempted > read.returned.position) {
        wrong_.add(cat(who, to_json(element), " before anybody added it"));
      }
      if (added.round == round_) wrong_.add(cat(who, to_json(element), " twice"));
      added.round = round_;
    }
    if (!must_be_complete) return {};
    for (const auto& [acknowledged, number] : by_acknowledgement_) {
      if (acknowledged >= read.invoked.position) break;
      if (added_[number].round != round_)
        wrong_.add(
            cat(who, "a set without ", to_json(added_[number].element), ", which was acknowledged before"));
    }
    return {};
  }

  ValueTable elements_;
  std::vector<Added> added_;
  std::vector<std::pair<std::uint64_t, std::uint32_t>> by_acknowledgement_;
  Evidence wrong_;
  std::uint64_t round_ = 0;
};

// Which keys a read covered, and which of them it found written.
struct Sight {
  std::vector<std::uint32_t> keys, written;
  const Operation* read = nullptr;
};

Result<Sight> sight_of(const Operation& operation, ValueTable& keys) {
  Sight sight{{}, {}, &operation};
  const Value::Array* micros = operation.result.as_array();
  if (micros == nullptr)
    return misfit(operation, "a list of micro-operations [\"r\",key,value]", operation.result);
  for (const Value& micro : *micros) {
    const Value::Array* parts = micro.as_array();
    const std::string* name = parts == nullptr || parts->size() != 3 ? nullptr : (*parts)[0].as_text();
    if (name == nullptr || (*name != "r" && *name != "w"))
      return misfit(operation, "a micro-operation [\"r\",key,value]", micro);
    if (*name == "w") continue;
    const std::uint32_t key = keys.intern((*parts)[1]);
    sight.keys.push_back(key);
    if (!(*parts)[2].is_null()) sight.written.push_back(key);
  }
  std::sort(sight.keys.begin(), sight.keys.end());
  std::sort(sight.written.begin(), sight.written.end());
  return sight;
}

}  // namespace

Result<Verdict> check_set(const History& history, bool every_read) {
  return SetCheck().run(history, every_read);
}

Result<Verdict> check_long_fork(const History& history) {
  ValueTable keys;
  std::map<std::vector<std::uint32_t>, std::vector<Sight>> groups;
  std::uint64_t reads = 0;
  for (const Operation& operation : history.operations()) {
    if (operation.f != "read" && operation.f != "write" && operation.f != "txn")
      return fail(ErrorCode::kInvalidArgument,
                  cat("event ", operation.invoked.index, ": expected f to be read, write or txn, found ",
                      operation.f));
    if (operation.f == "write" || operation.completion != Completion::kOk) continue;
    LOCKSTEP_TRY(sight, sight_of(operation, keys));
    if (sight.keys.empty()) continue;
    ++reads;
    auto& group = groups[sight.keys];
    group.push_back(std::move(sight));
  }
  Evidence wrong;
  for (auto& [covered, sights] : groups) {
    std::ranges::sort(sights, {}, [](const Sight& sight) {
      return std::pair(sight.written.size(), sight.read->returned.index);
    });
    for (std::size_t i = 1; i < sights.size();
         ++i) {  // sorted by size, all of them are a chain if neighbours are
      const auto& less = sights[i - 1].written;
      const auto& more = sights[i].written;
      if (std::includes(more.begin(), more.end(), less.begin(), less.end())) continue;
      wrong.add(cat("event ", sights[i - 1].read->returned.index, " read ",
                    to_json(sights[i - 1].read->result), " and event ", sights[i].read->returned.index,
                    " read ", to_json(sights[i].read->result), ": each misses a write that the other saw"));
    }
  }
  Verdict verdict =
      tally_verdict("long-fork", "of two reads of the same keys one saw at least what the other saw", reads);
  wrong.conclude(verdict);
  return verdict;
}

}  // namespace lockstep::reports
