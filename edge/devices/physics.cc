// Runge-Kutta, and the list of kinds.
#include "edge/devices/physics.h"

#include "base/text.h"
#include "edge/devices/motor.h"
#include "edge/devices/tank.h"

namespace lockstep::devices {
namespace {

State along(const State& state, const State& slope, double seconds) {
  State out;
  for (std::size_t i = 0; i < kMostStates; ++i) out[i] = state[i] + slope[i] * seconds;
  return out;
}

}  // namespace

State advanced(const Physics& physics, const State& state, const Inputs& inputs, const Outside& outside,
               double seconds) {
  const State a = physics.slope(state, inputs, outside);
  const State b = physics.slope(along(state, a, seconds / 2), inputs, outside);
  const State c = physics.slope(along(state, b, seconds / 2), inputs, outside);
  const State d = physics.slope(along(state, c, seconds), inputs, outside);
  State mean;
  for (std::size_t i = 0; i < kMostStates; ++i) mean[i] = (a[i] + 2 * b[i] + 2 * c[i] + d[i]) / 6;
  return physics.inside_walls(along(state, mean, seconds));
}

Result<Parameters> drawn_parameters(std::string_view kind, std::uint64_t seed, double drift) {
  if (!(drift >= 0 && drift <= 1))
    return fail(ErrorCode::kInvalidArgument,
                cat("expected a drift from 0 (nominal) to 1 (worn), found ", drift));
  if (kind == "tank") return Tank::drawn(seed, drift);
  if (kind == "motor") return Motor::drawn(seed, drift);
  return fail(ErrorCode::kNotFound, cat("no plant of the kind \"", kind, "\"; there are: tank, motor"));
}

std::unique_ptr<Physics> make_physics(const Parameters& parameters, std::string name, std::uint64_t seed) {
  if (const auto* tank = std::get_if<TankParameters>(&parameters))
    return std::make_unique<Tank>(std::move(name), seed, *tank);
  return std::make_unique<Motor>(std::move(name), seed, std::get<MotorParameters>(parameters));
}

}  // namespace lockstep::devices
