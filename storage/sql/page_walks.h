// Sees how far SQLite walks through chains of overflow pages: the work that large rows cause within one
// operation.
#pragma once

namespace lockstep::sql {

// A column that stands behind a large value is found by walking through the pages of that value, one after
// another. How many that are follows from the rows alone: not from what is cached, nor from where the pages
// lie in the file, nor from how entries were grouped. So a statement may be charged for them, and for no
// other pages: how many of those a change takes depends on which pages happen to be free
// (docs/decisions/0081).
//
// Puts itself around SQLite's page cache. Before SQLite is initialised; the lane that is charged is that of
// AllocatesFor.
void install_walk_counter();

}  // namespace lockstep::sql
