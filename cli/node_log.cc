// spdlog, with lines that sort by time.
#include "cli/node_log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <filesystem>

#include "base/text.h"
#include "reports/escape.h"

namespace lockstep::cli {
namespace {

// A remark may quote what anybody sent: it stays one line, and no terminal obeys it.
class Harmless : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& remark, const std::tm&, spdlog::memory_buf_t& line) override {
    const std::string text = reports::escaped_terminal({remark.payload.data(), remark.payload.size()});
    line.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<Harmless>(); }
};

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
  auto line = std::make_unique<spdlog::pattern_formatter>();
  line->add_flag<Harmless>('*').set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %*");
  logger->set_formatter(std::move(line));
  logger->set_level(level_of(settings.level));
  logger->flush_on(spdlog::level::info);
  return logger;
}

}  // namespace lockstep::cli
