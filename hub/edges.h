// Who has said hello: edges and their devices as rows, the cloud as an address.
#pragma once

#include <map>
#include <set>
#include <string>

#include "hub/part.h"
#include "hub/schema.h"

namespace lockstep::hub {

class Edges final : public Part {
 public:
  explicit Edges(const Surroundings& surroundings) : surroundings_(surroundings) {}

  // On the leader. Not empty: why this edge is not welcome. An edge is known by its store: a second one under
  // its name, or one that has lost what it knew, would carry out again what was carried out already.
  std::string on_hello(NodeId from, const wire::Hello& said);
  // It has said to this leader who it is, was welcome, and the rows are as it said since: who changes them by
  // hand makes it say so again. Who bears the number now need not be who bore it before.
  bool has_greeted(NodeId from) const { return greeted_.contains(from); }
  // Any message of it.
  void heard(NodeId from) { heard_[from] = surroundings_.now(); }
  enum class Presence : std::uint8_t {
    kConnected,
    kSilent,
    kNotHeardYet
  };  // the last: this node leads too short to know
  Presence presence(NodeId node) const;
  using Presences = std::map<std::string, Presence, std::less<>>;
  Presences presences() const;
  bool is_connected(NodeId node) const { return presence(node) == Presence::kConnected; }
  // When its last word was heard, in Unix time.
  std::int64_t seen_ns(const EdgeRow& edge) const;

  // None: never heard of, or never said hello.
  NodeId node_of(std::string_view edge) const;
  // 0: it has never said. Who bears the number now may be another process, until it says hello.
  std::uint64_t store_of(std::string_view edge) const;
  const std::map<std::string, EdgeRow, std::less<>>& edges() const { return edges_; }
  const std::map<std::string, DeviceRow, std::less<>>& devices() const { return devices_; }
  // Since this node leads.
  const std::set<NodeId>& clouds() const { return clouds_; }

  void on_row(const sql::RowChange& change) override;
  void on_lead() override;
  void on_follow() override;
  void act(Instant now, bool leads) override;
  Instant deadline() const override { return note_at_; }

 private:
  wire::Hello completed(wire::Hello hello) const;
  void register_edge(NodeId from, const wire::Hello& hello);
  template <class Row>
  void follow(std::map<std::string, Row, std::less<>>& rows, const sql::RowChange& change);
  void ask_again_unless_said(const EdgeRow& row);
  void ask_again_unless_said(const DeviceRow& row);
  void note_seen();
  std::int64_t wall_ns(Instant at) const;

  const Surroundings& surroundings_;
  std::map<std::string, EdgeRow, std::less<>> edges_;
  std::map<std::string, DeviceRow, std::less<>> devices_;
  std::map<NodeId, Instant> heard_;
  std::set<NodeId> clouds_;
  std::map<NodeId, wire::Hello> greeted_;
  Instant leads_since_{};
  Instant noted_{};  // what was heard up to then is in the rows, or on its way
  Instant note_at_ = kNever;
};

}  // namespace lockstep::hub
