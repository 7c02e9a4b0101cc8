// A trace as the page holds it: a few bytes an event, and not more events than a browser handles with ease.
//
// Two passes over the file: the survey learns kinds and sizes, then the packer writes. Layout of the bytes,
// all numbers LEB128: kind · life · order minus the one before minus 1 · time minus the one before · each
// field (zigzag of the difference to the last value of that field in that kind and life; of a wide field: of
// its place in `wide`) · place of the text plus 1, or 0.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "reports/trace.h"

namespace lockstep::page {

// Events of one name with the same fields.
struct Kind {
  std::string name;
  std::vector<std::string> fields;
  std::vector<bool> wide;  // of each field: it has values beyond 2^53, which JavaScript's numbers do not hold
  std::uint64_t total = 0;
  std::uint64_t kept = 0;
};

struct Life {
  std::string node;
  std::uint64_t incarnation = 0;
  bool operator<(const Life& other) const {
    return node != other.node ? node < other.node : incarnation < other.incarnation;
  }
};

struct PackedTrace {
  std::vector<Kind> kinds;
  std::vector<Life> lives;
  std::vector<std::string> texts;
  std::vector<std::uint64_t> wide;  // each value once
  std::uint64_t total = 0;
  std::uint64_t kept = 0;
  std::string bytes;
};

// How much of a trace the page can hold, and what of it must not be missing.
struct Budget {
  std::uint64_t events = 130'000;
  // Orders of events that a verdict names: they stay, and so do their neighbours, as far as the latter are
  // not more than the events above.
  std::vector<std::uint64_t> around;
};

class TraceSurvey {
 public:
  void see(const reports::TraceEvent& event);

 private:
  friend class TracePacker;
  std::vector<Kind> kinds_;
  std::map<std::string, std::size_t> places_;  // by name and fields
  std::uint64_t total_ = 0;
};

// Sees the same events as the survey, in the same order.
class TracePacker {
 public:
  TracePacker(const TraceSurvey& survey, Budget budget);
  void see(const reports::TraceEvent& event);
  PackedTrace finish() { return std::move(out_); }

 private:
  bool keeps(const reports::TraceEvent& event, std::size_t kind);
  std::size_t place_of(const Life& life);
  std::uint64_t coded(std::size_t kind, std::size_t life, std::size_t field, std::uint64_t value);
  std::uint64_t place_of_text(std::string_view text);

  std::map<std::string, std::size_t> places_;
  Budget budget_;
  std::uint64_t neighbours_;          // on both sides of an event that a verdict names
  std::vector<std::uint64_t> steps_;  // of each kind: one in so many stays; 0: none
  std::map<Life, std::size_t> lives_;
  std::map<std::string, std::size_t, std::less<>> texts_;
  std::map<std::uint64_t, std::size_t> wide_;
  std::vector<std::vector<std::vector<std::uint64_t>>> last_;  // by kind, life and field
  std::uint64_t next_order_ = 0;
  std::int64_t last_time_ = 0;
  std::vector<std::uint64_t> seen_;  // of each kind
  PackedTrace out_;
};

}  // namespace lockstep::page
