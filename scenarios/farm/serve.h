// What a worker process does: one scenario in, one outcome out.
#pragma once

#include <iosfwd>

namespace lockstep::farm {

// In: a scenario file, or a seed in decimal digits, which stands for the scenario that chaos draws from it.
// Exit code: 0 an outcome was written, 2 the scenario is none.
int serve_one(std::istream& in, std::ostream& out, std::ostream& err);

}  // namespace lockstep::farm
