// SQL values, statements and results between storage/sql and Protobuf.
#pragma once

#include "core/proto/command.pb.h"
#include "core/proto/sql.pb.h"
#include "storage/sql/value.h"

namespace lockstep::replica {

sql::Statement from_wire(const wire::Statement& statement);
// `out` keeps its memory from call to call.
void from_wire(const google::protobuf::RepeatedPtrField<wire::Statement>& statements, std::vector<sql::Statement>& out);
std::vector<sql::ExpectedVersion> from_wire(const google::protobuf::RepeatedPtrField<wire::TableVersion>& expected);

void to_wire(const sql::Rows& rows, wire::Rows& out);
void to_wire(const sql::BatchResult& result, wire::BatchResult& out);

}  // namespace lockstep::replica
