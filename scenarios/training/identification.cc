// Spans, then the equations of each kind.
#include "scenarios/training/identification.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>

#include "base/text.h"
#include "edge/devices/physics.h"
#include "edge/devices/tank.h"
#include "scenarios/training/least_squares.h"

namespace lockstep::training {
namespace {

constexpr std::size_t kLeastReadings = 4;  // of a signal in a span: a line needs two
constexpr std::size_t kLeastSpans = 60;
constexpr std::int64_t kStepNs = 10'000'000;  // the grid of the actuators' motion, as the plants'
constexpr std::int64_t kSettled = 5;          // spans after which it does not count where actuators began

// A straight line through the readings of one span.
struct Line {
  double mean = 0;
  double slope = 0;  // per second
};

struct Span {
  std::int64_t number = 0;
  std::vector<Line> signals;
  devices::Inputs inputs{};  // means
};

std::optional<Line> line_of(std::span<const Reading> readings) {
  if (readings.size() < kLeastReadings) return std::nullopt;
  const auto count = static_cast<double>(readings.size());
  double middle = 0, mean = 0;
  for (const Reading& one : readings) {
    middle += static_cast<double>(one.time_ns - readings.front().time_ns) * 1e-9 / count;
    mean += one.value / count;
  }
  double along = 0, around = 0;
  for (const Reading& one : readings) {
    const double time = static_cast<double>(one.time_ns - readings.front().time_ns) * 1e-9 - middle;
    along += time * (one.value - mean);
    around += time * time;
  }
  if (around <= 0) return std::nullopt;
  return Line{mean, along / around};
}

// Cuts a track into spans of one window.
class Cutter {
 public:
  Cutter(const Track& track, const devices::Physics& physics)
      : track_(track),
        physics_(physics),
        length_(physics.info().window.count()),
        next_(track.signals.size()) {}

  std::vector<Span> spans() {
    const auto& actuators = physics_.info().actuators;
    std::vector<std::optional<std::int64_t>> first(actuators.size());
    for (const Move& move : track_.moves)
      if (move.actuator < first.size() && !first[move.actuator]) first[move.actuator] = move.time_ns;
    std::int64_t begin = 0;
    for (const auto& time : first) {
      if (!time) return {};
      begin = std::max(begin, *time);
    }
    std::int64_t end = begin;
    for (const auto& readings : track_.signals)
      if (!readings.empty()) end = std::max(end, readings.back().time_ns);
    for (std::size_t i = 0; i < actuators.size(); ++i) targets_[i] = positions_[i] = actuators[i].low;
    time_ = track_.moves.front().time_ns;
    std::vector<Span> out;
    for (std::int64_t number = 0; begin + (number + 1) * length_ <= end; ++number) {
      std::optional<Span> span = cut(begin + number * length_);
      if (!span || number < kSettled) continue;
      span->number = number;
      out.push_back(std::move(*span));
    }
    return out;
  }

 private:
  std::optional<Span> cut(std::int64_t begin) {
    Span out;
    run_to(begin);
    const std::int64_t end = begin + length_;
    while (time_ < end) {
      const std::int64_t step = std::min(kStepNs, end - time_);
      run_to(time_ + step);
      for (std::size_t i = 0; i < physics_.info().actuators.size(); ++i)
        out.inputs[i] += positions_[i] * static_cast<double>(step) / static_cast<double>(length_);
    }
    bool whole = true;
    for (std::size_t i = 0; i < track_.signals.size(); ++i) {
      const std::optional<Line> line = line_of(readings_of(i, begin, end));
      whole = whole && line;
      out.signals.push_back(line.value_or(Line{}));
    }
    if (!whole) return std::nullopt;
    return out;
  }

  std::span<const Reading> readings_of(std::size_t signal, std::int64_t begin, std::int64_t end) {
    const std::vector<Reading>& all = track_.signals[signal];
    std::size_t& at = next_[signal];
    while (at < all.size() && all[at].time_ns < begin) ++at;
    const std::size_t first = at;
    while (at < all.size() && all[at].time_ns < end) ++at;
    return std::span(all).subspan(first, at - first);
  }

  // Where the actuators are at this time, by their lags.
  void run_to(std::int64_t time) {
    while (time_ < time) {
      for (; next_move_ < track_.moves.size() && track_.moves[next_move_].time_ns <= time_; ++next_move_) {
        const Move& move = track_.moves[next_move_];
        if (move.actuator < targets_.size()) targets_[move.actuator] = move.value;
      }
      const std::int64_t step = std::min(kStepNs, time - time_);
      for (std::size_t i = 0; i < physics_.info().actuators.size(); ++i)
        positions_[i] =
            devices::moved(positions_[i], targets_[i], physics_.lag(i), static_cast<double>(step) * 1e-9);
      time_ += step;
    }
  }

  const Track& track_;
  const devices::Physics& physics_;
  std::int64_t length_;
  std::vector<std::size_t> next_;  // reading of each signal
  std::size_t next_move_ = 0;
  std::int64_t time_ = 0;
  devices::Inputs targets_{}, positions_{};
};

// ---- the tank ---------------------------------------------------------------------------------------------

constexpr double kMiddleLoad = 0.475;  // of what may be drawn from a tank
constexpr double kMiddleAir = 293;     // K
constexpr std::int64_t kNearby = 5;    // spans to either side in which mostly the same is drawn
constexpr double kHeatPerVolume = devices::kWaterDensity * devices::kWaterHeatCapacity;

double root_of(const Span& span) { return std::sqrt(std::max(span.signals[0].mean - 0.01, 1e-4)); }

// What is drawn from the tank is not known, but it seldom changes: what differs from the mean of the spans
// around is of the inlet. And in the long run as much flows in as is drawn, of which the middle is known.
double inflow_per_area(const std::vector<Span>& spans, const devices::TankParameters& nominal) {
  constexpr double kDeviation = 0.0025;        // m/s, of a slope
  constexpr double kDeviationOfMean = 0.0003;  // of the mean of them all, by what is drawn
  std::vector<Equation<2>> equations;
  Equation<2> balance;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    double slope = 0, inlet = 0, root = 0, count = 0;
    const std::size_t from = i - std::min(i, static_cast<std::size_t>(kNearby));
    for (std::size_t k = from; k < spans.size() && spans[k].number <= spans[i].number + kNearby; ++k) {
      if (spans[k].number < spans[i].number - kNearby) continue;
      slope += spans[k].signals[0].slope;
      inlet += spans[k].inputs[0];
      root += root_of(spans[k]);
      ++count;
    }
    equations.push_back({{spans[i].inputs[0] - inlet / count, root / count - root_of(spans[i])},
                         spans[i].signals[0].slope - slope / count});
    const double part = kDeviation / kDeviationOfMean / static_cast<double>(spans.size());
    balance.factors[0] += part * spans[i].inputs[0];
    balance.factors[1] -= part * root_of(spans[i]);
    balance.result += part * spans[i].signals[0].slope;
  }
  equations.push_back(balance);
  const double inflow = nominal.inflow / nominal.area;
  const double outflow = kMiddleLoad * nominal.outflow / nominal.area;
  return most_likely_of_most<2>(equations, {{{inflow, 0.3 * inflow}, {outflow, 0.12 * outflow}}},
                                kDeviation)[0];
}

devices::TankParameters identify_tank(const std::vector<Span>& spans) {
  const devices::TankParameters nominal;
  devices::TankParameters out;
  const double inflow = inflow_per_area(spans, nominal);
  double outflow = 0;
  std::vector<Equation<4>> equations;  // of feed temperature, heater, loss, and the air's part in it
  for (const Span& span : spans) {
    const double temperature = span.signals[1].mean;
    const double flow = inflow * span.inputs[0];
    outflow += (flow - span.signals[0].slope) / root_of(span) / static_cast<double>(spans.size());
    equations.push_back({{flow, span.inputs[1] / kHeatPerVolume, kMiddleAir - temperature, 1},
                         span.signals[1].slope * span.signals[0].mean + flow * temperature});
  }
  const double heater = nominal.efficiency / nominal.area;
  const double loss = nominal.loss / nominal.area / kHeatPerVolume;
  const auto found = most_likely_of_most<4>(
      equations, {{{nominal.feed_temperature, 4}, {heater, 0.3 * heater}, {1.5 * loss, loss}, {0, 4 * loss}}},
      0.06);
  out.inflow = inflow * nominal.area;
  out.outflow = outflow / kMiddleLoad * nominal.area;
  out.feed_temperature = found[0];
  out.efficiency = found[1] * nominal.area;
  out.loss = found[2] * nominal.area * kHeatPerVolume;
  return out;
}

// ---- the motor --------------------------------------------------------------------------------------------

double warmth_of(const Span& span) { return 1 + 0.0039 * (span.signals[1].mean - kMiddleAir); }

// How it turns: per inertia the constant over the resistance, that times the constant, both frictions, one.
std::array<double, 5> identify_torques(const std::vector<Span>& spans, const devices::MotorParameters& of) {
  std::vector<Equation<5>> equations;
  for (const Span& span : spans) {
    const double speed = span.signals[0].mean, worn = 1 + 4 * span.signals[3].mean;
    const double moving = speed / (speed + 1);
    equations.push_back({{span.inputs[0] / warmth_of(span), -speed / warmth_of(span), -speed * worn,
                          -moving * worn, -span.signals[2].mean * moving},
                         span.signals[0].slope});
  }
  const double volt = of.constant / of.resistance / of.inertia;
  const double back = volt * of.constant;
  return most_likely_of_most<5>(equations,
                                {{{volt, 0.35 * volt},
                                  {back, 0.35 * back},
                                  {2 * of.viscous / of.inertia, 1.5 * of.viscous / of.inertia},
                                  {2 * of.dry / of.inertia, 1.5 * of.dry / of.inertia},
                                  {1 / of.inertia, 0.3 / of.inertia}}},
                                2);
}

// Where a minute says little, noise may say less than nothing: no plant has a tenth of what a usual one has.
double at_least_a_tenth(double found, double usual) { return std::max(found, usual / 10); }

devices::MotorParameters identify_motor(const std::vector<Span>& spans) {
  const devices::MotorParameters nominal;
  devices::MotorParameters out;
  const auto [volt, back, viscous, dry, found_load] = identify_torques(spans, nominal);
  const double load = at_least_a_tenth(found_load, 1 / nominal.inertia);
  out.inertia = 1 / load;
  out.constant = back / volt;
  out.resistance = back * load / (volt * volt);
  out.viscous = at_least_a_tenth(viscous / load, nominal.viscous);
  out.dry = at_least_a_tenth(dry / load, nominal.dry);
  std::vector<Equation<2>> equations;  // of what the winding gives away per kelvin, and the air's part in it
  double wear = 0;
  for (const Span& span : spans) {
    const double resistance = out.resistance * warmth_of(span);
    const double current = (span.inputs[0] - out.constant * span.signals[0].mean) / resistance;
    equations.push_back({{kMiddleAir - span.signals[1].mean, 1},
                         out.heat_capacity * span.signals[1].slope - resistance * current * current});
    wear += span.signals[3].mean / static_cast<double>(spans.size());
  }
  const double cooling = 1 / nominal.thermal_resistance;
  const auto found = most_likely<2>(equations, {{{cooling, 0.3 * cooling}, {5 * cooling, 8 * cooling}}}, 50);
  out.thermal_resistance = 1 / at_least_a_tenth(found[0], cooling);
  out.wear = std::max(wear, 0.01);
  return out;
}

}  // namespace

Result<Identified> identify(const Track& track) {
  LOCKSTEP_TRY(nominal, devices::drawn_parameters(track.kind, 0, 0));
  const auto physics = devices::make_physics(nominal, "", 0);
  if (track.signals.size() != physics->info().signals.size())
    return fail(ErrorCode::kInvalidArgument,
                cat("expected ", physics->info().signals.size(), " signals of a ", track.kind, ", found ",
                    track.signals.size()));
  const std::vector<Span> spans = Cutter(track, *physics).spans();
  if (spans.size() < kLeastSpans)
    return fail(ErrorCode::kUnavailable, cat("expected at least ", kLeastSpans, " windows with at least ", kLeastReadings,
                                             " readings of every signal after the first commands, found ",
                                             spans.size()));
  const devices::Parameters found = track.kind == "tank" ? devices::Parameters(identify_tank(spans))
                                                         : devices::Parameters(identify_motor(spans));
  const auto plausible = devices::parameters_of(track.kind, devices::numbers_of(found));
  if (!plausible) return fail(ErrorCode::kUnavailable, plausible.error().message);
  return Identified{found, spans.size()};
}

}  // namespace lockstep::training
