// The physics follow the clock whenever somebody looks or acts.
#include "cli/plant_driver.h"

#include <algorithm>
#include <map>

#include "base/hash.h"
#include "base/prng.h"
#include "base/text.h"

namespace lockstep::cli {
namespace {

constexpr Purpose kProbe{"cli.probe"};

devices::DeviceInfo probe_info(std::string name) {
  devices::DeviceInfo out;
  out.name = std::move(name);
  out.kind = "probe";
  out.signals = {
      {.name = "value", .unit = "1", .low = 0, .high = 100, .safe_low = 0, .safe_high = 100, .stream = 1}};
  out.controlled = "value";
  return out;
}

}  // namespace

Result<std::unique_ptr<PlantDriver>> PlantDriver::create(const std::vector<std::string>& kinds,
                                                         std::uint64_t seed, double probe_rate) {
  std::unique_ptr<PlantDriver> out(new PlantDriver(seed, probe_rate));
  std::map<std::string, std::uint64_t> numbers;
  for (const std::string& kind : kinds) {
    const bool alone = std::ranges::count(kinds, kind) == 1;
    const std::uint64_t number = ++numbers[kind];
    LOCKSTEP_TRY_STATUS(out->add(kind, alone ? kind : cat(kind, number)));
  }
  if (out->infos_.empty()) return fail(ErrorCode::kInvalidArgument, "expected devices, such as tank,motor");
  return out;
}

Status PlantDriver::add(const std::string& kind, std::string name) {
  shown_.push_back(0);
  if (kind == "probe") {
    infos_.push_back(probe_info(std::move(name)));
    plants_.emplace_back();
    return {};
  }
  const std::uint64_t seed = hash64(name, seed_);
  auto plant = devices::make_plant(kind, std::move(name), seed);
  if (!plant) return fail(ErrorCode::kInvalidArgument, cat(plant.error().message, "; probe is a third kind"));
  infos_.push_back((*plant)->info());
  plants_.push_back(std::move(*plant));
  return {};
}

void PlantDriver::sample(std::size_t device, std::vector<edge::Sample>& samples) {
  devices::Plant* plant = plants_[device].get();
  if (plant == nullptr) return show_gathered(device, samples);
  plant->advance(running());
  const auto readings = plant->readings();
  for (std::size_t signal = 0; signal < readings.size(); ++signal)
    if (readings[signal]) samples.push_back({.signal = signal, .value = *readings[signal], .ago = {}});
}

// A probe has no actuators, so nothing of it is evidence.
void PlantDriver::look(std::size_t device, std::vector<edge::Sample>& samples) {
  if (plants_[device] != nullptr) sample(device, samples);
}

void PlantDriver::show_gathered(std::size_t probe, std::vector<edge::Sample>& samples) {
  constexpr std::uint64_t kMost = 10'000;  // of a machine that slept
  const Duration now = running();
  const auto gathered = static_cast<std::uint64_t>(std::chrono::duration<double>(now).count() * probe_rate_);
  std::uint64_t& shown = shown_[probe];
  shown = std::max(shown, gathered - std::min(gathered, kMost));
  for (; shown < gathered; ++shown) {
    const Duration at(static_cast<std::int64_t>(static_cast<double>(shown + 1) / probe_rate_ * 1e9));
    const std::uint64_t thousandths = below(draw(seed_, kProbe, probe, shown), 100'000);
    samples.push_back({.signal = 0,
                       .value = static_cast<double>(thousandths) / 1000,
                       .ago = std::max(now - at, Duration())});
  }
}

Status PlantDriver::actuate(std::size_t device, std::string_view actuator, double value) {
  devices::Plant* plant = plants_[device].get();
  if (plant == nullptr) return fail(ErrorCode::kNotFound, cat(infos_[device].name, " has no actuators"));
  plant->advance(running());
  return plant->actuate(actuator, value);
}

}  // namespace lockstep::cli
