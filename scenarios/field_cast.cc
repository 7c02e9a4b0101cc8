// From the field's section to actors, and from plants to drivers.
#include "scenarios/field_cast.h"

#include <algorithm>

#include "base/hash.h"
#include "base/text.h"
#include "edge/edge_process.h"
#include "scenarios/package_contents.h"

namespace lockstep::scenarios {
namespace {

// To what a rollback at this place goes: the version before the one that is in force there, by what the good
// ones before it have done; or that one, if none was before.
std::uint64_t version_before(const Field& field, std::size_t place) {
  std::vector<std::uint64_t> in_force;
  for (std::size_t earlier = 0; earlier < place; ++earlier) {
    const Dispatch& sent = field.dispatch[earlier];
    if (sent.kind != field.dispatch[place].kind) continue;
    if (sent.rollback) {
      if (in_force.size() > 1) in_force.pop_back();
    } else if (sent.content == Content::kGood && sent.activate) {
      in_force.push_back(name_of(field, sent).version);
    }
  }
  return in_force.size() > 1 ? in_force[in_force.size() - 2] : in_force.empty() ? 0 : in_force.back();
}

edge::FullPolicy full_policy(WhenFull policy) {
  return policy == WhenFull::kDropOldest ? edge::FullPolicy::kDropOldest : edge::FullPolicy::kThin;
}

}  // namespace

// Plants as an edge sees them. Nothing is read after the field's time, so that it can come to rest.
class FieldCast::YardDriver final : public edge::Driver {
 public:
  YardDriver(const std::vector<std::unique_ptr<devices::Plant>>& plants, const Field& field,
             std::function<Duration()> now)
      : plants_(plants), lasting_(field.lasting), now_(std::move(now)) {
    for (const auto& plant : plants_) {
      devices_.push_back(plant->info());
      std::string& name = devices_.back().name;
      name.erase(0, name.find('/') + 1);
      devices_.back().window = field.window.value_or(devices_.back().window);
    }
  }

  const std::vector<devices::DeviceInfo>& devices() const override { return devices_; }

  void sample(std::size_t device, std::vector<edge::Sample>& samples) override {
    const Duration now = now_();
    if (now >= lasting_) return;
    plants_[device]->advance(now);
    const auto readings = plants_[device]->readings();
    for (std::size_t signal = 0; signal < readings.size(); ++signal)
      if (readings[signal]) samples.push_back({.signal = signal, .value = *readings[signal]});
  }

  Status actuate(std::size_t device, std::string_view actuator, double value) override {
    plants_[device]->advance(now_());
    return plants_[device]->actuate(actuator, value);
  }

 private:
  const std::vector<std::unique_ptr<devices::Plant>>& plants_;
  Duration lasting_;
  std::function<Duration()> now_;
  std::vector<devices::DeviceInfo> devices_;
};

FieldCast::FieldCast(const Scenario& scenario, const Roster& roster, std::uint64_t seed,
                     std::function<Duration()> now)
    : scenario_(scenario), hubs_(roster.nodes()), seed_(seed), yard_(*scenario.field, roster, seed) {
  for (const NodeId edge : roster.edges())
    drivers_[edge] = std::make_unique<YardDriver>(yard_.of(edge), *scenario.field, now);
}

FieldCast::~FieldCast() = default;

std::unique_ptr<env::Actor> FieldCast::make(NodeId who, const env::Env& env) {
  return Roster::is_edge(who) ? make_edge(who, env) : make_cloud(env);
}

std::unique_ptr<env::Actor> FieldCast::make_edge(NodeId edge, const env::Env& env) {
  const Field& field = *scenario_.field;
  edge::EdgeConfig config;
  config.name = Roster::name(edge);
  config.link.hubs = hubs_;
  config.sample_period = field.sample;
  config.sensing.buffer.most_bytes = field.buffer.bytes;
  config.sensing.buffer.policy = full_policy(field.buffer.when_full);
  return std::make_unique<edge::EdgeProcess>(env, std::move(config), *drivers_.at(edge));
}

std::unique_ptr<env::Actor> FieldCast::make_cloud(const env::Env& env) {
  cloud::CloudConfig config{.hubs = hubs_};
  for (const std::size_t place : ordered_) config.packages.push_back(order(place));
  auto process = std::make_unique<cloud::CloudProcess>(env, std::move(config));
  cloud_ = process.get();
  cloud_->on_settled([this](const cloud::Dispatch& what, const wire::PackageStatus&) {
    std::erase_if(ordered_, [&](std::size_t place) {
      const bool is_rollback = scenario_.field->dispatch[place].rollback;
      return name(place) == PackageName(what.kind, what.version) && is_rollback == what.bytes.empty();
    });
  });
  return process;
}

PackageName FieldCast::name(std::size_t place) const {
  const Field& field = *scenario_.field;
  const Dispatch& sent = field.dispatch[place];
  if (!sent.rollback) return name_of(field, sent);
  return {static_cast<std::uint64_t>(sent.kind), version_before(field, place)};
}

cloud::Dispatch FieldCast::order(std::size_t place) const {
  const Dispatch& sent = scenario_.field->dispatch[place];
  const auto [kind, version] = name(place);
  cloud::Dispatch order{.kind = static_cast<wire::PackageKind>(kind), .version = version};
  if (sent.rollback) return order;
  order.bytes = package_bytes(sent.kind, sent.content, order.version, seed_);
  order.note = std::string(to_string(sent.content));
  order.activate = sent.activate;
  if (sent.content == Content::kWrongHash) order.hash = hash64(order.bytes) + 1;
  return order;
}

void FieldCast::dispatch(std::size_t place, bool is_alive) {
  ordered_.insert(place);
  if (is_alive) cloud_->dispatch(order(place));
}

}  // namespace lockstep::scenarios
