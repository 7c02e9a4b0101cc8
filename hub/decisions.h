// The decision loop: a window closes, its inputs are read at one log index, the decider decides, the
// instruction goes into the log. Sending it is another concern (hub/instructions.h), which begins where the
// log says so.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "hub/in_force.h"
#include "hub/part.h"
#include "hub/totals.h"
#include "hub/windows.h"

namespace lockstep::hub {

class Decisions final : public Part {
 public:
  // `in_force` and `totals` outlive this.
  Decisions(const Surroundings& surroundings, const InForce& in_force, const Totals& totals)
      : surroundings_(surroundings), in_force_(in_force), totals_(totals) {}

  // Readings are applied; on every node, so that a new leader knows where its devices are.
  void on_block(const sql::RowChange& change);

  // On the leader: what the clock of an edge shows, 0: it does not say. What comes last counts, for it may be
  // set back.
  void on_clock(NodeId edge, std::int64_t now_ns) { clocks_[edge] = now_ns; }

  void on_row(const sql::RowChange& change) override;
  void on_lead() override;
  void act(Instant now, bool leads) override;
  Instant deadline() const override { return again_; }

 private:
  struct Device {
    KnownDevice known;
    std::vector<std::int64_t> newest_ns;  // reading of each signal; 0: not known
    bool busy = false;                    // a decision is being made
    std::uint64_t skipped = 0;            // the last window of which was said so
  };
  // The device's newest instruction.
  struct Last {
    std::uint64_t window = 0;
    std::int64_t to_ns = 0;  // end of the window by the edge's clock then
  };
  // A decision under way. It is forgotten with the leadership that began it.
  struct Making {
    std::string device;
    std::uint64_t window;  // its number among the device's instructions
    std::uint64_t closed;  // the window of the readings
    std::uint64_t reign;
  };
  struct Decided {
    Decision decision;
    Inputs inputs;
  };

  void describe(const std::string& name, BytesView description);
  void see_newest(std::string_view series, std::int64_t time_ns);
  void ask_newest(const std::string& name, const Device& device);
  std::uint64_t next_window(const std::string& name, const Device& device, std::uint64_t closed) const;
  std::int64_t deadline_ns(const KnownDevice& device, std::uint64_t closed) const;
  bool is_too_late(const std::string& name, const Device& device, std::uint64_t closed) const;
  void skip(const std::string& name, Device& device, std::uint64_t window);
  void begin(const std::string& name, Device& device);
  void decide(const Making& making, Inputs inputs);
  void write(const Making& making, const Decided& decided, std::uint64_t model_version);
  // The device is free again; `retry`: the window is still to be decided.
  void end(const Making& making, bool retry);
  bool is_current(const Making& making) const { return leads_ && making.reign == reign_; }

  const Surroundings& surroundings_;
  const InForce& in_force_;
  const Totals& totals_;
  std::map<std::string, Device, std::less<>> devices_;
  std::map<std::string, Last, std::less<>> last_;
  std::map<std::string, std::pair<std::string, std::size_t>, std::less<>> signals_;  // by series
  std::map<NodeId, std::int64_t> clocks_;  // of edges, since this node leads
  std::set<std::string> due_;
  std::set<std::string> put_off_;  // could not be done; due at again_
  bool leads_ = false;
  std::uint64_t reign_ = 0;
  Instant again_ = kNever;
};

}  // namespace lockstep::hub
