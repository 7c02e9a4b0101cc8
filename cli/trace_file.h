// A run's trace as JSON lines: one event a line, with its order, time, process and named fields.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "cli/files.h"
#include "scenarios/stage.h"

namespace lockstep::cli {

// Appends {"order":…,"time":…,"node":"n1","incarnation":…,"event":"role_changed","term":…,…} and a line end.
// Format: docs/format/trace.md.
void append_event(std::string& out, const scenarios::Observation& observation);

// Collects the events [first, end) as text.
class TraceText final : public scenarios::Observer {
 public:
  explicit TraceText(std::uint64_t first = 0, std::uint64_t end = ~0ull) : first_(first), end_(end) {}
  const std::string& text() const { return text_; }

 private:
  void on_event(const scenarios::Observation& observation) override;

  std::uint64_t first_;
  std::uint64_t end_;
  std::string text_;
};

// Writes every event to a file, which has its name only when it is whole. Memory stays bounded.
class TraceFile final : public scenarios::Observer {
 public:
  explicit TraceFile(std::filesystem::path path) : file_(std::move(path)) {}
  Status finish();

 private:
  void on_event(const scenarios::Observation& observation) override;

  WholeFile file_;
  std::string waiting_;
};

}  // namespace lockstep::cli
