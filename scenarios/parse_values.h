// The reading of a scenario's quantities from places that the schema has accepted.
#pragma once

#include "json/cursor.h"
#include "scenarios/scenario.h"

namespace lockstep::scenarios {

// As in json/cursor.h, whose templates find these.
void read(const json::Cursor& at, Probability& out);
void read(const json::Cursor& at, Spread& out);
void read(const json::Cursor& at, Rate& out);
void read(const json::Cursor& at, Target& out);
void read(const json::Cursor& at, Targets& out);
void read(const json::Cursor& at, System& out);
void read(const json::Cursor& at, ReadLevel& out);
void read(const json::Cursor& at, Heal& out);

}  // namespace lockstep::scenarios
