// From an address in a configuration to one that can be dialled.
#pragma once

#include "config/address.h"
#include "net/endpoint.h"

namespace lockstep::cli {

inline net::Endpoint endpoint_of(const config::Address& address) {
  return {.host = address.host, .port = address.port};
}

}  // namespace lockstep::cli
