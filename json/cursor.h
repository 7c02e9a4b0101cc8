// A place in a document that the schema has accepted, and the reading of values from such places.
#pragma once

#include <array>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "json/quantity.h"
#include "json/text.h"

namespace lockstep::json {

// A node with the pointer that leads to it, and where to complain. The document and the list outlive it.
class Cursor {
 public:
  Cursor(const Node& node, Problems& problems, std::string pointer = "")
      : node_(&node), problems_(&problems), pointer_(std::move(pointer)) {}

  const Node& node() const { return *node_; }
  std::string_view text() const { return node_->text; }
  bool has(std::string_view key) const { return node_->find(key) != nullptr; }
  std::optional<Cursor> member(std::string_view key) const {
    const Node* value = node_->find(key);
    if (value == nullptr) return std::nullopt;
    return Cursor(*value, *problems_, pointer_to(pointer_, key));
  }
  // The member, or this place itself if there is none: for problems that concern a default too.
  Cursor nearest(std::string_view key) const { return member(key).value_or(*this); }
  std::vector<Cursor> items() const;

  // Expected something else than the node here.
  void refuse(std::string expected, std::string because = "") const;

 private:
  const Node* node_;
  Problems* problems_;
  std::string pointer_;
};

// Each reads what the schema allows there into its second argument; what no schema can say (too long, not
// exact) is refused, and the argument is then some valid value. Types of other folders have their own, found
// by their argument.
void read(const Cursor& at, Duration& out);  // "300ms", "-2s"; at most kMaxDuration
void read_up_to(const Cursor& at, Duration most, Duration& out);
void read(const Cursor& at, bool& out);
void read(const Cursor& at, std::string& out);

template <std::integral T>
void read(const Cursor& at, T& out) {
  out = static_cast<T>(scaled(at.text(), 0).whole);  // in range: the schema has its bounds
}

template <class Tag>
void read(const Cursor& at, Id<Tag>& out) {
  std::uint64_t number = 0;
  read(at, number);
  out = Id<Tag>(number);
}

template <class T>
void read(const Cursor& at, std::optional<T>& out) {
  read(at, out.emplace());
}

template <class T>
void read(const Cursor& at, std::vector<T>& out) {
  for (const Cursor& item : at.items()) read(item, out.emplace_back());
}

// Leaves the default alone if there is no such member.
template <class T>
void read_member(const Cursor& object, std::string_view key, T& out) {
  if (const auto member = object.member(key)) read(*member, out);
}

// The choice whose to_string() stands here, if one does.
template <class Enum, std::size_t kCount>
void read_choice(const Cursor& at, const std::array<Enum, kCount>& choices, Enum& out) {
  for (const Enum choice : choices) {
    if (to_string(choice) == at.text()) out = choice;
  }
}

// A duration that must be at least `least`; what is refused leaves the default alone, so that nothing else is refused
// because of it.
void read_duration(const Cursor& object, std::string_view key, Duration least, Duration& out);

}  // namespace lockstep::json
