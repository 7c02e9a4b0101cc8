// Only what is new is written: an edge says hello whenever it has not heard anything for a while.
#include "hub/edges.h"

namespace lockstep::hub {
namespace {

constexpr std::chrono::seconds kSilence{3};  // then an edge counts as not connected
constexpr std::size_t kMostDevices = 64;     // of an edge

}  // namespace

void Edges::on_hello(NodeId from, const wire::Hello& hello) {
  heard(from);
  if (hello.role() == wire::CLOUD) clouds_.insert(from);
  if (hello.role() == wire::EDGE && !hello.name().empty()) register_edge(from, hello);
}

void Edges::register_edge(NodeId from, const wire::Hello& hello) {
  std::vector<wire::Statement> statements;
  const auto known = edges_.find(hello.name());
  const bool is_new = known == edges_.end() || known->second.node != from ||
                      known->second.settings_version != hello.settings_version();
  if (is_new) {
    statements.push_back(statement(
        "INSERT INTO hub_edges(name, node, settings_version, seen_ns) VALUES(?1, ?2, ?3, ?4) ON "
        "CONFLICT(name) DO UPDATE "
        "SET node = excluded.node, settings_version = excluded.settings_version, seen_ns = excluded.seen_ns",
        hello.name(), from.value(), hello.settings_version(),
        surroundings_.env.clock.wall_now().time_since_epoch().count()));
  }
  for (const wire::Device& device : hello.devices()) {
    // A device belongs to the edge that its name begins with.
    if (edge_of(device.name()) != hello.name() || device.window_ns() == 0 || statements.size() > kMostDevices)
      continue;
    const Bytes description = device.SerializeAsString();
    const auto row = devices_.find(device.name());
    if (row != devices_.end() && row->second.description == description) continue;
    statements.push_back(
        statement("INSERT INTO hub_devices(device, edge, description, window_ns) VALUES(?1, ?2, ?3, ?4) "
                  "ON CONFLICT(device) DO UPDATE SET description = excluded.description, window_ns = "
                  "excluded.window_ns",
                  device.name(), hello.name(), BlobView{description}, device.window_ns()));
  }
  // If it fails, the next hello tries again.
  if (!statements.empty()) surroundings_.database.write(std::move(statements), [](const Written&) {});
}

bool Edges::is_connected(NodeId node) const {
  const auto found = heard_.find(node);
  return found != heard_.end() && surroundings_.now() - found->second < kSilence;
}

NodeId Edges::node_of(std::string_view edge) const {
  const auto found = edges_.find(edge);
  return found == edges_.end() ? NodeId() : found->second.node;
}

void Edges::on_row(const sql::RowChange& change) {
  if (change.table == kEdges) {
    if (!change.before.empty()) edges_.erase(EdgeRow(change.before).name);
    if (change.after.empty()) return;
    EdgeRow row(change.after);
    edges_.insert_or_assign(row.name, row);
  } else if (change.table == kDevices) {
    if (!change.before.empty()) devices_.erase(DeviceRow(change.before).device);
    if (change.after.empty()) return;
    DeviceRow row(change.after);
    devices_.insert_or_assign(row.device, row);
  }
}

void Edges::on_follow() {
  clouds_.clear();
  heard_.clear();
}

}  // namespace lockstep::hub
