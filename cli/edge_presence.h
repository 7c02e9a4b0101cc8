// Which edges a leading hub hears, as lines for people when that changes.
#pragma once

#include <spdlog/logger.h>

#include <memory>

#include "hub/edges.h"

namespace lockstep::cli {

// A look may find a thousand that changed: one line tells of all that changed in the same way.
class EdgePresence {
 public:
  using Edges = hub::Edges::Presences;

  explicit EdgePresence(std::shared_ptr<spdlog::logger> log) : log_(std::move(log)) {}

  // Now and then while the node leads.
  void look(const Edges& edges);
  // It does not lead: whom it heard is forgotten.
  void forget() { known_.clear(); }

 private:
  std::shared_ptr<spdlog::logger> log_;
  Edges known_;
};

}  // namespace lockstep::cli
