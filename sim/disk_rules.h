// What is wrong with one simulated disk at the moment: rules, asked before every call; the first with an
// opinion wins.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/latency.h"
#include "sim/disk_image.h"
#include "sim/sim_time.h"

namespace lockstep::sim {

// Numbers are those of the event disk_fault.
enum class DiskTrouble : std::uint8_t {
  kError = 1,   // calls fail with kIo
  kFailedSync,  // syncs fail, of files and of directories
  kFull,        // so many bytes more, then kNoSpace
  kStall,       // calls do not come back before `until`
  kSlow,        // calls take so much longer
  kLie,         // syncs answer OK and do nothing
  kBadSector,   // reads that touch one of `bad` fail with kIo
  kMisdirect,   // a write goes to another sector of the same file
  kPhantom,     // a write answers OK and does nothing
  kRot,         // bits flipped at rest: no rule, see World::rot_disk
};

enum class DiskCalls : std::uint8_t { kAny, kReads, kWrites, kSyncs, kNames };
bool concerns(DiskCalls calls, DiskOperation operation);

struct DiskRule {
  DiskTrouble trouble = DiskTrouble::kError;
  std::string where{};                                    // a file, or a directory: env::is_within()
  DiskCalls calls = DiskCalls::kAny;                      // of kError and kSlow
  std::optional<std::uint64_t> times{};                   // so often, then the rule has no opinion any more
  std::uint64_t room = 0;                                 // of kFull
  SimTime until{};                                        // of kStall
  Latency extra{};                                        // of kSlow
  std::set<std::pair<std::string, std::uint64_t>> bad{};  // of kBadSector: path and number of the sector
};

class DiskRules final : public DiskFaults {
 public:
  using RuleId = std::uint64_t;
  // A rule took effect in this call.
  using OnEffect = std::function<void(DiskTrouble, const DiskCall&)>;

  DiskRules(std::uint64_t seed, OnEffect on_effect) : seed_(seed), on_effect_(std::move(on_effect)) {}

  // Counts its effects into `effects`, which outlives the rule.
  RuleId add(DiskRule rule, std::uint64_t& effects);
  // A rule that is gone already is no mistake: clear() may have come first.
  void remove(RuleId id);
  void clear() { rules_.clear(); }

  DiskFault on_call(const DiskCall& call) override;
  // How much longer the call takes.
  Duration delay(const DiskCall& call, SimTime now);

 private:
  struct Armed {
    RuleId id;
    DiskRule rule;
    std::uint64_t* effects;
  };
  static bool is_about(const DiskRule& rule, const DiskCall& call);
  static std::optional<DiskFault> opinion(DiskRule& rule, const DiskCall& call);
  void took_effect(Armed& armed, const DiskCall& call);

  std::uint64_t seed_;
  OnEffect on_effect_;
  RuleId next_ = 1;
  std::uint64_t delays_ = 0;
  std::vector<Armed> rules_;
};

}  // namespace lockstep::sim
