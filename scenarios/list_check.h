// Judges transactions of list appends by what each key's longest list says: sound, linear, and without a
// search.
#pragma once

#include "reports/history.h"
#include "reports/verdict.h"

namespace lockstep::scenarios {

// Of operations of f "txn" with micro-operations ["r",key,list] and ["append",key,element]; elements are
// unique. Each list that was read is a beginning of the longest one of its key, without an element twice or
// one that nobody had appended; what was acknowledged before a transaction began is in the lists that it
// reads; and of another transaction it sees everything or nothing.
reports::Verdict check_lists(const reports::History& history);

}  // namespace lockstep::scenarios
