// Checks as they are made: each is told at once, the verdict at the end.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "cli/table_state.h"

namespace lockstep::cli {

// Who does not answer has broken no promise: nothing is known then.
enum class Finding : std::uint8_t { kHolds, kFails, kUnknown };

struct Check {
  std::string what;
  Finding finding = Finding::kFails;
  std::string found;
  std::string expected;                    // said unless it holds
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
    note({std::move(what), Finding::kHolds, std::move(found), {}, {}});
  }
  void fails(std::string what, std::string expected, std::string found) {
    note({std::move(what), Finding::kFails, std::move(found), std::move(expected), {}});
  }
  void unknown(std::string what, std::string expected, std::string found) {
    note({std::move(what), Finding::kUnknown, std::move(found), std::move(expected), {}});
  }
  // Says the verdict; returns whether every check holds.
  bool conclude();

 private:
  std::size_t count(Finding finding) const;
  std::string sentence() const;
  std::string verdict_of(const Check& check) const;
  void print(const Check& check);
  void print_document();

  std::ostream& out_;
  Style style_;
  std::vector<Check> checks_;
};

}  // namespace lockstep::cli
