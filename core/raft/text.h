// One line for each input and effect: what stories, logs and failed checks show.
#pragma once

#include <string>

#include "core/raft/core.h"
#include "core/raft/types.h"

namespace lockstep::raft {

std::string to_text(const Entry& entry);      // 5/2 "data"; 5/2 noop
std::string to_text(const Message& message);  // 1->2 t3 append 4/2 [5/3 noop] commit=4 round=0
std::string to_text(const Input& input);
std::string to_text(const View& view);

// One line per effect, in execution order, each with `indent` before it and a line end behind it.
std::string to_text(const Effects& effects, std::string_view indent = "");

}  // namespace lockstep::raft
