// What a node's HTTP port says of its surroundings, from the settings.
#pragma once

#include "config/node_settings.h"
#include "net/api/node_report.h"

namespace lockstep::cli {

// `settings.listen.http` is there.
api::HttpSite http_site(const config::NodeSettings& settings);

}  // namespace lockstep::cli
