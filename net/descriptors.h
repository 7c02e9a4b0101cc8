// How many files and sockets this process may have open, and that sockets do not use up the files' share.
#pragma once

#include <cstddef>

namespace lockstep::net {

// Raises the limit to what the system allows; once, at the begin of a program that serves.
void raise_descriptor_limit();

// The limit now, less what a database needs for its own files and for connections between members: strangers
// who take all of these still let it write.
std::size_t descriptors_for_clients();

}  // namespace lockstep::net
