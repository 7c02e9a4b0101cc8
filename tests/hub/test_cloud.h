// A cloud for stories about packages, and packages for it to send.
#pragma once

#include "hub/cloud/cloud_process.h"
#include "tests/hub/test_hubs.h"

namespace lockstep::tests {

inline constexpr NodeId kSecondCloud{20'002};

// A policy of any size: only a note differs.
inline Bytes policy(std::size_t bytes, char mark = 'x') {
  return cat(R"({"format": "lockstep-policy-1", "note": ")", std::string(bytes, mark),
             R"(", "kinds": [{"kind": "boiler", "rules": [], "envelope": []}]})");
}

// A cloud that sends these packages, with what it has been told.
struct Cloud {
  Cloud(TestHubs& hubs, std::vector<cloud::Dispatch> packages, NodeId self = kSecondCloud) : world(hubs.world()) {
    sim::ProcessOptions options;
    options.factory = [this, &hubs, packages](const env::Env& env) {
      auto process = std::make_unique<cloud::CloudProcess>(
          env, cloud::CloudConfig{.hubs = hubs.members(), .packages = packages});
      process->on_settled([this](const cloud::Dispatch& what, const wire::PackageStatus& status) {
        settled.emplace_back(what.version, status);
      });
      actor = process.get();
      return process;
    };
    world.add_process(self, std::move(options));
    world.start(self);
  }
  sim::World& world;
  cloud::CloudProcess* actor = nullptr;
  std::vector<std::pair<std::uint64_t, wire::PackageStatus>> settled;
};

inline cloud::Dispatch package(std::uint64_t version, Bytes bytes, wire::PackageKind kind = wire::POLICY) {
  return {.kind = kind, .version = version, .bytes = std::move(bytes), .note = cat("no. ", version)};
}

}  // namespace lockstep::tests
