// Structs as lists of their members.
#include "edge/devices/parameters.h"

#include <cmath>

#include "base/text.h"

namespace lockstep::devices {
namespace {

std::vector<double*> members_of(TankParameters& of) {
  return {&of.area, &of.height, &of.inflow, &of.outflow, &of.feed_temperature, &of.loss, &of.efficiency};
}

std::vector<double*> members_of(MotorParameters& of) {
  return {&of.resistance,    &of.constant,           &of.inertia,   &of.viscous, &of.dry,
          &of.heat_capacity, &of.thermal_resistance, &of.wear_rate, &of.wear};
}

std::vector<double*> members_of(Parameters& of) {
  return std::visit([](auto& parameters) { return members_of(parameters); }, of);
}

}  // namespace

std::string_view kind_of(const Parameters& parameters) {
  return std::holds_alternative<TankParameters>(parameters) ? "tank" : "motor";
}

std::vector<double> numbers_of(const Parameters& parameters) {
  Parameters copy = parameters;
  std::vector<double> out;
  for (const double* member : members_of(copy)) out.push_back(*member);
  return out;
}

Result<Parameters> parameters_of(std::string_view kind, std::span<const double> numbers) {
  if (kind != "tank" && kind != "motor")
    return fail(ErrorCode::kNotFound, cat("no plant of the kind \"", kind, "\"; there are: tank, motor"));
  Parameters out = kind == "tank" ? Parameters(TankParameters{}) : Parameters(MotorParameters{});
  const std::vector<double*> members = members_of(out);
  if (numbers.size() != members.size())
    return fail(ErrorCode::kInvalidArgument,
                cat("expected ", members.size(), " numbers of a ", kind, ", found ", numbers.size()));
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (!std::isfinite(numbers[i]) || numbers[i] <= 0)
      return fail(ErrorCode::kInvalidArgument,
                  cat("expected numbers of a ", kind, " above 0, found ", numbers[i], " at place ", i));
    *members[i] = numbers[i];
  }
  return out;
}

}  // namespace lockstep::devices
