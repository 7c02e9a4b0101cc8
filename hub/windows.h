// Windows of devices: which one has closed, and what a decision about it is made of, read at one log index.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "core/proto/client.pb.h"
#include "core/proto/dispatch.pb.h"
#include "core/proto/field.pb.h"
#include "hub/policy/decision.h"

namespace lockstep::hub {

// A device as a decision needs it. By the edge's clock, window n of it holds the readings with times in [(n -
// 1) * length, n * length).
struct KnownDevice {
  DeviceModel model;
  wire::Device described;
  std::int64_t window_ns = 0;
  std::vector<std::string> series;  // of the signals, in their order
};
inline constexpr std::int64_t kShortestWindowNs = 1'000'000;
inline constexpr std::int64_t kLongestWindowNs = 86'400'000'000'000;

// Nothing: a decision about this device is not possible (see check_device, and the lengths above).
std::optional<KnownDevice> known_device(BytesView description);

// The newest window that is closed, given the newest reading of each signal (0: none): either no signal can
// say more about it, or the silent ones have missed a whole window since.
std::uint64_t closed_window(const KnownDevice& device, const std::vector<std::int64_t>& newest_ns);

// All that a decision depends on, from one snapshot.
struct Inputs {
  std::uint64_t applied = 0;  // the log index of the snapshot
  Window window;
  std::int64_t from_ns = 0;  // times of the readings: [from_ns, to_ns)
  std::int64_t to_ns = 0;
  Correction correction;
  std::map<wire::PackageKind, std::uint64_t> active;  // versions
  std::uint64_t decided = 0;                          // the device's newest window with an instruction
};
wire::Statement inputs_query(const KnownDevice& device, std::uint64_t window);
Inputs read_inputs(const KnownDevice& device, std::uint64_t window, const wire::QueryReply& reply);

// The newest reading of each signal, as committed.
wire::Statement newest_query(const KnownDevice& device);

}  // namespace lockstep::hub
