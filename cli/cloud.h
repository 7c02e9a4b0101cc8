// `lockstep cloud`: what the cloud says to a hub, and hears of it.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>

#include "cli/connect.h"

namespace lockstep::cli {

struct CloudArguments {
  ConnectArguments connect;
  std::string kind = "model";            // model, policy or settings
  std::optional<std::uint64_t> version;  // of `send`: the next one that is free
  std::string file;
  std::string note;
  bool stage = false;  // do not make it active
  bool rules = false;  // none of the kind: the built-in rules
  bool json = false;
  double patience_s = 30;
};

// Exit codes: 0 done; 1 refused by the hub, or no answer in time; 2 bad input.
int run_cloud(const CloudArguments& arguments, std::ostream& out,
              std::ostream& err);  // until it is told to stop
int send_package(const CloudArguments& arguments, std::ostream& out, std::ostream& err);
int activate_package(const CloudArguments& arguments, std::ostream& out, std::ostream& err);
int show_cloud_status(const CloudArguments& arguments, std::ostream& out, std::ostream& err);

}  // namespace lockstep::cli
