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

  // On the leader.
  void on_hello(NodeId from, const wire::Hello& hello);
  // Any message of it.
  void heard(NodeId from) { heard_[from] = surroundings_.now(); }
  bool is_connected(NodeId node) const;

  // None: never heard of, or never said hello.
  NodeId node_of(std::string_view edge) const;
  const std::map<std::string, EdgeRow, std::less<>>& edges() const { return edges_; }
  const std::map<std::string, DeviceRow, std::less<>>& devices() const { return devices_; }
  // Since this node leads.
  const std::set<NodeId>& clouds() const { return clouds_; }

  void on_row(const sql::RowChange& change) override;
  void on_follow() override;

 private:
  void register_edge(NodeId from, const wire::Hello& hello);

  const Surroundings& surroundings_;
  std::map<std::string, EdgeRow, std::less<>> edges_;
  std::map<std::string, DeviceRow, std::less<>> devices_;
  std::map<NodeId, Instant> heard_;
  std::set<NodeId> clouds_;
};

}  // namespace lockstep::hub
