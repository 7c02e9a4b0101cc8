// A JSON value as histories hold it: small, ordered, compared exactly, and printed as JSON.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace lockstep::reports {

class Value {
 public:
  using Array = std::vector<Value>;
  using Object = std::vector<std::pair<std::string, Value>>;  // in the order of the text

  Value() {}  // null
  // Defined in value.cc: inlined, they make g++ 12 warn of uninitialised members that are never read.
  Value(const Value&);
  Value(Value&&) noexcept;
  Value& operator=(const Value&);
  Value& operator=(Value&&) noexcept;
  ~Value();
  Value(std::int64_t number) : data_(number) {}
  Value(int number) : data_(std::int64_t{number}) {}
  Value(std::string text) : data_(std::move(text)) {}
  Value(const char* text) : data_(std::string(text)) {}
  Value(Array items) : data_(std::move(items)) {}
  static Value boolean(bool value) { return Value(Data(value)); }
  static Value real(double value) { return Value(Data(value)); }
  static Value object(Object members) { return Value(Data(std::move(members))); }

  bool is_null() const { return std::holds_alternative<std::monostate>(data_); }
  // Null pointers where the value is of another kind.
  const std::int64_t* as_integer() const { return std::get_if<std::int64_t>(&data_); }
  const std::string* as_text() const { return std::get_if<std::string>(&data_); }
  const Array* as_array() const { return std::get_if<Array>(&data_); }
  const Object* as_object() const { return std::get_if<Object>(&data_); }

  // Equal only if of the same kind: 1, 1.0 and "1" are three values.
  bool operator==(const Value& other) const { return data_ == other.data_; }
  // Stable across machines: a function of the JSON text.
  std::uint64_t hash() const;

  friend void append_text(std::string& out, const Value& value);

 private:
  using Data = std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object>;
  explicit Value(Data data) : data_(std::move(data)) {}

  Data data_;
};

// Appends `text` as a JSON string: quoted; control characters escaped.
void append_quoted(std::string& out, std::string_view text);
// Compact JSON; bytes that are not UTF-8 are passed on as they are.
void append_text(std::string& out, const Value& value);
std::string to_json(const Value& value);

}  // namespace lockstep::reports
