// The events that the simulated host itself puts into a trace (numbers 1-99).
#pragma once

#include "base/env/trace.h"

namespace lockstep::sim {

// Why a frame did not arrive; a field of kFrameDropped.
enum class DropReason : std::uint64_t {
  kLost = 1,          // the link lost it
  kPartitioned = 2,   // a partition separates sender and receiver
  kNoSuchHost = 3,    // nobody has that node id
  kReceiverDead = 4,  // the receiver was not alive when it arrived
  kDamaged = 5,       // its checksum or form was wrong on arrival
  kOtherCluster = 6,
  kOtherNode = 7,
  kByRule = 8,            // a rule without a reason of its own
  kQueueFull = 9,         // the link was too slow for what it was given
  kConnectionReset = 10,  // it was under way when its connection was reset
};

inline constexpr env::EventType kProcessStarted{1, "process_started", {}};
inline constexpr env::EventType kProcessKilled{2, "process_killed", {}};
inline constexpr env::EventType kPowerLost{3, "power_lost", {}};
inline constexpr env::EventType kProcessStalled{4, "process_stalled", {"duration_ns"}};
inline constexpr env::EventType kProcessResumed{5, "process_resumed", {"waiting"}};
inline constexpr env::EventType kDiskWiped{6, "disk_wiped", {}};
inline constexpr env::EventType kDriftChanged{7, "drift_changed", {"drift_ppm"}};
inline constexpr env::EventType kWallJumped{8, "wall_jumped", {"by_ns"}};
// Wall and monotonic clock go forward together, as after a machine was suspended.
inline constexpr env::EventType kClockLeapt{9, "clock_leapt", {"by_ns"}};

// `message` is unique over the run; the copies of a duplicated frame share it. Signed values are two's
// complement.
inline constexpr env::EventType kFrameSent{10, "frame_sent", {"message", "to", "channel", "bytes"}};
inline constexpr env::EventType kFrameDelivered{11, "frame_delivered", {"message", "from", "channel"}};
inline constexpr env::EventType kFrameDropped{12, "frame_dropped", {"message", "from", "to", "reason"}};
inline constexpr env::EventType kFrameDuplicated{13, "frame_duplicated", {"message", "to"}};
inline constexpr env::EventType kFrameCorrupted{14, "frame_corrupted", {"message", "to", "bit"}};
inline constexpr env::EventType kFrameDelayed{15, "frame_delayed", {"message", "to", "extra_ns"}};
inline constexpr env::EventType kFrameReordered{16, "frame_reordered", {"message", "to", "extra_ns"}};

// The text is the path.
inline constexpr env::EventType kFileSynced{20, "file_synced", {"lane", "ok"}};
inline constexpr env::EventType kDirectorySynced{21, "directory_synced", {"lane", "ok"}};
// A fault of the disk took effect in a call, or between calls (operation 0); the text is the path.
// fault: DiskTrouble; operation: DiskOperation, from 1.
inline constexpr env::EventType kDiskFault{22, "disk_fault", {"fault", "operation", "offset", "size"}};
// What a sync that lied had promised was lost: with the power, or in a sync that failed.
inline constexpr env::EventType kDiskForgot{23, "disk_forgot", {"files"}};
// For so long both clocks of the process stand still.
inline constexpr env::EventType kClockFrozen{24, "clock_frozen", {"for_ns"}};
// Both clocks show multiples of this only; 1: all there is.
inline constexpr env::EventType kClockTick{25, "clock_tick", {"tick_ns"}};
// Memory that the process asked for was refused.
inline constexpr env::EventType kMemoryRefused{26, "memory_refused", {}};

// It was told to end in good order, as by SIGTERM. Its process_killed follows.
inline constexpr env::EventType kProcessLeaves{27, "process_leaves", {}};

inline constexpr env::EventType kJobStarted{30, "job_started", {"lane", "ordinal"}};
inline constexpr env::EventType kJobFinished{31, "job_finished", {"lane", "ordinal"}};

// Only where a rule had an opinion; the text is the point's name. `decision` is a ProbeDecision::Kind.
inline constexpr env::EventType kProbeReached{40, "probe_reached", {"object", "hit", "decision"}};
inline constexpr env::EventType kProbeReleased{41, "probe_released", {"ticket"}};

}  // namespace lockstep::sim
