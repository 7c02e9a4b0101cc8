// `lockstep client`: the verification client. It writes and checks what a running cluster promises, from
// outside.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>

#include "cli/connect.h"

namespace lockstep::cli {

struct VerifyArguments {
  ConnectArguments connect;
  std::string scenario = "full";                // or verify-only
  std::string mode = "quorum";                  // or strong
  std::uint32_t pause_before_commit_ms = 0;     // of every write
  std::string record = "lockstep-client.json";  // what a full run leaves for those that only verify
  bool json = false;
  bool colours = false;
};

// Exit codes: 0 every check holds, 1 one does not or something does not answer, 2 bad input.
int run_client(const VerifyArguments& arguments, std::ostream& out, std::ostream& err);

}  // namespace lockstep::cli
