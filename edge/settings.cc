// Reading settings, one key after another.
#include "edge/settings.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/text.h"

namespace lockstep::edge {
namespace {

constexpr std::int64_t kMostPeriod = 3'600'000;
constexpr std::int64_t kLeastSilence = 1'000;
constexpr std::int64_t kMostSilence = 86'400'000;

struct Name {
  BytesView first, second, third;  // empty: not there
};

Name split(BytesView key) {
  const auto take = [&key] {
    const std::size_t end = std::min(key.find('/'), key.size());
    const BytesView part = key.substr(0, end);
    key.remove_prefix(std::min(end + 1, key.size()));
    return part;
  };
  Name name;
  name.first = take();
  name.second = take();
  name.third = key;
  return name;
}

// The whole of the text as a number.
template <class T>
std::optional<T> number(BytesView text) {
  T value{};
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Duration> span_of_time(BytesView text, std::int64_t least, std::int64_t most) {
  const auto value = number<std::int64_t>(text);
  if (!value || *value < least || *value > most) return std::nullopt;
  return std::chrono::milliseconds(*value);
}

}  // namespace

std::string Settings::take(BytesView key, BytesView value, const Description& description) {
  const Name name = split(key);
  const bool is_ours = name.first == "sampling" || name.first == "fallback";
  if (!is_ours) return {};
  if (name.first == "fallback" && name.second == "after_ms" && name.third.empty()) {
    fallback_after = span_of_time(value, kLeastSilence, kMostSilence);
    if (!fallback_after)
      return cat("expected '", key, "' from ", kLeastSilence, " to ", kMostSilence, ", found '",
                 value.substr(0, 40), "'");
    return {};
  }
  const auto device = description.find(cat(description.edge(), "/", name.second));
  if (!device) return cat("'", key, "' is about a device that edge '", description.edge(), "' does not have");
  if (name.first == "sampling") {
    if (name.third != "period_ms") return cat("expected 'sampling/<device>/period_ms', found '", key, "'");
    const auto period = span_of_time(value, 1, kMostPeriod);
    if (!period)
      return cat("expected '", key, "' from 1 to ", kMostPeriod, ", found '", value.substr(0, 40), "'");
    sample_period[*device] = *period;
    return {};
  }
  const auto& actuators = description.devices()[*device].actuators;
  const auto actuator =
      std::find_if(actuators.begin(), actuators.end(),
                   [&](const devices::ActuatorInfo& one) { return one.name == name.third; });
  if (actuator == actuators.end()) return cat("'", key, "' is about an actuator that does not exist");
  const auto set_point = number<double>(value);
  if (!set_point || !(*set_point >= actuator->low && *set_point <= actuator->high))
    return cat("expected '", key, "' from ", actuator->low, " to ", actuator->high, ", found '",
               value.substr(0, 40), "'");
  fallback.push_back({*device, actuator->name, *set_point});
  return {};
}

}  // namespace lockstep::edge
