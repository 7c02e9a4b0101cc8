// SQL as the hub speaks it: statements with parameters, and the fields of rows that came back.
#pragma once

#include <concepts>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "core/proto/client.pb.h"
#include "storage/sql/value.h"

namespace lockstep::hub {

// Bytes that become a blob; text parameters are given as strings.
struct BlobView {
  BytesView bytes;
};

template <std::integral T>
void set_value(wire::Value& out, T value) {
  out.set_integer(
      static_cast<std::int64_t>(value));  // 64 bits as they are: numbers above 2^63 look negative in SQL
}
inline void set_value(wire::Value& out, double value) { out.set_real(value); }
inline void set_value(wire::Value& out, std::string_view value) { out.set_text(value.data(), value.size()); }
inline void set_value(wire::Value& out, BlobView value) {
  out.set_blob(value.bytes.data(), value.bytes.size());
}

// ?1, ?2, ... are the parameters in their order.
template <class... Parameters>
wire::Statement statement(std::string_view text, const Parameters&... parameters) {
  wire::Statement made;
  made.set_sql(text.data(), text.size());
  (set_value(*made.add_parameters(), parameters), ...);
  return made;
}

sql::Value from_wire(const wire::Value& value);
std::vector<sql::Value> from_wire(const wire::Row& row);

// The fields of one row. These are user tables: whoever may write SQL may have put anything there, so a field
// of another type reads as zero or empty.
class Fields {
 public:
  // `values` outlives this.
  explicit Fields(const std::vector<sql::Value>& values) : values_(values) {}
  std::int64_t integer(std::size_t column) const { return get<std::int64_t>(column); }
  std::uint64_t number(std::size_t column) const { return static_cast<std::uint64_t>(integer(column)); }
  double real(std::size_t column) const { return get<double>(column); }
  BytesView text(std::size_t column) const;
  BytesView blob(std::size_t column) const;

 private:
  template <class T>
  T get(std::size_t column) const {
    const T* value = column < values_.size() ? std::get_if<T>(&values_[column]) : nullptr;
    return value != nullptr ? *value : T{};
  }

  const std::vector<sql::Value>& values_;
};

}  // namespace lockstep::hub
