// What a hub has brought into force, what it does not take, and what of its tables it misses, as lines for
// people.
#pragma once

#include <spdlog/logger.h>

#include <chrono>
#include <memory>
#include <string>

#include "base/env/trace.h"

namespace lockstep::cli {

// Hears the trace of a node with a hub and hands it on.
class HubNews final : public env::Trace {
 public:
  // `next` outlives this; null: nobody else looks.
  HubNews(std::shared_ptr<spdlog::logger> log, env::Trace* next) : log_(std::move(log)), next_(next) {}

  bool wants(const env::EventType& type) const override;
  void emit(const env::Event& event) override;

 private:
  using Moment = std::chrono::steady_clock::time_point;

  void warn(std::string line);
  void tell_of_package(const env::Event& event);
  bool may_tell_of_package();

  std::shared_ptr<spdlog::logger> log_;
  env::Trace* next_;
  std::string said_;  // not again for a while: strangers must not be able to fill the log
  Moment said_at_{};
  // Packages come several at a time, and each counts; a hub without tokens takes them from anybody all the
  // same.
  std::int64_t package_lines_ = 0;
  Moment packages_at_{};
};

}  // namespace lockstep::cli
