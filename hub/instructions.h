// Instructions that are in the log: sent until the edge has them, remembered until their outcome is
// committed.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "hub/edges.h"
#include "hub/part.h"
#include "hub/schema.h"

namespace lockstep::hub {

class Instructions final : public Part {
 public:
  // `edges` outlives this.
  Instructions(const Surroundings& surroundings, const Edges& edges)
      : surroundings_(surroundings), edges_(edges) {}

  // On the leader.
  void on_hello(const wire::Hello& hello);
  void on_ack(NodeId from, const wire::InstructionAck& ack);
  void on_result(NodeId from, const wire::InstructionResult& result);

  std::size_t open() const { return open_.size(); }
  // Of the edges that have some; the names are valid as long as nothing opens or ends.
  std::map<std::string_view, std::size_t> open_by_edge() const;

  void on_row(const sql::RowChange& change) override;
  void on_lead() override;
  void on_follow() override { settled_.clear(); }
  void act(Instant now, bool leads) override;
  Instant deadline() const override;

 private:
  struct Open {
    InstructionRow row;
    // On the leader only:
    Instant send_at = kNever;
    Instant missed_at = kNever;
    Duration patience{};
    bool acknowledged = false;
    bool settling = false;    // its outcome is on its way into the log
    bool superseded = false;  // a newer one for this device is in the log
    bool taken_back = false;
  };

  void follow_up(Open& open);
  void give_up(Open& open);
  void send(Open& open, Instant now);
  void note_missed(Open& open);
  void take_back(Open& open);
  void tell_settled();
  std::uint64_t floor_of(std::string_view edge) const;

  const Surroundings& surroundings_;
  const Edges& edges_;
  std::map<std::uint64_t, Open> open_;
  std::uint64_t newest_ = 0;  // number of an instruction
  std::map<std::string, std::set<std::uint64_t>> settled_;  // of edges that have not been told
  bool leads_ = false;
};

}  // namespace lockstep::hub
