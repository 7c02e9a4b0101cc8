// One statement reads everything, so that one log index stands for it.
#include "hub/windows.h"

#include <algorithm>

#include "base/text.h"
#include "hub/policy/tokens.h"
#include "hub/values.h"
#include "storage/series/block.h"

namespace lockstep::hub {
namespace {

// What a row of the query is about; signals count on from the last.
constexpr std::int64_t kActiveVersion = 0;
constexpr std::int64_t kCorrection = 1;
constexpr std::int64_t kLastInstruction = 2;
constexpr std::int64_t kFirstSignal = 3;

struct Newest {
  std::int64_t rowid = 0;  // of its block: blocks are numbered as they came
  std::int64_t time_ns = 0;
  double value = 0;
};

// What came later is newer: an edge's clock may have been set back.
std::pair<std::int64_t, std::int64_t> place_of(const Newest& reading) {
  return {reading.rowid, reading.time_ns};
}

std::vector<double> commands_of(const KnownDevice& device, BytesView body) {
  wire::Instruction instruction;
  if (!instruction.ParseFromArray(body.data(), static_cast<int>(body.size()))) instruction.Clear();
  std::vector<double> commands;
  for (const ActuatorRange& actuator : device.model.actuators) {
    const auto& parameters = instruction.parameters();
    const auto found = std::ranges::find(parameters, actuator.name, &wire::Parameter::name);
    commands.push_back(found == parameters.end() ? actuator.low : found->value().value());
  }
  return commands;
}

class InputsReader {
 public:
  InputsReader(const KnownDevice& device, std::uint64_t window)
      : device_(device),
        window_(window),
        newest_(kWindowSteps, std::vector<std::optional<Newest>>(device.series.size())) {}

  void row(const wire::Row& row, Inputs& inputs) {
    const std::vector<sql::Value> values = from_wire(row);
    const Fields fields(values);
    switch (const std::int64_t kind = fields.integer(0); kind) {
      case kActiveVersion:
        inputs.active[static_cast<wire::PackageKind>(fields.integer(1))] = fields.number(2);
        return;
      case kCorrection: inputs.correction = {fields.real(1), fields.number(2)}; return;
      case kLastInstruction:
        inputs.decided = fields.number(1);
        last_body_ = fields.blob(3);
        return;
      default: block(static_cast<std::size_t>(kind - kFirstSignal), fields.integer(1), fields.blob(3));
    }
  }

  void finish(Inputs& inputs) const {
    inputs.window.last_commands = commands_of(device_, last_body_);
    for (const auto& step : newest_) {
      auto& samples = inputs.window.samples.emplace_back();
      for (const auto& newest : step) samples.push_back(newest ? std::optional(newest->value) : std::nullopt);
    }
  }

 private:
  void block(std::size_t signal, std::int64_t rowid, BytesView packed) {
    const auto points = series::unpack(packed);
    if (!points || signal >= device_.series.size()) return;  // a row of somebody else
    for (const series::Point& point : *points) {
      const std::int64_t number = point.time_ns / device_.window_ns + 1;
      const std::int64_t step =
          number - static_cast<std::int64_t>(window_) + static_cast<std::int64_t>(kWindowSteps) - 1;
      if (step < 0 || step >= static_cast<std::int64_t>(kWindowSteps)) continue;
      std::optional<Newest>& newest = newest_[static_cast<std::size_t>(step)][signal];
      if (!newest || !(place_of(*newest) > std::pair(rowid, point.time_ns)))
        newest = {rowid, point.time_ns, point.value};
    }
  }

  const KnownDevice& device_;
  std::uint64_t window_;
  std::vector<std::vector<std::optional<Newest>>> newest_;
  Bytes last_body_;
};

std::int64_t end_of(const KnownDevice& device, std::uint64_t window) {
  return static_cast<std::int64_t>(window) * device.window_ns;
}

}  // namespace

std::optional<KnownDevice> known_device(BytesView description) {
  KnownDevice known;
  if (!known.described.ParseFromArray(description.data(), static_cast<int>(description.size())))
    return std::nullopt;
  const wire::Device& device = known.described;
  DeviceModel& model = known.model;
  known.window_ns = static_cast<std::int64_t>(device.window_ns());
  model.name = device.name();
  model.kind = device.kind();
  model.set_point = device.set_point();
  model.controlled = static_cast<std::size_t>(device.signals_size());
  for (const wire::Signal& signal : device.signals()) {
    if (signal.name() == device.controlled()) model.controlled = model.signals.size();
    model.signals.push_back(
        {signal.name(), signal.low(), signal.high(), signal.safe_low(), signal.safe_high()});
    known.series.push_back(cat(device.name(), '/', signal.name()));
  }
  for (const wire::Actuator& actuator : device.actuators())
    model.actuators.push_back({actuator.name(), actuator.low(), actuator.high()});
  const bool has_windows = known.window_ns >= kShortestWindowNs && known.window_ns <= kLongestWindowNs;
  if (!has_windows || model.controlled == model.signals.size() || !check_device(model)) return std::nullopt;
  return known;
}

std::uint64_t closed_window(const KnownDevice& device, const std::vector<std::int64_t>& newest_ns) {
  const auto [least, most] = std::ranges::minmax(newest_ns);
  const std::int64_t by_all = least / device.window_ns;
  const std::int64_t by_one = most / device.window_ns - 1;
  return static_cast<std::uint64_t>(std::max<std::int64_t>({by_all, by_one, 0}));
}

wire::Statement inputs_query(const KnownDevice& device, std::uint64_t window) {
  const std::int64_t to = end_of(device, window);
  const std::int64_t from = to - static_cast<std::int64_t>(kWindowSteps) * device.window_ns;
  std::string text =
      cat("SELECT ", kActiveVersion, ", kind, version, NULL FROM hub_active UNION ALL SELECT ", kCorrection,
          ", gain, updates, NULL FROM hub_corrections WHERE device = ?1 UNION ALL SELECT ", kLastInstruction,
          ", window, 0, body FROM (SELECT window, body FROM hub_instructions WHERE device = ?1 "
          "ORDER BY hub_instructions.window DESC LIMIT 1)");
  for (std::size_t i = 0; i < device.series.size(); ++i)
    text += cat(" UNION ALL SELECT ", kFirstSignal + static_cast<std::int64_t>(i),
                ", rowid, 0, points FROM series_blocks WHERE series = ?", 4 + i,
                " AND last_ns >= ?2 AND first_ns < ?3");
  wire::Statement query = statement(text, device.model.name, from, to);
  for (const std::string& series : device.series) set_value(*query.add_parameters(), series);
  return query;
}

Inputs read_inputs(const KnownDevice& device, std::uint64_t window, const wire::QueryReply& reply) {
  Inputs inputs;
  inputs.applied = reply.applied();
  inputs.window.number = window;
  inputs.to_ns = end_of(device, window);
  inputs.from_ns = inputs.to_ns - static_cast<std::int64_t>(kWindowSteps) * device.window_ns;
  InputsReader reader(device, window);
  for (const wire::Row& row : reply.rows().rows()) reader.row(row, inputs);
  reader.finish(inputs);
  return inputs;
}

wire::Statement newest_query(const KnownDevice& device) {
  wire::Statement query;
  std::string text;
  for (std::size_t i = 0; i < device.series.size(); ++i) {
    text += cat(i == 0 ? "" : " UNION ALL ", "SELECT ", i,
                ", max(last_ns) FROM series_blocks WHERE series = ?", i + 1);
    set_value(*query.add_parameters(), device.series[i]);
  }
  query.set_sql(text);
  return query;
}

}  // namespace lockstep::hub
