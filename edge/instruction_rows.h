// The rows of instructions in the store: docs/format/edge_store.md.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "edge/executions.h"

namespace lockstep::edge {

Bytes instruction_key(std::uint64_t id);
Bytes encode_instruction(const InstructionRow& row);
// The floor is the row of instruction 0, which does not exist.
void put_floor(std::uint64_t floor, Commit& commit);

}  // namespace lockstep::edge
