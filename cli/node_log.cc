// spdlog, with lines that sort by time.
#include "cli/node_log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <filesystem>

#include "base/text.h"

namespace lockstep::cli {
namespace {

spdlog::level::level_enum level_of(config::LogLevel level) {
  switch (level) {
    case config::LogLevel::kTrace: return spdlog::level::trace;
    case config::LogLevel::kDebug: return spdlog::level::debug;
    case config::LogLevel::kInfo: return spdlog::level::info;
    case config::LogLevel::kWarning: return spdlog::level::warn;
    case config::LogLevel::kError: return spdlog::level::err;
    case config::LogLevel::kOff: return spdlog::level::off;
  }
  return spdlog::level::info;
}

Result<spdlog::sink_ptr> sink_of(const std::string& file) {
  if (file.empty()) return std::make_shared<spdlog::sinks::stderr_sink_mt>();
  try {
    return std::make_shared<spdlog::sinks::basic_file_sink_mt>(file);
  } catch (const spdlog::spdlog_ex& error) {  // it has no other way to say so
    return fail(ErrorCode::kIo, cat(file, ": the log cannot be written there: ", error.what()));
  }
}

}  // namespace

Result<std::shared_ptr<spdlog::logger>> open_log(const config::Log& settings) {
  LOCKSTEP_TRY(sink, sink_of(settings.file));
  auto logger = std::make_shared<spdlog::logger>("lockstep", std::move(sink));
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  logger->set_level(level_of(settings.level));
  logger->flush_on(spdlog::level::info);
  return logger;
}

}  // namespace lockstep::cli
