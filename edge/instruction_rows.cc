// Coding of instructions, and reading all of them at the start.
#include "edge/instruction_rows.h"

#include "base/text.h"
#include "edge/trees.h"

namespace lockstep::edge {
namespace {

Result<InstructionRow> decode(std::uint64_t id, BytesView value) {
  const auto broken = [&](std::string_view what) {
    return fail(ErrorCode::kCorrupt, cat("expected ", what, " in the row of instruction ", id));
  };
  ByteReader in(value);
  InstructionRow row;
  LOCKSTEP_TRY(state, in.u8());
  LOCKSTEP_TRY(attempts, in.varint());
  LOCKSTEP_TRY(instruction, in.sized());
  LOCKSTEP_TRY(result, in.sized());
  if (state < 1 || state > 4 || !in.at_end()) return broken("a state from 1 to 4");
  row.state = static_cast<InstructionState>(state);
  row.attempts = attempts;
  if (!row.instruction.ParseFromArray(instruction.data(), static_cast<int>(instruction.size())))
    return broken("an instruction");
  if (!row.result.ParseFromArray(result.data(), static_cast<int>(result.size()))) return broken("a result");
  return row;
}

}  // namespace

Bytes instruction_key(std::uint64_t id) {
  Bytes key;
  ByteWriter(key).ordered_u64(id);
  return key;
}

Bytes encode_instruction(const InstructionRow& row) {
  Bytes value;
  ByteWriter out(value);
  out.u8(static_cast<std::uint8_t>(row.state)).varint(row.attempts);
  // Of what is settled nobody will ask more than the number.
  const bool is_settled = row.state == InstructionState::kSettled;
  out.sized(is_settled ? Bytes() : row.instruction.SerializeAsString());
  out.sized(is_settled ? Bytes() : row.result.SerializeAsString());
  return value;
}

void put_floor(std::uint64_t floor, Commit& commit) {
  Bytes value;
  ByteWriter(value).varint(floor);
  commit.changes.put(kInstructionTree, instruction_key(0), value);
}

Result<ExecutionContents> Executions::restore(kv::Store& store) {
  ExecutionContents contents;
  LOCKSTEP_TRY_STATUS(for_each_row(store, kInstructionTree, [&](BytesView key, BytesView value) -> Status {
    LOCKSTEP_TRY(id, ByteReader(key).ordered_u64());
    if (id == 0) {
      LOCKSTEP_TRY(floor, ByteReader(value).varint());
      contents.floor = floor;
      return {};
    }
    LOCKSTEP_TRY(row, decode(id, value));
    contents.rows.emplace(id, std::move(row));
    return {};
  }));
  return contents;
}

}  // namespace lockstep::edge
