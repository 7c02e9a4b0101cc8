// A log whose lines a test reads: level and words.
#pragma once

#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>

#include <memory>
#include <sstream>
#include <string>

namespace lockstep::tests {

class LogLines {
 public:
  LogLines() { log->set_pattern("%l %v"); }
  // What came since it was last asked.
  std::string take() {
    std::string out = text_.str();
    text_.str({});
    return out;
  }

 private:
  std::ostringstream text_;

 public:
  const std::shared_ptr<spdlog::logger> log =
      std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(text_));
};

}  // namespace lockstep::tests
