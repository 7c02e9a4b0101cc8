// Counter by running sums, set by places in the order of events, long fork by sorting reads.
#include "reports/tally_checks.h"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <utility>

#include "base/text.h"
#include "reports/evidence.h"
#include "reports/intern.h"

namespace lockstep::reports {

namespace {

// Sums over the events of one counter before each position.
class Sums {
 public:
  explicit Sums(const Operations& operations) {
    for (const Operation* operation : operations) {
      positions_.push_back(operation->invoked.position);
      if (operation->completion == Completion::kOk) positions_.push_back(operation->returned.position);
    }
    std::ranges::sort(positions_);
    for (auto* sum : all()) sum->resize(positions_.size() + 1);
    for (const Operation* operation : operations) {
      if (!is_read(*operation) && operation->completion != Completion::kFail) add(*operation);
    }
    for (auto* sum : all()) std::partial_sum(sum->begin(), sum->end(), sum->begin());
  }

  std::pair<std::int64_t, std::int64_t> range_of(const Operation& read) const {
    const std::size_t begin = place(read.invoked), end = place(read.returned);
    // Beyond what is certain: adds that were invoked before the read returned, each of which may count or
    // not.
    const std::int64_t most = certain_[begin] + rising_[end] - certain_rising_[begin];
    const std::int64_t least = certain_[begin] + falling_[end] - (certain_[begin] - certain_rising_[begin]);
    return {least, most};
  }

 private:
  using Sum = std::vector<std::int64_t>;

  std::array<Sum*, 4> all() { return {&certain_, &rising_, &falling_, &certain_rising_}; }
  std::size_t place(const Moment& moment) const {
    return static_cast<std::size_t>(std::ranges::lower_bound(positions_, moment.position) - positions_.begin());
  }

  void add(const Operation& operation) {
    const std::int64_t amount = *operation.argument.as_integer();
    (amount > 0 ? rising_ : falling_)[place(operation.invoked) + 1] += amount;
    if (operation.completion != Completion::kOk) return;
    certain_[place(operation.returned) + 1] += amount;
    if (amount > 0) certain_rising_[place(operation.returned) + 1] += amount;
  }

  std::vector<std::uint64_t> positions_;
  Sum certain_;         // of adds that had succeeded
  Sum rising_;          // of positive adds that had been invoked and did not fail
  Sum falling_;         // of negative ones
  Sum certain_rising_;  // the positive part of `certain_`
};

Status expect_adds_and_reads(const History& history) {
  for (const Operation& operation : history.operations()) {
    if (is_read(operation) || operation.f == "add") continue;
    return fail(ErrorCode::kInvalidArgument, cat("event ", operation.invoked.index,
                                                 ": expected f to be add or read, found ", operation.f));
  }
  return {};
}

Status expect_amounts(const History& history) {
  for (const Operation& operation : history.operations()) {
    const std::int64_t* amount = operation.argument.as_integer();
    constexpr std::int64_t kMost = 1ll << 40;  // so that sums fit
    if (!is_read(operation) && (amount == nullptr || *amount > kMost || *amount < -kMost))
      return misfit(operation, "an integer of at most 40 bits to add", operation.argument);
  }
  return {};
}

}  // namespace

Result<Verdict> check_counter(const History& history) {
  LOCKSTEP_TRY_STATUS(expect_adds_and_reads(history));
  LOCKSTEP_TRY_STATUS(expect_amounts(history));
  std::uint64_t reads = 0;
  Evidence wrong;
  for (const Operations& counter : by_key(history)) {
    const Sums sums(counter);
    for (const Operation* operation : counter) {
      if (!is_answered_read(*operation)) continue;
      const std::int64_t* seen = operation->result.as_integer();
      if (seen == nullptr) return misfit(*operation, "an integer as the answer", operation->result);
      ++reads;
      const auto [least, most] = sums.range_of(*operation);
      if (*seen < least || *seen > most)
        wrong.add(cat(answered(*operation), " read ", *seen, ", expected ", least, " to ", most));
    }
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

// One set.
class SetCheck {
 public:
  explicit SetCheck(Evidence& wrong) : wrong_(wrong) {}

  Status run(const Operations& operations, bool every_read) {
    collect(operations);
    const Operation* last = nullptr;
    for (const Operation* operation : operations) {
      if (is_answered_read(*operation)) last = operation;  // they are in the order of their invocations
    }
    for (const Operation* operation : operations) {
      if (!is_answered_read(*operation)) continue;
      LOCKSTEP_TRY_STATUS(judge(*operation, every_read || operation == last));
      ++reads_;
    }
    return {};
  }

  std::uint64_t reads() const { return reads_; }
  std::uint64_t elements() const { return added_.size(); }

 private:
  void collect(const Operations& operations) {
    for (const Operation* operation : operations) {
      if (is_read(*operation)) continue;
      Added& added = entry(operation->argument);
      if (operation->completion != Completion::kFail)
        added.attempted = std::min(added.attempted, operation->invoked.position);
      if (operation->completion == Completion::kOk)
        added.acknowledged = std::min(added.acknowledged, operation->returned.position);
    }
    for (std::uint32_t i = 0; i < added_.size(); ++i) {
      if (added_[i].acknowledged != Moment::kNever)
        by_acknowledgement_.emplace_back(added_[i].acknowledged, i);
    }
    std::ranges::sort(by_acknowledgement_);
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
  Evidence& wrong_;
  std::uint64_t round_ = 0;
  std::uint64_t reads_ = 0;
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
  LOCKSTEP_TRY_STATUS(expect_adds_and_reads(history));
  std::uint64_t reads = 0, elements = 0;
  Evidence wrong;
  for (const Operations& set : by_key(history)) {
    SetCheck check(wrong);
    LOCKSTEP_TRY_STATUS(check.run(set, every_read));
    reads += check.reads();
    elements += check.elements();
  }
  Verdict verdict = tally_verdict(
      every_read ? "set-full" : "set",
      every_read
          ? "every read has each element that was acknowledged before it, once, and none that nobody added"
          : "the last read has each element that was acknowledged before it; none is there twice or that "
            "nobody added",
      reads);
  verdict.checked.push_back({"elements", elements});
  wrong.conclude(verdict);
  return verdict;
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
