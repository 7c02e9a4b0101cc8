// One package and one question at a time: the hub's leader may change between any two messages.
#include "hub/cloud/cloud_process.h"

#include <algorithm>

#include "hub/events.h"
#include "storage/series/block.h"

namespace lockstep::cloud {
namespace {

constexpr std::chrono::milliseconds kPatience{500};

}  // namespace

CloudProcess::CloudProcess(const env::Env& env, CloudConfig config)
    : env_(env), search_(env_, std::move(config.name), std::move(config.hubs)) {
  for (Dispatch& package : config.packages) dispatch(std::move(package));
}

void CloudProcess::dispatch(Dispatch what) { dispatches_.emplace_back(std::move(what)); }

void CloudProcess::fetch(std::string series, std::int64_t from_ns, std::int64_t to_ns, ThenTelemetry then) {
  fetches_.push_back({std::move(series), from_ns, to_ns, std::move(then)});
  patience_ends_ = Instant{};
}

// ---- messages ----------------------------------------------------------------------------------------

void CloudProcess::on_message(NodeId from, Channel channel, BytesView payload) {
  wire::FieldMessage message;
  if (channel != Channel::kField) return;
  if (!message.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) return;
  if (message.has_welcome() && search_.on_welcome(from, message.welcome())) ask_again();
  search_.heard(from);
  if (message.has_package_status()) on_package_status(message.package_status());
  if (message.has_telemetry_reply()) on_telemetry(message.telemetry_reply());
  if (!message.has_report()) return;
  report_ = message.report();
  env_.trace.emit({hub::kReportReceived, {report_->leader(), report_->applied()}});
  if (reported_) reported_(*report_);
}

void CloudProcess::on_package_status(const wire::PackageStatus& status) {
  env_.trace.emit({hub::kPackageAnswered,
                   {static_cast<std::uint64_t>(status.kind()), status.version(),
                    static_cast<std::uint64_t>(status.state()), status.received()}});
  if (dispatches_.empty()) return;
  DispatchInProgress& current = dispatches_.front();
  if (current.what().kind != status.kind() || current.what().version != status.version()) return;
  current.on_status(status);
  patience_ends_ = env_.clock.monotonic_now() + kPatience;
  if (!current.done()) return;
  const DispatchInProgress ended = std::move(current);
  dispatches_.pop_front();
  if (settled_) settled_(ended.what(), ended.last());
}

void CloudProcess::on_telemetry(const wire::TelemetryReply& reply) {
  if (fetches_.empty() || fetches_.front().series != reply.series()) return;
  Fetch& fetch = fetches_.front();
  const std::size_t before = fetch.blocks.size();
  for (const std::string& block : reply.blocks()) {
    const auto summary = series::summary(block);
    // Each question includes the last reading of the answer before it, and an answer may come twice.
    if (!summary || std::ranges::find(fetch.blocks, block) != fetch.blocks.end()) continue;
    fetch.from_ns = std::max(fetch.from_ns, summary->last_ns);
    fetch.blocks.push_back(block);
  }
  if (fetch.blocks.size() > before) patience_ends_ = Instant{};
  if (reply.more()) return;
  const Fetch ended = std::move(fetch);
  fetches_.pop_front();
  ended.then(ended.blocks);
}

// ---- turns -------------------------------------------------------------------------------------------

void CloudProcess::ask_again() {
  if (!dispatches_.empty()) dispatches_.front().begin_again();
  patience_ends_ = Instant{};
}

void CloudProcess::on_turn_end() {
  const Instant now = env_.clock.monotonic_now();
  search_.act(now);
  if (now >= patience_ends_) {
    ask_again();
    patience_ends_ = now + kPatience;
    ask_telemetry();
  }
  say();
  const bool has_work = !dispatches_.empty() || !fetches_.empty();
  const Instant next = has_work ? std::min(search_.deadline(), patience_ends_) : search_.deadline();
  if (next == alarm_) return;
  alarm_ = next;
  env_.alarm.set(next);
}

void CloudProcess::say() {
  if (search_.leader().is_none() || dispatches_.empty()) return;
  wire::FieldMessage message;
  while (dispatches_.front().next(message)) {
    send(message);
    message.Clear();
  }
}

void CloudProcess::ask_telemetry() {
  if (search_.leader().is_none() || fetches_.empty()) return;
  const Fetch& fetch = fetches_.front();
  wire::FieldMessage message;
  wire::TelemetryRequest& request = *message.mutable_telemetry();
  request.set_series(fetch.series);
  request.set_from_ns(fetch.from_ns);
  request.set_to_ns(fetch.to_ns);
  send(message);
}

void CloudProcess::send(const wire::FieldMessage& message) {
  env_.transport.send(search_.leader(), Channel::kField, message.SerializeAsString());
}

}  // namespace lockstep::cloud
