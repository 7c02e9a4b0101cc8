// What the command line says about a node, and the settings that come of it.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>

#include "config/node_settings.h"

namespace lockstep::cli {

struct NodeArguments {
  bool hub = false;    // `lockstep hub`: with a hub, also where the settings have no section of that name
  std::string config;  // a file; "-" is standard input
  bool check = false;  // say what the settings are worth, start nothing
  // The short way, without a file. HTTP is one above the port, gRPC two.
  std::optional<std::uint32_t> port;
  std::string database;  // a path of its own, or inside `data`
  std::string engine;
  std::string data;
  std::string listen;  // a host
  // Beside both.
  bool insecure_listen = false;
  bool allow_faults = false;

  std::string_view command() const { return hub ? "lockstep hub: " : "lockstep node: "; }
};

// Reads the file, and the files that it names. Problems go to `err`, each a line with its place.
std::optional<config::NodeSettings> settings_of(const NodeArguments& arguments, std::ostream& err);

}  // namespace lockstep::cli
