// From the field's section to command lines and records.
#include "scenarios/real/real_field.h"

#include <utility>

#include "base/text.h"
#include "scenarios/plant_parts.h"
#include "scenarios/real/plant_record.h"

namespace lockstep::real {

using namespace scenarios;

RealField::RealField(const Scenario& scenario, const Roster& roster, std::uint64_t seed,
                     std::string directory)
    : scenario_(scenario),
      roster_(roster),
      seed_(seed),
      directory_(std::move(directory)),
      cast_(scenario, roster, seed, [] { return Duration(); }) {
}  // its edges would ask: here they are processes

std::string RealField::record_of(NodeId edge) const {
  return cat(directory_, '/', Roster::name(edge), ".plants");
}

Status RealField::begin(Instant at) const {
  const Field& field = *scenario_.field;
  for (const NodeId edge : roster_.edges()) {
    PlantRecord record{.began = at, .lasting = field.lasting};
    const auto& plants = cast_.yard().of(edge);
    for (std::size_t place = 0; place < plants.size(); ++place) {
      const devices::DeviceInfo& info = plants[place]->info();
      record.devices.push_back({.kind = info.kind,
                                .name = device_name(field, place),
                                .seed = PlantYard::seed_of(edge, place, seed_),
                                .window = field.window.value_or(info.window)});
    }
    LOCKSTEP_TRY_STATUS(write_plant_record(record_of(edge), record));
  }
  return {};
}

std::vector<std::string> RealField::arguments(NodeId edge, const std::string& hub) const {
  const Field& field = *scenario_.field;
  const auto in = [](Duration duration) { return static_cast<double>(duration.count()) / 1e6; };
  constexpr double kMegabyte = 1 << 20;
  return {"edge",        "--allow-faults",
          "--hub",       hub,
          "--name",      Roster::name(edge),
          "--data",      directory_,
          "--plants",    record_of(edge),
          "--sample-ms", cat(in(field.sample)),
          "--buffer-mb", cat(static_cast<double>(field.buffer.bytes) / kMegabyte),
          "--policy",    field.buffer.when_full == WhenFull::kDropOldest ? "drop-oldest" : "thin"};
}

void RealField::dispatch(std::size_t place, net::Host* cloud) {
  if (cloud == nullptr) return cast_.dispatch(place, false);
  cloud->turn([&] { cast_.dispatch(place, true); });
}

Status RealField::tell_plants(const Note& note) const {
  constexpr Duration kEvery = std::chrono::seconds(1);
  struct Course {
    std::vector<PlantRecord::Command> commands;
    std::size_t done = 0;
  };
  std::map<NodeId, Course> courses;
  for (const NodeId edge : roster_.edges()) {
    LOCKSTEP_TRY(record, read_plant_record(record_of(edge)));
    courses[edge].commands = std::move(record.commands);
  }
  for (Duration at{};; at += kEvery) {
    for (auto& [edge, course] : courses)
      for (; course.done < course.commands.size() && course.commands[course.done].at <= at; ++course.done) {
        const PlantRecord::Command& command = course.commands[course.done];
        devices::Plant& plant = *cast_.yard().of(edge)[command.device];
        plant.advance(command.at);
        LOCKSTEP_TRY_STATUS(plant.actuate(command.actuator, command.value));
      }
    cast_.yard().tell(at, [&](NodeId edge, const env::Event& event) { note(at, edge, event); });
    if (at >= scenario_.field->lasting) return {};
  }
}

}  // namespace lockstep::real
