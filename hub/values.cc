// Values between rows and messages.
#include "hub/values.h"

namespace lockstep::hub {

sql::Value from_wire(const wire::Value& value) {
  switch (value.kind_case()) {
    case wire::Value::kInteger: return value.integer();
    case wire::Value::kReal: return value.real();
    case wire::Value::kText: return value.text();
    case wire::Value::kBlob: return sql::Blob{value.blob()};
    case wire::Value::KIND_NOT_SET: break;
  }
  return std::monostate{};
}

std::vector<sql::Value> from_wire(const wire::Row& row) {
  std::vector<sql::Value> values;
  values.reserve(static_cast<std::size_t>(row.values_size()));
  for (const wire::Value& value : row.values()) values.push_back(from_wire(value));
  return values;
}

BytesView Fields::text(std::size_t column) const {
  const std::string* value = column < values_.size() ? std::get_if<std::string>(&values_[column]) : nullptr;
  return value != nullptr ? BytesView(*value) : BytesView();
}

BytesView Fields::blob(std::size_t column) const {
  const sql::Blob* value = column < values_.size() ? std::get_if<sql::Blob>(&values_[column]) : nullptr;
  return value != nullptr ? BytesView(value->bytes) : BytesView();
}

}  // namespace lockstep::hub
