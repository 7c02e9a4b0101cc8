// `lockstep node`: one node of the database, until it is told to stop.
#pragma once

#include <iosfwd>

#include "cli/node_arguments.h"

namespace lockstep::cli {

// Exit code: 0 stopped in good order, 1 the world refused (a port, a disk, another process), 2 bad input
// (settings that are wrong, a directory that is another node's). The first line on `out` says who this is and
// where it listens.
int run_node(const NodeArguments& arguments, std::ostream& out, std::ostream& err);

}  // namespace lockstep::cli
