// Elements are looked up by their numbers: who appended one, and where its list has it.
#include "scenarios/list_check.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "reports/evidence.h"
#include "reports/render.h"

namespace lockstep::scenarios {
namespace {

using reports::Completion;
using reports::Operation;
using reports::Value;

struct Micro {
  bool reads = false;
  std::string key;
  const Value* value = nullptr;
};

// What a transaction was asked to do, with the answers if it was ok.
std::vector<Micro> micros_of(const Operation& operation) {
  const Value& value = operation.completion == Completion::kOk ? operation.result : operation.argument;
  std::vector<Micro> micros;
  for (const Value& item : *value.as_array()) {
    const auto& parts = *item.as_array();
    micros.push_back({*parts[0].as_text() == "r", *parts[1].as_text(), &parts[2]});
  }
  return micros;
}

std::vector<std::int64_t> elements_of(const Value& list) {
  std::vector<std::int64_t> elements;
  for (const Value& element : *list.as_array()) elements.push_back(*element.as_integer());
  return elements;
}

class Lists {
 public:
  explicit Lists(const reports::History& history) {
    for (const Operation& operation : history.operations())
      if (operation.f == "txn") note(operation);
  }

  reports::Verdict judge() {
    for (const Operation* reader : readers_) judge_reader(*reader);
    reports::Verdict verdict{
        .name = "list-append",
        .promise =
            "each list that is read is a beginning of one order of its elements, with all "
            "that was acknowledged before and of no transaction a part",
        .outcome = reports::Outcome::kHolds,
        .checked = {{"transactions", transactions_}, {"lists", longest_.size()}},
        .evidence = {}};
    wrong_.conclude(verdict);
    return verdict;
  }

 private:
  void note(const Operation& operation) {
    ++transactions_;
    bool reads = false;
    for (const Micro& micro : micros_of(operation)) {
      if (!micro.reads) {
        const std::int64_t element = *micro.value->as_integer();
        appends_[{micro.key, element}] = &operation;
        by_key_[micro.key].push_back(element);
      } else if (operation.completion == Completion::kOk) {
        reads = true;
        auto list = elements_of(*micro.value);
        auto& longest = longest_[micro.key];
        if (list.size() > longest.size()) longest = std::move(list);
      }
    }
    if (reads) readers_.push_back(&operation);
  }

  void judge_reader(const Operation& reader) {
    // What it saw of each key, as long as it had appended nothing there itself.
    std::map<std::string, std::vector<std::int64_t>> seen;
    std::vector<std::string> own;
    for (const Micro& micro : micros_of(reader)) {
      if (!micro.reads) {
        own.push_back(micro.key);
        continue;
      }
      const auto list = elements_of(*micro.value);
      judge_list(reader, micro.key, list);
      if (std::ranges::find(own, micro.key) == own.end()) seen[micro.key] = list;
    }
    for (auto& [key, list] : seen) std::ranges::sort(list);
    for (const auto& [key, list] : seen) judge_whole(reader, seen, key, list);
  }

  void judge_list(const Operation& reader, const std::string& key, const std::vector<std::int64_t>& list) {
    const auto& longest = longest_[key];
    if (!std::equal(list.begin(), list.end(), longest.begin()))
      complain(reader, key, "read a list that is no beginning of the longest one");
    auto sorted = list;
    std::ranges::sort(sorted);
    if (const auto twice = std::ranges::adjacent_find(sorted); twice != sorted.end())
      complain(reader, key, cat("read ", *twice, " twice"));
    for (const std::int64_t element : sorted) {
      const auto append = appends_.find({key, element});
      if (append == appends_.end()) {
        complain(reader, key, cat("read ", element, ", which nobody had appended"));
      } else if (append->second->completion == Completion::kFail) {
        complain(reader, key, cat("read ", element, ", whose transaction had failed"));
      }
    }
    for (const std::int64_t element : by_key_[key]) {
      const Operation& by = *appends_[{key, element}];
      const bool was_acknowledged =
          by.completion == Completion::kOk && by.returned.position < reader.invoked.position;
      if (was_acknowledged && !std::ranges::binary_search(sorted, element))
        complain(reader, key, cat("misses ", element, ", acknowledged before it began"));
    }
  }

  // Of every transaction that it saw at one key it must see what that one did at the other keys that it read.
  void judge_whole(const Operation& reader, const std::map<std::string, std::vector<std::int64_t>>& seen,
                   const std::string& key, const std::vector<std::int64_t>& list) {
    for (const std::int64_t element : list) {
      const auto append = appends_.find({key, element});
      if (append == appends_.end() || append->second == &reader) continue;
      for (const Micro& other : micros_of(*append->second)) {
        const auto found = other.reads ? seen.end() : seen.find(other.key);
        if (found == seen.end() || std::ranges::binary_search(found->second, *other.value->as_integer()))
          continue;
        complain(reader, key,
                 cat("saw ", element, " but not ", *other.value->as_integer(), " in ", other.key,
                     ", which the same transaction appended"));
      }
    }
  }

  void complain(const Operation& reader, const std::string& key, const std::string& what) {
    wrong_.add(cat("the transaction of process ", reader.process, " at ",
                   reports::readable(Duration(reader.invoked.time_ns)), ", of list ", key, ", ", what));
  }

  std::map<std::pair<std::string, std::int64_t>, const Operation*> appends_;
  std::map<std::string, std::vector<std::int64_t>> by_key_;
  std::map<std::string, std::vector<std::int64_t>> longest_;
  std::vector<const Operation*> readers_;
  std::uint64_t transactions_ = 0;
  reports::Evidence wrong_;
};

}  // namespace

reports::Verdict check_lists(const reports::History& history) { return Lists(history).judge(); }

}  // namespace lockstep::scenarios
