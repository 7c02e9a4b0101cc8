// Sentences instead of conversions.
#include "cli/option_checks.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "base/utf8.h"

namespace lockstep::cli {

CLI::Validator number_between(double least, double most) {
  return CLI::Validator(
      [least, most](const std::string& text) {
        double value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        const bool is_number = error == std::errc() && end == text.data() + text.size();
        if (is_number && value >= least && value <= most) return std::string();
        return cat("expected a number from ", least, " to ", most, ", found ", text);
      },
      cat("NUMBER in [", least, " - ", most, "]"));
}

CLI::Validator line_of_at_most(std::size_t bytes) {
  return CLI::Validator(
      [bytes](const std::string& text) {
        const auto is_control = [](char byte) { return static_cast<unsigned char>(byte) < 0x20 || byte == 0x7F; };
        if (text.size() <= bytes && valid_utf8_prefix(text) == text.size() && std::ranges::none_of(text, is_control))
          return std::string();
        return cat("expected one line of UTF-8 with at most ", bytes, " bytes");
      },
      "");
}

}  // namespace lockstep::cli
