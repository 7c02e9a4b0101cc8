// What reads bytes that others wrote, as functions of any bytes at all: none of them may crash.
//
// `./dev fuzz TARGET` feeds them with libFuzzer's inventions; the corpus test feeds what has been found worth
// keeping.
#pragma once

#include <span>
#include <string_view>

#include "base/bytes.h"

namespace lockstep::fuzz {

struct Target {
  std::string_view name;
  void (*run)(BytesView input);
};

std::span<const Target> targets();

void connection(BytesView input);    // a TCP stream in pieces, frames, the handshake
void raft_message(BytesView input);  // a member's messages, up to consensus itself
void request(BytesView input);       // a client's requests, up to a node that answers them
void field_message(BytesView input);  // what hubs send to an edge: control, acknowledgements, settings
void hub_message(BytesView input);    // from edges and the cloud, up to a hub that answers
void http_stream(BytesView input);   // an HTTP connection's bytes in pieces, up to whole requests
void http_json(BytesView input);     // bodies of requests, values there and back
void kv_segment(BytesView input);    // a segment of the store, as recovery finds it
void series_block(BytesView input);  // a block of readings, there and back
void sql_statements(BytesView input);  // entries of one statement each, beside plain SQLite
void scenario(BytesView input);
void history(BytesView input);       // JSON or EDN, there and back
void edn(BytesView input);           // values of EDN
void transactions(BytesView input);  // a history up to the checkers' verdicts
void node_config(BytesView input);
void fault_orders(BytesView input);
void safetensors(BytesView input);  // a model file, up to its self-test
void policy(BytesView input);       // rules and envelope, up to decisions

}  // namespace lockstep::fuzz
