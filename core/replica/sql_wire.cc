// Field by field; the only place where the two vocabularies meet.
#include "core/replica/sql_wire.h"

namespace lockstep::replica {
namespace {

void from_wire(const wire::Value& value, sql::Value& out) {
  switch (value.kind_case()) {
    case wire::Value::kInteger: out = value.integer(); return;
    case wire::Value::kReal: out = value.real(); return;
    case wire::Value::kText: out = value.text(); return;
    case wire::Value::kBlob: out = sql::Blob{value.blob()}; return;
    case wire::Value::KIND_NOT_SET: out = std::monostate{}; return;
  }
}

void from_wire(const wire::Statement& statement, sql::Statement& out) {
  out.text = statement.sql();
  out.parameters.resize(static_cast<std::size_t>(statement.parameters_size()));
  auto parameter = out.parameters.begin();
  for (const wire::Value& value : statement.parameters()) from_wire(value, *parameter++);
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
  sql::Statement out;
  from_wire(statement, out);
  return out;
}

void from_wire(const google::protobuf::RepeatedPtrField<wire::Statement>& statements,
               std::vector<sql::Statement>& out) {
  out.resize(static_cast<std::size_t>(statements.size()));
  auto place = out.begin();
  for (const wire::Statement& statement : statements) from_wire(statement, *place++);
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
