// The plants of an edge as a file: which there are, since when, and what they were told. So they outlive the
// process that watches them.
//
// A plant's state depends on its seed, the commands and their times alone (edge/devices/plant.h): whoever
// reads the file has the plant. Layout: docs/format/plants.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "edge/driver.h"
#include "net/system_clock.h"

namespace lockstep::real {

struct PlantRecord {
  struct Device {
    std::string kind;  // edge/devices/plant.h
    std::string name;  // without the edge's own
    std::uint64_t seed = 0;
    Duration window{};
    bool operator==(const Device&) const = default;
  };
  struct Command {
    Duration at{};  // since the plants began
    std::size_t device = 0;
    std::string actuator;
    double value = 0;
    bool operator==(const Command&) const = default;
  };
  Instant began{};     // CLOCK_MONOTONIC of the machine
  Duration lasting{};  // their sensors show nothing from then on, since they began
  std::vector<Device> devices{};
  std::vector<Command> commands{};  // that the plants took, in the order of their times
  bool operator==(const PlantRecord&) const = default;
};

// Replaces the file.
Status write_plant_record(const std::string& path, const PlantRecord& record);
// A last line without its end is one that a process has died over: it counts as never written.
Result<PlantRecord> read_plant_record(const std::string& path);

// What an edge has of such plants: they stand where time and earlier lives have brought them. A command is
// added to the file as soon as the plant has taken it.
class RecordedPlants final : public edge::Driver {
 public:
  static Result<std::unique_ptr<RecordedPlants>> open(const std::string& path);
  ~RecordedPlants() override;

  const std::vector<devices::DeviceInfo>& devices() const override { return infos_; }
  void sample(std::size_t device, std::vector<edge::Sample>& samples) override;
  Status actuate(std::size_t device, std::string_view actuator, double value) override;

 private:
  RecordedPlants(std::string path, int file, const PlantRecord& record)
      : path_(std::move(path)), file_(file), began_(record.began), lasting_(record.lasting) {}
  Status add(const PlantRecord::Device& device);
  Duration now() { return clock_.monotonic_now() - began_; }

  std::string path_;
  int file_;
  net::SystemClock clock_;
  Instant began_;
  Duration lasting_;
  std::vector<devices::DeviceInfo> infos_;
  std::vector<std::unique_ptr<devices::Plant>> plants_;
};

}  // namespace lockstep::real
