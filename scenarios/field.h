// The field of a scenario: edges with devices around the hub, and a cloud that sends it packages.
//
// Plain values like scenarios/scenario.h, of which they are a part. docs/scenarios.md, "Hub and edges".
#pragma once

#include <compare>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace lockstep::scenarios {

enum class DeviceKind : std::uint8_t { kTank, kMotor };
std::string_view to_string(DeviceKind kind);

// What an edge does when its buffer is full.
enum class WhenFull : std::uint8_t { kDropOldest, kDownsample };
std::string_view to_string(WhenFull policy);

struct FieldBuffer {
  std::uint64_t bytes = 4 << 20;
  WhenFull when_full = WhenFull::kDropOldest;
  bool operator==(const FieldBuffer&) const = default;
};

// Numbered as in core/proto/dispatch.proto.
enum class PackageKind : std::uint8_t { kModel = 1, kPolicy, kSettings };
std::string_view to_string(PackageKind kind);

// What is wrong with a package, if anything.
enum class Content : std::uint8_t {
  kGood,
  kTruncated,    // the last bytes are missing; the hash is that of what is there
  kWrongHash,    // what comes is not what was announced
  kHugeHeader,   // of safetensors: a header of 2^60 bytes
  kOverlapping,  // two tensors share bytes
  kNotFinite,    // a weight is not a number
  kNonsense,     // a policy or settings that are none
};
std::string_view to_string(Content content);

// The cloud sends a package and has it made active; or makes the version before the active one active again.
struct Dispatch {
  Duration at{};
  PackageKind kind = PackageKind::kModel;
  Content content = Content::kGood;
  bool rollback = false;  // then no package is sent
  bool activate = true;   // else it is only kept ready
  bool operator==(const Dispatch&) const = default;
};

struct Field {
  std::uint32_t edges = 3;                             // named e1, e2, ...
  std::vector<DeviceKind> devices{DeviceKind::kTank};  // of each edge
  Duration sample = std::chrono::milliseconds(100);    // each signal is read so often
  std::optional<Duration>
      window;          // a decision is due once per window and device; not given: each device's own
  Duration lasting{};  // readings are taken until then, since the run began
  FieldBuffer buffer;
  std::vector<Dispatch> dispatch;  // by the cloud, which is there with every field
  // Below these the run is vacuous.
  std::uint64_t min_readings = 1;      // committed
  std::uint64_t min_instructions = 1;  // done
  bool operator==(const Field&) const = default;
};

// As in events: core/proto/dispatch.proto, PackageKind, and the version.
struct PackageName {
  std::uint64_t kind = 0, version = 0;
  auto operator<=>(const PackageName&) const = default;
};

// Of the package that the cloud sends: versions are 1, 2, ... within a kind, in the order of the list. `sent`
// is an element of it and no rollback.
PackageName name_of(const Field& field, const Dispatch& sent);

nlohmann::ordered_json json_of(const Field& field);

}  // namespace lockstep::scenarios
