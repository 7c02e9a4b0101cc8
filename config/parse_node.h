// From the text of a configuration file to a node's settings, or to every problem in it with its place.
#pragma once

#include <expected>
#include <string_view>
#include <vector>

#include "config/node_settings.h"
#include "json/problem.h"

namespace lockstep::config {

// Relative paths in it begin at `directory` (the file's own; empty: they stay as they are). Any bytes at all
// may come in; problems are in the order of the text.
std::expected<NodeSettings, json::Problems> parse_node(std::string_view text,
                                                       std::string_view directory = {});

// A file of tokens: what an array under "tokens" holds.
std::expected<std::vector<Token>, json::Problems> parse_tokens(std::string_view text);

// A configuration file that stands for these settings, with every default written out.
std::string to_json_text(const NodeSettings& settings);

// The published JSON Schema (config/schema/node.schema.json), as it was when this program was built.
std::string_view node_schema_text();

}  // namespace lockstep::config
