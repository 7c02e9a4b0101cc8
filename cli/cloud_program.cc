// One host on one loop.
#include "cli/cloud_program.h"

#include <google/protobuf/stubs/logging.h>

#include <csignal>

#include "base/text.h"

namespace lockstep::cli {

Result<std::unique_ptr<CloudProgram>> CloudProgram::open(const ConnectArguments& connect, NodeId number,
                                                         net::Log log) {
  std::unique_ptr<CloudProgram> out(new CloudProgram());
  google::protobuf::SetLogHandler(nullptr);  // bytes of strangers that do not parse are no news
  if (!connect.options.tls.authority.empty()) {
    LOCKSTEP_TRY(security, net::TlsSecurity::create(connect.options.tls, {}));
    out->security_ = std::move(security);
  }
  LOCKSTEP_TRY(hub, find_hub(connect, out->security_.get()));
  out->hub_ = std::move(hub);
  net::HostOptions options = field_options(out->hub_, number, connect.options, out->security_.get());
  options.log = std::move(log);
  out->host_ = std::make_unique<net::Host>(out->loop_, std::move(options), [&](const env::Env& env) {
    cloud::CloudConfig config;
    config.hubs = out->hub_.ids();
    auto process = std::make_unique<cloud::CloudProcess>(env, std::move(config));
    out->process_ = process.get();
    return process;
  });
  out->host_->start();
  return out;
}

CloudProgram::~CloudProgram() = default;

std::optional<wire::PackageStatus> CloudProgram::dispatch(cloud::Dispatch what, Duration patience) {
  std::optional<wire::PackageStatus> answer;
  process_->on_settled([&](const cloud::Dispatch&, const wire::PackageStatus& status) { answer = status; });
  host_->turn([&] { process_->dispatch(std::move(what)); });
  loop_.run_until([&] { return answer.has_value(); }, patience);
  process_->on_settled({});
  return answer;
}

std::optional<wire::StatusReport> CloudProgram::report(Duration patience) {
  loop_.run_until([&] { return process_->report().has_value(); }, patience);
  return process_->report();
}

// `look` lives as long as the loop runs.
void CloudProgram::look_each_second(const std::function<void()>& look) {
  loop_.after(std::chrono::seconds(1), [this, &look] {
    look();
    look_each_second(look);
  });
}

void CloudProgram::run(const std::function<void(const wire::StatusReport&)>& show,
                       const std::function<void()>& look) {
  net::asio::signal_set signals(loop_.context(), SIGTERM, SIGINT);
  std::signal(SIGPIPE, SIG_IGN);
  signals.async_wait([this](const net::IoError& error, int) {
    if (!error) loop_.stop();
  });
  process_->on_report(show);
  look_each_second(look);
  loop_.run();
  process_->on_report({});
}

std::string CloudProgram::trouble() const {
  std::string out;
  for (const NodeAddress& node : hub_.nodes) {
    const std::string one = host_->transport().dialler().trouble_with(node.id);
    if (!one.empty()) append_text(out, cat(out.empty() ? "" : "; ", one));
  }
  return out;
}

}  // namespace lockstep::cli
