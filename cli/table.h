// Columns of text for terminals: aligned, numbers to the right.
#pragma once

#include <string>
#include <vector>

namespace lockstep::cli {

using TextRow = std::vector<std::string>;

// Characters that are shown, not bytes; wide and combining ones count as one.
std::size_t width_of(std::string_view text);

// A headline, a line of dashes, the rows. A column whose every text looks like a number or is empty stands to
// the right.
std::string to_table(const TextRow& headline, const std::vector<TextRow>& rows);

// Words side by side, in order from left to right.
std::string to_columns(const std::vector<std::string>& words, std::size_t width);

}  // namespace lockstep::cli
