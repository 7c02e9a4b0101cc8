// What the word before the cursor of a shell may become.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lockstep::cli {

struct Vocabulary {
  struct Command {
    std::string name;                 // ".mode"
    std::vector<std::string> values;  // what may stand behind it, if that is known
    bool takes_table = false;
  };
  std::vector<Command> commands;
  std::vector<std::string> tables;
  std::vector<std::string> columns;
};

struct Completion {
  std::size_t begin = 0;                // of the word that one of them replaces
  std::vector<std::string> candidates;  // sorted, none twice
};

// `line` ends at the cursor. Words of SQL are completed as they were begun, in upper or lower case; an empty
// word has no candidates in SQL.
Completion complete(std::string_view line, const Vocabulary& vocabulary);

// What all of them begin with; at least one.
std::string common_beginning(const std::vector<std::string>& words);

}  // namespace lockstep::cli
