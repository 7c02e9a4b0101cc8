// The cloud as a process: sends packages to the hub, hears its reports, asks for telemetry.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/env/actor.h"
#include "hub/cloud/dispatch.h"
#include "hub/cloud/leader_search.h"

namespace lockstep::cloud {

struct CloudConfig {
  std::string name = "cloud";
  std::vector<NodeId> hubs;
  // One after another, in this order. Nothing is remembered over a restart: the hub knows what it has.
  std::vector<Dispatch> packages{};
};

class CloudProcess final : public env::Actor {
 public:
  using Settled = std::function<void(const Dispatch&, const wire::PackageStatus&)>;
  using Reported = std::function<void(const wire::StatusReport&)>;
  // Blocks of the series, as storage/series packs them, in order of time.
  using ThenTelemetry = std::function<void(const std::vector<Bytes>& blocks)>;

  CloudProcess(const env::Env& env, CloudConfig config);

  // On the actor's thread, at any time.
  void dispatch(Dispatch what);
  // From and to in Unix time, both included.
  void fetch(std::string series, std::int64_t from_ns, std::int64_t to_ns, ThenTelemetry then);
  // Called when a package is active, staged as ordered, or refused; and for every report.
  void on_settled(Settled settled) { settled_ = std::move(settled); }
  void on_report(Reported reported) { reported_ = std::move(reported); }

  const std::optional<wire::StatusReport>& report() const { return report_; }
  std::size_t waiting() const { return dispatches_.size(); }
  NodeId leader() const { return search_.leader(); }

  void start() override {}
  void on_message(NodeId from, Channel channel, BytesView payload) override;
  void on_alarm() override { alarm_ = kNever; }
  void on_job_done(std::unique_ptr<env::Job>) override {}
  void on_turn_end() override;

 private:
  struct Fetch {
    std::string series;
    std::int64_t from_ns;
    std::int64_t to_ns;
    ThenTelemetry then;
    std::vector<Bytes> blocks{};
  };

  void on_package_status(const wire::PackageStatus& status);
  void on_telemetry(const wire::TelemetryReply& reply);
  void ask_again();
  void say();
  void ask_telemetry();
  void send(const wire::FieldMessage& message);

  env::Env env_;
  LeaderSearch search_;
  std::deque<DispatchInProgress> dispatches_;
  std::deque<Fetch> fetches_;
  std::optional<wire::StatusReport> report_;
  Settled settled_;
  Reported reported_;
  Instant patience_ends_{};  // then what was said is said again
  Instant alarm_ = kNever;
};

}  // namespace lockstep::cloud
