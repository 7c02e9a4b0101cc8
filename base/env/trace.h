// Port: what a process did, told as typed events. No effect on behaviour; the fingerprint of a run is their hash.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "base/ids.h"
#include "base/check.h"

namespace lockstep::env {

inline constexpr std::size_t kMaxEventFields = 6;

// A kind of event: a stable number (it is hashed), a name and its fields' names (they are printed).
// Each layer declares its own in one header (core/replica/events.h, sim/events.h, ...); numbers are
// unique over the program: 1-99 host, 200-299 replica (with consensus) and service, 300-399 sql,
// 400-499 kv, 500-599 client and workload, 600-699 hub and cloud,
// 700-799 edge and devices.
struct EventType {
  std::uint16_t number;
  std::string_view name;
  std::array<std::string_view, kMaxEventFields> fields;  // empty names past the last

  constexpr std::size_t field_count() const {
    std::size_t count = 0;
    while (count < kMaxEventFields && !fields[count].empty()) ++count;
    return count;
  }
};

// One event, without time and place: the host adds its own order, time, node and incarnation.
struct Event {
  const EventType* type;
  std::array<std::uint64_t, kMaxEventFields> fields{};
  std::string_view text;  // valid during the call only; often empty

  Event(const EventType& event_type, std::initializer_list<std::uint64_t> values,
        std::string_view event_text = {})
      : type(&event_type), text(event_text) {
    CHECK(values.size() == event_type.field_count(), "event ", event_type.name);
    std::size_t at = 0;
    for (const std::uint64_t value : values) fields[at++] = value;
  }
};

class Trace {
 public:
  virtual ~Trace() = default;
  // False: nobody will look at events of this type, so they need not be made.
  virtual bool wants(const EventType&) const { return true; }
  // On the actor or on a lane. Order within one process is the order of the calls.
  virtual void emit(const Event& event) = 0;
};

}  // namespace lockstep::env
