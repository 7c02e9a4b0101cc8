// A template with places to be filled, "{{name}}".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/text.h"

namespace lockstep::page {

struct Filling {
  std::string_view name;
  std::string text;
  Filling(std::string_view place, std::string_view what) : name(place), text(what) {}
};

// Each place once, in the order of the fillings; what is filled in is not looked at again.
inline std::string filled(std::string_view text, const std::vector<Filling>& fillings) {
  std::string out;
  for (const Filling& filling : fillings) {
    const std::string place = cat("{{", filling.name, "}}");
    const std::size_t at = text.find(place);
    CHECK(at != text.npos, "the template has no place for ", filling.name);
    out += text.substr(0, at);
    out += filling.text;
    text.remove_prefix(at + place.size());
  }
  out += text;
  return out;
}

}  // namespace lockstep::page
