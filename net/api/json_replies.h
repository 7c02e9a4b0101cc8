// From a node's reply to an HTTP response; docs/api.md says which status means what.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/ids.h"
#include "base/time.h"
#include "core/proto/client.pb.h"
#include "net/api/http_message.h"

namespace lockstep::api {

// Where each member's HTTP port is, if that is known: "http://127.0.0.1:8001".
using HttpOrigins = std::map<NodeId, std::string>;

// The answer, or why there is none. Of a query that was too stale for `max_staleness`: an error too.
HttpResponse respond_to(wire::Request::WhatCase what, const wire::Reply& reply, const HttpOrigins& origins,
                        std::optional<Duration> max_staleness = {});

}  // namespace lockstep::api
