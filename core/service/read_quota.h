// How many reads wait for their answers, in all and of each client: nobody may fill the queue for everybody.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include "base/ids.h"
#include "base/text.h"

namespace lockstep::service {

class ReadQuota {
 public:
  explicit ReadQuota(std::size_t most) : most_(most) {}

  // Counts a read, or says why it must be asked again later.
  std::optional<std::string> admit(NodeId client) {
    if (waiting_ >= most_) return cat("more than ", most_, " reads are waiting");
    std::size_t& own = by_client_[client];
    const std::size_t share = (most_ + 1) / 2;
    if (own >= share) return cat("more than ", share, " reads of this client are waiting");
    ++own;
    ++waiting_;
    return std::nullopt;
  }

  // One that was admitted has been answered, whatever the answer.
  void answered(NodeId client) {
    --waiting_;
    const auto own = by_client_.find(client);
    if (--own->second == 0) by_client_.erase(own);
  }

 private:
  std::size_t most_;
  std::size_t waiting_ = 0;
  std::map<NodeId, std::size_t> by_client_{};  // no zeros
};

}  // namespace lockstep::service
