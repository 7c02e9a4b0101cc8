// Instructions on the edge: written down before they begin, executed at most once, remembered until settled.
//
//   taken ──▶ begun ──▶ ended ──▶ settled ──▶ forgotten (below the floor)
//
// Each arrow but the last is durable before what it stands for is done or said: an instruction is
// acknowledged when it is durably taken, the device is told when it is durably begun, the result is sent when
// it is durably ended. So a restart finds one of: taken, which may still begin; begun, of which nobody knows
// whether the device was told (INTERRUPTED, or once more if the hub said that it may be); ended, whose result
// is sent again.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "core/proto/control.pb.h"
#include "core/proto/field.pb.h"
#include "edge/description.h"
#include "edge/driver.h"
#include "edge/store_lane.h"

namespace lockstep::edge {

struct ExecutionOptions {
  Duration evidence_after =
      std::chrono::milliseconds(200);  // so long an actuator needs to show in the signals
  Duration result_every = std::chrono::milliseconds(1000);       // again until settled
  Duration look_at_wall_every = std::chrono::milliseconds(500);  // it may jump while something waits for it
  std::size_t most_open = 4096;  // instructions not settled; more are not taken
};

inline constexpr env::ProbePoint kBeforeExecute{"edge.before_execute"};

enum class InstructionState : std::uint8_t { kTaken = 1, kBegun = 2, kEnded = 3, kSettled = 4 };  // on disk

struct InstructionRow {
  InstructionState state = InstructionState::kTaken;
  std::uint64_t attempts = 0;  // begun so often
  wire::Instruction instruction{};
  wire::InstructionResult result{};  // of kEnded
};

struct ExecutionContents {
  std::uint64_t floor = 0;
  std::map<std::uint64_t, InstructionRow> rows;
};

class Executions {
 public:
  using Send = std::function<void(const wire::FieldMessage&)>;  // to the leader, if there is one

  // On the lane. kCorrupt: the sentence says which row.
  static Result<ExecutionContents> restore(kv::Store& store);

  Executions(const env::Env& env, ExecutionOptions options, const Description& description, Driver& driver,
             StoreLane& lane, Send send);

  // Goes on with what a former life left.
  void start(ExecutionContents contents);
  void on_instruction(const wire::Instruction& instruction);
  void on_cancel(std::uint64_t id);
  void on_settled(const wire::Settled& settled);
  // Results that wait are sent at once.
  void on_found();
  Instant deadline() const;
  void on_deadline();

  std::uint64_t floor() const { return floor_; }
  // Highest number that is known here and not below the floor; 0: none.
  std::uint64_t newest() const { return records_.empty() ? 0 : records_.rbegin()->first; }

 private:
  struct Record {
    InstructionRow row;
    std::size_t device = 0;
    bool durable = false;      // its present state
    bool settled = false;      // the hub has said so before it ended
    Instant send_at = kNever;  // of the result
  };
  // One device does one thing at a time.
  struct DeviceState {
    std::set<std::uint64_t> waiting;
    std::uint64_t running = 0;  // 0: none
    bool is_told = false;       // the running one: its evidence is awaited
    Instant look_at = kNever;   // for the evidence
    std::vector<double> before;
  };

  Instant now() const { return env_.clock.monotonic_now(); }
  std::int64_t wall_ns() const { return env_.clock.wall_now().time_since_epoch().count(); }
  Record* find(std::uint64_t id);
  static wire::InstructionResult::Outcome without_execution(const Record& record);
  void save(std::uint64_t id, const Record& record, Commit& commit) const;
  void resume(std::uint64_t id, InstructionRow row);
  void take(const wire::Instruction& instruction);
  void acknowledge(std::uint64_t id, bool duplicate);
  void send_result(Record& record);
  void repeat(std::uint64_t id);

  void advance();
  void advance(std::size_t device);
  std::optional<std::uint64_t> next_due(std::size_t device);
  void begin(std::size_t device, std::uint64_t id);
  void execute(std::uint64_t id);
  void finish(std::size_t device);
  void end(std::uint64_t id, wire::InstructionResult::Outcome outcome, std::string message);
  void forget_or_keep(std::uint64_t id, Commit& commit);
  std::vector<double> look(std::size_t device);
  void set_wall_look();

  env::Env env_;
  ExecutionOptions options_;
  const Description& description_;
  Driver& driver_;
  StoreLane& lane_;
  Send send_;
  std::uint64_t floor_ = 0;
  std::map<std::uint64_t, Record> records_;
  std::vector<DeviceState> devices_;
  Instant result_at_ = kNever;  // the first of all send_at, or earlier
  Instant wall_look_at_ = kNever;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // for what a probe holds
};

}  // namespace lockstep::edge
