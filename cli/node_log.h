// Where a node's remarks for people go: standard error or a file, one line each.
#pragma once

#include <spdlog/logger.h>

#include <memory>

#include "base/result.h"
#include "config/node_settings.h"

namespace lockstep::cli {

Result<std::shared_ptr<spdlog::logger>> open_log(const config::Log& settings);

}  // namespace lockstep::cli
