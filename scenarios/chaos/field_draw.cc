// Each part has dice of its own, as in draw.cc.
#include "scenarios/chaos/field_draw.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "scenarios/chaos/dice.h"
#include "scenarios/chaos/draw.h"
#include "scenarios/plant_parts.h"

namespace lockstep::chaos {
namespace {

using namespace scenarios;
using std::chrono::milliseconds;

constexpr std::int64_t kMostReadings = 20'000;  // a seed shall not be an hour of sampling
constexpr Duration kLeastWindow = milliseconds(300);  // an instruction expires after two, and has a way to go
constexpr Duration kMostOffset = milliseconds(200);
constexpr std::uint32_t kMostDriftPpm = 200;
constexpr Duration kLateForAMotor = milliseconds(10);  // of a frame or a sync, 99 of 100
constexpr Duration kRareForAMotor = milliseconds(100);
constexpr Duration kFieldConverges = std::chrono::seconds(60);  // an edge may have much to bring

std::int64_t signals_of(DeviceKind kind) {
  return std::ssize(part_names(kind, devices::PlantFault::kSensorDropout));
}

void draw_edges(std::uint64_t seed, Field& field) {
  Dice dice(seed, "chaos.field.edges");
  field.edges = static_cast<std::uint32_t>(dice.between(1, 6));
  field.devices.clear();
  for (std::uint64_t left = dice.one_of({1u, 1u, 2u, 3u}); left > 0; --left)
    field.devices.push_back(dice.one_of({DeviceKind::kTank, DeviceKind::kMotor}));
  field.sample = milliseconds(dice.one_of({20, 50, 100, 100, 200, 500}));
  std::int64_t signals = 0;
  for (const DeviceKind kind : field.devices) signals += signals_of(kind);
  while (field.edges * signals * (field.lasting / field.sample) > kMostReadings) field.sample *= 2;
  if (dice.percent(30)) field.window = std::max(field.sample * dice.one_of({2, 5, 10}), kLeastWindow);
}

void draw_buffer(std::uint64_t seed, Field& field) {
  Dice dice(seed, "chaos.field.buffer");
  field.buffer.bytes = dice.one_of({8u, 16u, 64u, 256u, 4096u, 4096u}) << 10;
  field.buffer.when_full = dice.one_of({WhenFull::kDropOldest, WhenFull::kDownsample});
}

Content draw_badness(Dice& dice, PackageKind kind) {
  if (kind != PackageKind::kModel)
    return dice.one_of({Content::kTruncated, Content::kWrongHash, Content::kNonsense});
  return dice.one_of({Content::kTruncated, Content::kWrongHash, Content::kNonsense, Content::kHugeHeader,
                      Content::kOverlapping, Content::kNotFinite});
}

// In the order of their times: a version is a place in the list, and an older one is refused after a newer
// one.
void draw_dispatches(std::uint64_t seed, Field& field) {
  Dice dice(seed, "chaos.field.dispatch");
  std::vector<Duration> times;
  for (std::uint64_t left = dice.below(8); left > 0; --left) times.push_back(dice.milliseconds(500, 26'000));
  std::ranges::sort(times);
  std::vector<PackageKind> activated;  // as often as it was
  for (const Duration at : times) {
    Dispatch sent{.at = at};
    sent.kind =
        dice.one_of({PackageKind::kModel, PackageKind::kModel, PackageKind::kPolicy, PackageKind::kSettings});
    const bool goes_back = dice.percent(35);
    if (goes_back && !activated.empty()) {
      sent.kind = activated[dice.below(activated.size())];
      sent.rollback = true;
    } else {
      if (dice.percent(30)) sent.content = draw_badness(dice, sent.kind);
      sent.activate = dice.percent(85);
      if (sent.content == Content::kGood && sent.activate) activated.push_back(sent.kind);
    }
    field.dispatch.push_back(sent);
  }
}

// A motor answers within half a second: where its loop is slow it overshoots, and no fault would be to blame
// for that. A tank has time.
bool is_quick_enough_for_motors(const Scenario& scenario) {
  return scenario.network.latency.p99 <= kLateForAMotor && scenario.disk.sync.p99 <= kLateForAMotor &&
         scenario.cluster.consensus.pause_before_commit == Duration() && !scenario.field->window &&
         scenario.field->sample <= kRareForAMotor;
}

}  // namespace

bool has_field(std::uint64_t seed) { return Dice(seed, "chaos.has_field").below(kSeedsPerField) == 0; }

void draw_field(std::uint64_t seed, Scenario& scenario) {
  scenario.system = System::kHub;
  Field& field = scenario.field.emplace();
  field.lasting = kWorkTime;
  draw_edges(seed, field);
  draw_buffer(seed, field);
  draw_dispatches(seed, field);
  if (!is_quick_enough_for_motors(scenario))
    std::ranges::replace(field.devices, DeviceKind::kMotor, DeviceKind::kTank);
  // An edge whose clock is a minute off carries out nothing, and no fault would be to blame for that.
  scenario.clocks.max_offset = std::min(scenario.clocks.max_offset, kMostOffset);
  scenario.clocks.max_drift_ppm = std::min(scenario.clocks.max_drift_ppm, kMostDriftPpm);
  scenario.finally.converge_within = kFieldConverges;
}

}  // namespace lockstep::chaos
