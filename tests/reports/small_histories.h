// Histories of transactions in a few letters: "ax1 rx12" appends 1 to x and reads x as [1,2].
#pragma once

#include <initializer_list>
#include <sstream>
#include <string>
#include <vector>

#include "reports/history.h"

namespace lockstep::transactions {

// "ax1": append; "rx12": read a list, "rx": an empty one; "wx1": write a register; "Rx1": read it, "Rx":
// null. A transaction that begins with ! failed, with ? its outcome is unknown. One digit an element.
struct SmallTransaction {
  std::int64_t process = 0;
  std::string steps;
  std::int64_t log_index = -1;
};

inline reports::Value small_step(const std::string& text, bool answered) {
  using reports::Value;
  const Value key(text.substr(1, 1));
  const auto digit = [](char c) { return Value(c - '0'); };
  switch (text[0]) {
    case 'a': return Value::Array{"append", key, digit(text[2])};
    case 'w': return Value::Array{"w", key, digit(text[2])};
    case 'R': return Value::Array{"r", key, answered && text.size() > 2 ? digit(text[2]) : Value()};
    default: break;
  }
  Value::Array list;
  for (const char c : text.substr(2)) list.push_back(digit(c));
  return Value::Array{"r", key, answered ? Value(std::move(list)) : Value()};
}

inline reports::Value small_steps(const std::string& steps, bool answered) {
  reports::Value::Array array;
  std::istringstream words(steps.find_first_of("!?") == 0 ? steps.substr(1) : steps);
  for (std::string word; words >> word;) array.push_back(small_step(word, answered));
  return array;
}

inline void complete(reports::History& history, std::size_t operation, const SmallTransaction& transaction) {
  using reports::Completion;
  const char mark = transaction.steps[0];
  const Completion completion = mark == '!'   ? Completion::kFail
                                : mark == '?' ? Completion::kInfo
                                              : Completion::kOk;
  history.complete(operation, completion, small_steps(transaction.steps, completion == Completion::kOk));
  if (transaction.log_index >= 0) history.set_log_index(operation, transaction.log_index);
}

// All at the same time, each by a process of its own.
inline reports::History concurrent(std::initializer_list<const char*> transactions) {
  reports::History history;
  std::int64_t process = 0;
  for (const char* steps : transactions) history.invoke(process++, "txn", {}, small_steps(steps, false));
  std::size_t operation = 0;
  for (const char* steps : transactions) complete(history, operation++, {0, steps});
  return history;
}

// One after the other.
inline reports::History one_by_one(const std::vector<SmallTransaction>& transactions) {
  reports::History history;
  for (const SmallTransaction& transaction : transactions)
    complete(history, history.invoke(transaction.process, "txn", {}, small_steps(transaction.steps, false)),
             transaction);
  return history;
}

}  // namespace lockstep::transactions
