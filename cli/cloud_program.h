// The cloud's process in the real world: its host, and a way to wait for what the hub answers.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "cli/field_party.h"
#include "hub/cloud/cloud_process.h"
#include "net/host.h"

namespace lockstep::cli {

class CloudProgram {
 public:
  // `number`: under which the hub knows it.
  static Result<std::unique_ptr<CloudProgram>> open(const ConnectArguments& connect, NodeId number,
                                                    net::Log log = {});
  ~CloudProgram();

  const HubAddresses& hub() const { return hub_; }
  // What the hub answers in the end; nothing: no answer in time.
  std::optional<wire::PackageStatus> dispatch(cloud::Dispatch what, Duration patience);
  std::optional<wire::StatusReport> report(Duration patience);
  // Until a signal comes; every report is shown, and `look` is called each second.
  void run(const std::function<void(const wire::StatusReport&)>& show, const std::function<void()>& look);
  // None: no node that leads is heard.
  NodeId leader() const { return process_->leader(); }
  // Why no node is reached; empty if one is.
  std::string trouble() const;

 private:
  CloudProgram() = default;
  void look_each_second(const std::function<void()>& look);

  net::EventLoop loop_;
  std::unique_ptr<net::TlsSecurity> security_;
  HubAddresses hub_;
  std::unique_ptr<net::Host> host_;
  cloud::CloudProcess* process_ = nullptr;
};

}  // namespace lockstep::cli
