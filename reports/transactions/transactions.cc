// From operations to transactions: micro-operations read, keys and versions numbered, orders of lists
// established.
#include "reports/transactions/transactions.h"

#include <algorithm>

#include "base/text.h"

namespace lockstep::transactions {

namespace {

using reports::Completion;
using reports::History;
using reports::Operation;
using reports::Value;

enum class Name : std::uint8_t { kRead, kWrite, kAppend };

std::unexpected<Error> misfit(const Operation& operation, std::string_view expected, const Value& found) {
  std::string text = to_json(found);
  if (text.size() > 80) text = text.substr(0, 80) + "...";
  return fail(ErrorCode::kInvalidArgument,
              cat("event ", operation.invoked.index, " (process ", operation.process, "): expected ",
                  expected, ", found ", text));
}

struct MicroOperation {
  Name name;
  const Value* key;
  const Value* value;
};

Result<MicroOperation> micro_operation(const Operation& operation, const Value& value) {
  const Value::Array* parts = value.as_array();
  const std::string* name = parts == nullptr || parts->empty() ? nullptr : (*parts)[0].as_text();
  if (name == nullptr || parts->size() != 3)
    return misfit(operation, "a micro-operation [name,key,value]", value);
  if (*name == "r" || *name == "read") return MicroOperation{Name::kRead, &(*parts)[1], &(*parts)[2]};
  if (*name == "w" || *name == "write") return MicroOperation{Name::kWrite, &(*parts)[1], &(*parts)[2]};
  if (*name == "append") return MicroOperation{Name::kAppend, &(*parts)[1], &(*parts)[2]};
  return misfit(operation, "a micro-operation named r, w or append", value);
}

// The answer of a transaction that succeeded, else what it was asked to do.
Result<const Value::Array*> micro_operations(const Operation& operation) {
  if (operation.f != "txn") {
    return fail(ErrorCode::kInvalidArgument,
                cat("event ", operation.invoked.index, ": expected f to be txn, found ", operation.f));
  }
  const Value& value = operation.completion == Completion::kOk ? operation.result : operation.argument;
  const Value::Array* array = value.as_array();
  if (array == nullptr) return misfit(operation, "a list of micro-operations", value);
  return array;
}

class Translator {
 public:
  Translator(const History& history, AnomalyLog& log) : history_(history), log_(log) {
    out_.history = &history;
  }

  Result<Transactions> run() {
    LOCKSTEP_TRY_STATUS(decide_workload());
    out_.transactions.reserve(history_.size());
    for (std::uint32_t number = 0; number < history_.size(); ++number)
      LOCKSTEP_TRY_STATUS(add_transaction(number));
    if (out_.workload == Workload::kListAppend) {
      order_lists();
      for (std::uint32_t t = 0; t < out_.transactions.size(); ++t) place_lists(t);
    } else {
      add_writers_outside();
    }
    decide_what_happened();
    return std::move(out_);
  }

 private:
  Status decide_workload() {
    bool appends = false, writes = false, lists = false;
    for (const Operation& operation : history_.operations()) {
      LOCKSTEP_TRY(array, micro_operations(operation));
      for (const Value& value : *array) {
        LOCKSTEP_TRY(micro, micro_operation(operation, value));
        appends |= micro.name == Name::kAppend;
        writes |= micro.name == Name::kWrite;
        lists |= micro.name == Name::kRead && micro.value->as_array() != nullptr;
        if (appends && writes) return misfit(operation, "either appends or writes in one history", value);
      }
    }
    out_.workload = appends || (lists && !writes) ? Workload::kListAppend : Workload::kRegister;
    return {};
  }

  Status add_transaction(std::uint32_t number) {
    const Operation& operation = history_[number];
    LOCKSTEP_TRY(array, micro_operations(operation));
    Transaction added;
    added.operation = number;
    added.process = operation.process;
    added.completion = operation.completion;
    added.invoked = operation.invoked.position;
    if (operation.completion == Completion::kOk) added.returned = operation.returned.position;
    added.log_index = operation.log_index;
    added.first_step = static_cast<std::uint32_t>(out_.steps.size());
    out_.transactions.push_back(added);
    for (const Value& value : *array) LOCKSTEP_TRY_STATUS(add_step(operation, value));
    out_.transactions.back().end_step = static_cast<std::uint32_t>(out_.steps.size());
    link_steps(static_cast<std::uint32_t>(out_.transactions.size() - 1));
    return {};
  }

  Status add_step(const Operation& operation, const Value& value) {
    LOCKSTEP_TRY(micro, micro_operation(operation, value));
    Step step;
    step.key = out_.keys.intern(*micro.key);
    if (step.key == longest_.size()) longest_.push_back(nullptr);
    step.write = micro.name != Name::kRead;
    if (step.write) {
      step.version = version(step.key, *micro.value);
      Version& made = out_.versions[step.version];
      if (made.writer != kNone) {
        return misfit(operation,
                      cat("every value to be written once to a key, and ", to_json(*micro.value),
                          " was written to ", to_json(*micro.key), " by event ",
                          history_[out_.transactions[made.writer].operation].invoked.index),
                      value);
      }
      made.writer = static_cast<std::uint32_t>(out_.transactions.size() - 1);
    } else {
      if (operation.completion != Completion::kOk) return {};
      step.answer = micro.value;
      LOCKSTEP_TRY_STATUS(note_answer(operation, step, value));
    }
    out_.steps.push_back(step);
    return {};
  }

  Status note_answer(const Operation& operation, Step& step, const Value& value) {
    if (out_.workload == Workload::kRegister) {
      if (step.answer->is_null()) return {};
      step.version = version(step.key, *step.answer);
      out_.versions[step.version].seen = true;
      return {};
    }
    const Value::Array* list = step.answer->as_array();
    if (list == nullptr && !step.answer->is_null())
      return misfit(operation, "the answer to a read to be a list", value);
    const Value::Array*& longest = longest_[step.key];
    if (list != nullptr && (longest == nullptr || list->size() > longest->size())) longest = list;
    return {};
  }

  std::uint32_t version(std::uint32_t key, const Value& value) {
    const auto next = static_cast<std::uint32_t>(out_.versions.size());
    const std::uint64_t hash = value.hash() ^ (key * 0x9e3779b97f4a7c15ull);
    const std::uint32_t found = version_index_.find_or_insert(hash, next, [&](std::uint32_t other) {
      return out_.versions[other].key == key && out_.versions[other].value == value;
    });
    if (found == next) {
      out_.versions.emplace_back();
      out_.versions.back().key = key;
      out_.versions.back().value = value;
    }
    return found;
  }

  void link_steps(std::uint32_t transaction) {
    const Transaction& t = out_.transactions[transaction];
    newest_.resize(longest_.size());
    last_write_.resize(longest_.size());
    for (std::uint32_t i = t.first_step; i < t.end_step; ++i) {
      Step& step = out_.steps[i];
      Mark& newest = newest_[step.key];
      Mark& write = last_write_[step.key];
      if (newest.transaction == transaction) step.previous = newest.place;
      step.external = !step.write && write.transaction != transaction;
      newest = {transaction, i - t.first_step};
      if (step.write) write = newest;
    }
    for (std::uint32_t i = t.first_step; i < t.end_step; ++i) {
      Step& step = out_.steps[i];
      const Mark& write = last_write_[step.key];
      if (write.transaction != transaction) continue;
      step.last_write = write.place;
      if (step.write) out_.versions[step.version].last = write.place == i - t.first_step;
    }
  }

  void order_lists() {
    out_.lists.resize(longest_.size());
    place_.resize(longest_.size());
    for (std::uint32_t key = 0; key < longest_.size(); ++key) {
      if (longest_[key] == nullptr) continue;
      auto& list = out_.lists[key];
      auto& place = place_[key];
      list.reserve(longest_[key]->size());
      for (const Value& element : *longest_[key]) {
        const std::uint32_t found = version(key, element);
        const bool repeated = out_.versions[found].seen;
        out_.versions[found].seen = true;
        if (!repeated) {
          out_.versions[found].place = static_cast<std::uint32_t>(list.size());
          list.push_back(found);
        }
        if (repeated && place.empty()) {
          for (std::uint32_t length = 0; length <= list.size(); ++length) place.push_back(length);
        }
        if (!place.empty()) place.push_back(static_cast<std::uint32_t>(list.size()));
      }
    }
  }

  // Where each list that `transaction` read ends in the longest one of its key.
  void place_lists(std::uint32_t transaction) {
    const Transaction& t = out_.transactions[transaction];
    for (std::uint32_t i = t.first_step; i < t.end_step; ++i) {
      Step& step = out_.steps[i];
      if (step.write) continue;
      const Value::Array* list = step.answer->as_array();
      if (list == nullptr || list->empty()) continue;
      const Value::Array& longest = *longest_[step.key];
      if (std::equal(list->begin(), list->end(), longest.begin())) {
        const auto& place = place_[step.key];
        step.length = place.empty() ? static_cast<std::uint32_t>(list->size()) : place[list->size()];
        step.version = out_.lists[step.key][step.length - 1];
        if (!place.empty()) note_repeated(step, *list);
        continue;
      }
      step.list_is_prefix = false;
      note_repeated(step, *list);
      for (const Value& element : *list) {
        step.version = version(step.key, element);
        out_.versions[step.version].seen = true;
      }
      log_.add("incompatible-order", [&] {
        return std::vector<std::string>{cat(out_.key_text(step.key), " was read as ", to_json(*step.answer),
                                            " and as ", to_json(Value(longest)),
                                            ": neither continues the other")};
      });
    }
  }

  void note_repeated(const Step& step, const Value::Array& list) {
    std::vector<std::uint32_t> seen;
    for (const Value& element : list) seen.push_back(version(step.key, element));
    std::sort(seen.begin(), seen.end());
    const auto twice = std::adjacent_find(seen.begin(), seen.end());
    if (twice == seen.end()) return;
    log_.add("duplicate-elements", [&] {
      return std::vector<std::string>{cat(out_.key_text(step.key), " was read as ", to_json(*step.answer),
                                          ", which holds ", out_.version_text(*twice), " more than once")};
    });
  }

  // A register's value that nobody here wrote has a writer all the same.
  void add_writers_outside() {
    for (Version& version : out_.versions) {
      if (version.writer != kNone) continue;
      version.writer = static_cast<std::uint32_t>(out_.transactions.size());
      version.last = true;
      Transaction outside;
      outside.happened = true;
      outside.first_step = static_cast<std::uint32_t>(out_.steps.size());
      out_.steps.push_back({.write = true,
                            .key = version.key,
                            .last_write = 0,
                            .version = static_cast<std::uint32_t>(&version - out_.versions.data())});
      outside.end_step = static_cast<std::uint32_t>(out_.steps.size());
      out_.transactions.push_back(outside);
    }
  }

  void decide_what_happened() {
    for (Transaction& t : out_.transactions) t.happened |= t.completion == Completion::kOk;
    for (const Version& version : out_.versions) {
      if (version.writer == kNone || !version.seen) continue;
      Transaction& writer = out_.transactions[version.writer];
      if (writer.completion == Completion::kInfo) writer.happened = true;
    }
  }

  struct Mark {
    std::uint32_t transaction = kNone, place = 0;
  };

  const History& history_;
  AnomalyLog& log_;
  Transactions out_;
  std::vector<Mark> newest_, last_write_;          // per key, of the newest transaction with it
  reports::HashIndex version_index_;               // into versions
  std::vector<const Value::Array*> longest_;       // per key
  std::vector<std::vector<std::uint32_t>> place_;  // per key with repeated elements: length -> distinct ones
};

}  // namespace

std::string_view to_string(Workload workload) {
  return workload == Workload::kListAppend ? "list-append" : "rw-register";
}

std::string Transactions::key_text(std::uint32_t key) const {
  const std::string* text = keys[key].as_text();
  return text != nullptr ? *text : to_json(keys[key]);
}

std::string Transactions::version_text(std::uint32_t version) const {
  return version == kNone ? "nothing" : to_json(versions[version].value);
}

Result<Transactions> translate(const History& history, AnomalyLog& log) {
  return Translator(history, log).run();
}

}  // namespace lockstep::transactions
