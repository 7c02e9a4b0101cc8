// Field by field; the only place where the two vocabularies meet.
#include "core/replica/sql_wire.h"

namespace lockstep::replica {
namespace {

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

struct ValueWriter {
  wire::Value& out;
  void operator()(std::monostate) const { out.clear_kind(); }
  void operator()(std::int64_t value) const { out.set_integer(value); }
  void operator()(double value) const { out.set_real(value); }
  void operator()(const std::string& value) const { out.set_text(value); }
  void operator()(const sql::Blob& value) const { out.set_blob(value.bytes); }
};

}  // namespace

sql::Statement from_wire(const wire::Statement& statement) {
  sql::Statement out{.text = statement.sql(), .parameters = {}};
  out.parameters.reserve(static_cast<std::size_t>(statement.parameters_size()));
  for (const wire::Value& value : statement.parameters()) out.parameters.push_back(from_wire(value));
  return out;
}

std::vector<sql::Statement> from_wire(const google::protobuf::RepeatedPtrField<wire::Statement>& statements) {
  std::vector<sql::Statement> out;
  out.reserve(static_cast<std::size_t>(statements.size()));
  for (const wire::Statement& statement : statements) out.push_back(from_wire(statement));
  return out;
}

std::vector<sql::ExpectedVersion> from_wire(
    const google::protobuf::RepeatedPtrField<wire::TableVersion>& expected) {
  std::vector<sql::ExpectedVersion> out;
  for (const wire::TableVersion& item : expected) out.push_back({item.table(), item.version()});
  return out;
}

void to_wire(const sql::Rows& rows, wire::Rows& out) {
  for (const std::string& column : rows.columns) out.add_columns(column);
  for (const auto& row : rows.rows) {
    wire::Row& out_row = *out.add_rows();
    for (const sql::Value& value : row) std::visit(ValueWriter{*out_row.add_values()}, value);
  }
}

void to_wire(const sql::BatchResult& result, wire::BatchResult& out) {
  out.set_outcome(static_cast<std::uint32_t>(result.outcome));
  out.set_message(result.message);
  out.set_failed_statement(result.failed_statement);
  for (const sql::StatementResult& statement : result.statements) {
    wire::StatementResult& item = *out.add_statements();
    item.set_changes(statement.changes);
    item.set_last_insert_rowid(statement.last_insert_rowid);
    if (!statement.rows.columns.empty()) to_wire(statement.rows, *item.mutable_rows());
  }
  for (const auto& [table, version] : result.versions) {
    wire::TableVersion& item = *out.add_versions();
    item.set_table(table);
    item.set_version(version);
  }
}

}  // namespace lockstep::replica
