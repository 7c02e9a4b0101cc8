// Checks as they are made: each is told at once, the verdict at the end.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "cli/table_state.h"

namespace lockstep::cli {

struct Check {
  std::string what;
  bool holds = false;
  std::string found;
  std::string expected;                    // said if it does not hold
  std::vector<RowDifference> differences;  // likewise
};

class CheckList {
 public:
  struct Style {
    bool json = false;  // everything at the end, as one document
    bool colours = false;
  };

  CheckList(std::ostream& out, Style style) : out_(out), style_(style) {}

  void note(Check check);
  void holds(std::string what, std::string found = {}) {
    note({std::move(what), true, std::move(found), {}, {}});
  }
  void fails(std::string what, std::string expected, std::string found) {
    note({std::move(what), false, std::move(found), std::move(expected), {}});
  }
  // Says the verdict; returns whether every check holds.
  bool conclude();

 private:
  std::string verdict_of(const Check& check) const;
  void print(const Check& check);
  void print_document(std::size_t failed);

  std::ostream& out_;
  Style style_;
  std::vector<Check> checks_;
};

}  // namespace lockstep::cli
