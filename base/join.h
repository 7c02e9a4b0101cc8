// Lists in sentences: "n1, n2, n3".
#pragma once

#include <functional>
#include <string>

#include "base/text.h"

namespace lockstep {

// `text`: what of an element stands in the list; none: the element itself.
template <class List, class Text = std::identity>
std::string joined(const List& list, const Text& text = {}) {
  std::string out;
  bool is_first = true;
  for (const auto& element : list) {
    append_text(out, is_first ? "" : ", ");
    append_text(out, std::invoke(text, element));
    is_first = false;
  }
  return out;
}

}  // namespace lockstep
