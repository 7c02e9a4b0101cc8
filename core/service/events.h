// Trace events of the service layer.
#pragma once

#include "base/env/trace.h"

namespace lockstep::service {

// A prepared transaction is as durable as its mode asks; the commit follows. strong: 1 or 0.
inline constexpr env::EventType kTransactionDurable{250, "transaction_durable", {"transaction", "strong"}};
// This node answered a client. status: core/proto/client.proto, ReplyStatus.
inline constexpr env::EventType kReplied{251, "replied", {"client", "call", "status"}};
// A request reached this node. what: the field number of Request.what; level: of a query, ReadLevel.
inline constexpr env::EventType kRequested{252, "requested", {"client", "call", "what", "level"}};
// A strong write that some voter did not have durable in time: its leader proposes to abort it.
inline constexpr env::EventType kTransactionGivenUp{253, "transaction_given_up", {"transaction"}};

}  // namespace lockstep::service
