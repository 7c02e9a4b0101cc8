// The names that scenario files may use: the probes and events of this program.
#pragma once

#include "scenarios/parse_scenario.h"

namespace lockstep::cli {

scenarios::Vocabulary vocabulary();

}  // namespace lockstep::cli
