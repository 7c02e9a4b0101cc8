// One query per device, signal and stretch of time: answers stay small.
#include "cli/telemetry.h"

#include <algorithm>
#include <tuple>

#include "base/text.h"
#include "cli/hub_tables.h"
#include "core/proto/control.pb.h"
#include "core/proto/field.pb.h"

namespace lockstep::cli {
namespace {

constexpr Duration kPatience = std::chrono::seconds(30);
constexpr std::int64_t kStretchNs = 120'000'000'000;
constexpr std::int64_t kMostMoves = 1000;  // in one answer
constexpr std::int64_t kDone = wire::InstructionResult::DONE;

class TelemetryReader {
 public:
  TelemetryReader(ClusterClient& client, Duration span) : client_(client), span_(span) {}

  Result<std::vector<wire::Device>> devices() {
    LOCKSTEP_TRY(rows, ask("SELECT description FROM hub_devices ORDER BY device"));
    std::vector<wire::Device> out;
    for (const wire::Row& row : rows.rows())
      if (!out.emplace_back().ParseFromString(row.values(0).blob())) out.pop_back();
    return out;
  }

  Result<training::Track> track(const wire::Device& device) {
    training::Track out{.kind = device.kind(), .signals = {}, .moves = {}};
    std::int64_t begin = 0;
    for (const wire::Signal& signal : device.signals()) {
      const std::string series = cat(device.name(), "/", signal.name());
      LOCKSTEP_TRY(newest, ask("SELECT max(last_ns) FROM series_blocks WHERE series = ?1", series));
      if (newest.rows(0).values(0).has_integer())
        begin = std::max(begin, newest.rows(0).values(0).integer() - span_.count());
    }
    for (const wire::Signal& signal : device.signals()) {
      LOCKSTEP_TRY(readings, readings_of(cat(device.name(), "/", signal.name()), begin));
      out.signals.push_back(std::move(readings));
    }
    LOCKSTEP_TRY(moves, moves_of(device, begin));
    out.moves = std::move(moves);
    return out;
  }

 private:
  static void add(wire::Statement&) {}
  template <class... Rest>
  static void add(wire::Statement& statement, const std::string& text, const Rest&... rest) {
    statement.add_parameters()->set_text(text);
    add(statement, rest...);
  }
  template <class... Rest>
  static void add(wire::Statement& statement, std::int64_t number, const Rest&... rest) {
    statement.add_parameters()->set_integer(number);
    add(statement, rest...);
  }

  template <class... Parameters>
  Result<wire::Rows> ask(std::string_view sql, const Parameters&... parameters) {
    wire::Statement statement = statement_of(sql);
    add(statement, parameters...);
    return ask_hub(client_, std::move(statement), kPatience);
  }

  Result<std::vector<training::Reading>> readings_of(const std::string& series, std::int64_t begin) {
    std::vector<training::Reading> out;
    const std::int64_t end = begin + span_.count() + 1;
    for (std::int64_t from = begin; from < end; from += kStretchNs) {
      LOCKSTEP_TRY(rows, ask("SELECT time_ns, value FROM series_range(?1, ?2, ?3)", series, from,
                             std::min(end, from + kStretchNs)));
      for (const wire::Row& row : rows.rows())
        out.push_back({.time_ns = row.values(0).integer(), .value = row.values(1).real()});
    }
    return out;
  }

  // When the edge says that it carried them out, in the order of that time.
  Result<std::vector<training::Move>> moves_of(const wire::Device& device, std::int64_t begin) {
    std::vector<training::Move> out;
    for (std::int64_t last = 0;;) {
      LOCKSTEP_TRY(rows,
                   ask("SELECT id, body, result FROM hub_instructions WHERE device = ?1 AND id > ?2 AND "
                       "input_to_ns >= ?3 AND outcome = ?4 ORDER BY id LIMIT ?5",
                       device.name(), last, begin, kDone, kMostMoves));
      for (const wire::Row& row : rows.rows()) {
        last = row.values(0).integer();
        append(device, row, out);
      }
      if (rows.rows_size() < kMostMoves) break;
    }
    std::ranges::sort(out, {}, [](const training::Move& move) {
      return std::tuple(move.time_ns, move.actuator, move.value);
    });
    return out;
  }

  static void append(const wire::Device& device, const wire::Row& row, std::vector<training::Move>& out) {
    wire::Instruction instruction;
    wire::InstructionResult result;
    if (!instruction.ParseFromString(row.values(1).blob()) || !result.ParseFromString(row.values(2).blob()))
      return;
    for (const wire::Parameter& parameter : instruction.parameters())
      for (int i = 0; i < device.actuators_size(); ++i)
        if (device.actuators(i).name() == parameter.name())
          out.push_back({.time_ns = result.executed_ns(),
                         .actuator = static_cast<std::size_t>(i),
                         .value = parameter.value().value()});
  }

  ClusterClient& client_;
  Duration span_;
};

}  // namespace

Result<std::vector<DeviceTrack>> read_telemetry(const ConnectArguments& connect_with,
                                                const std::vector<std::string>& kinds, Duration span) {
  LOCKSTEP_TRY(client, connect(connect_with));
  TelemetryReader reader(*client, span);
  LOCKSTEP_TRY(devices, reader.devices());
  std::vector<DeviceTrack> out;
  for (const wire::Device& device : devices) {
    if (std::ranges::find(kinds, device.kind()) == kinds.end()) continue;
    LOCKSTEP_TRY(track, reader.track(device));
    out.push_back({device.name(), std::move(track)});
  }
  if (out.empty()) return fail(ErrorCode::kNotFound, "the hub knows no device of these kinds");
  return out;
}

}  // namespace lockstep::cli
