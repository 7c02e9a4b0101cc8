// Readers of text: files that people write, and lines that tools send.
#include "base/check.h"
#include "config/parse_node.h"
#include "net/faults/orders.h"
#include "scenarios/parse_scenario.h"
#include "tests/fuzz/targets.h"

namespace lockstep::fuzz {

void scenario(BytesView input) {
  const auto variants = scenarios::parse_scenario(input);
  CHECK(variants ? !variants->empty() : !variants.error().empty(), "neither a variant nor a problem");
}

void node_config(BytesView input) {
  (void)config::parse_node(input);
  (void)config::parse_tokens(input);
}

void fault_orders(BytesView input) {
  if (const auto orders = faults::parse_orders(input)) {
    const auto again = faults::parse_orders(faults::to_line(*orders));
    CHECK(again && *again == *orders, "other orders: ", faults::to_line(*orders));
  }
  if (const auto note = faults::parse_note(input)) {
    const auto again = faults::parse_note(faults::to_line(*note));
    CHECK(again && *again == *note, "another note: ", faults::to_line(*note));
  }
}

}  // namespace lockstep::fuzz
