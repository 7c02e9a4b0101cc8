// Only what is new is written: an edge says hello whenever it has not heard anything for a while.
#include "hub/edges.h"

#include <algorithm>
#include <optional>

#include "base/field_numbers.h"
#include "base/text.h"

namespace lockstep::hub {
namespace {

constexpr std::chrono::seconds kSilence{3};    // then an edge counts as not connected
constexpr std::size_t kMostDevices = 64;       // of an edge
constexpr std::chrono::seconds kNoteEvery{5};  // who was heard: an entry of the log costs more than a word
constexpr std::size_t kMostNoted = 256;        // in one entry

// What the former store was told may have been done or not, and who could say so is lost. The edge that
// begins anew must not be told once more.
wire::Statement give_up_what_another_store_was_told(const wire::Hello& hello) {
  return statement(
      "UPDATE hub_instructions SET state = 3 WHERE state < 3 AND substr(device, 1, length(?1) + 1) = ?1 || "
      "'/' "
      "AND EXISTS(SELECT 1 FROM hub_edges WHERE name = ?1 AND store <> 0 AND store <> ?2)",
      hello.name(), hello.store());
}

}  // namespace

// An edge whose store is closed, as while its disk is full, may not say what is in it: that is as it was, and
// no other store.
wire::Hello Edges::completed(wire::Hello hello) const {
  const auto known = edges_.find(hello.name());
  if (hello.role() != wire::EDGE || hello.store() != 0 || known == edges_.end() || known->second.store == 0)
    return hello;
  hello.set_store(known->second.store);
  hello.set_settings_version(known->second.settings_version);
  return hello;
}

std::string Edges::on_hello(NodeId from, const wire::Hello& said) {
  const wire::Hello hello = completed(said);
  const auto known = edges_.find(hello.name());
  const bool is_other = hello.role() == wire::EDGE && known != edges_.end() && known->second.store != 0 &&
                        known->second.store != hello.store();
  if (is_other && !hello.anew()) {
    greeted_.erase(from);
    return cat("edge '", hello.name(),
               "' is known here with another store: another process runs under its name, or its "
               "directory is not the one that it had; if that is lost, start it once with --anew");
  }
  greeted_.insert_or_assign(from, hello);
  heard(from);
  if (hello.role() == wire::CLOUD) clouds_.insert(from);
  if (hello.role() == wire::EDGE && !hello.name().empty()) register_edge(from, hello);
  return {};
}

void Edges::register_edge(NodeId from, const wire::Hello& hello) {
  std::vector<wire::Statement> statements;
  const auto known = edges_.find(hello.name());
  const bool is_new = known == edges_.end() || known->second.node != from ||
                      known->second.settings_version != hello.settings_version() ||
                      known->second.store != hello.store();
  if (is_new) {
    statements.push_back(give_up_what_another_store_was_told(hello));
    statements.push_back(statement(
        "INSERT INTO hub_edges(name, node, settings_version, seen_ns, store) VALUES(?1, ?2, ?3, ?4, ?5) ON "
        "CONFLICT(name) DO UPDATE SET node = excluded.node, settings_version = excluded.settings_version, "
        "seen_ns = excluded.seen_ns, store = excluded.store",
        hello.name(), from.value(), hello.settings_version(), wall_ns(surroundings_.now()), hello.store()));
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
  if (statements.empty()) return;
  surroundings_.database.write(std::move(statements), [this, from](const Written& written) {
    if (!written.ok()) greeted_.erase(from);  // the next hello tries again
  });
}

Edges::Presence Edges::presence(NodeId node) const {
  const Instant now = surroundings_.now();
  const auto found = heard_.find(node);
  if (found != heard_.end()) return now - found->second < kSilence ? Presence::kConnected : Presence::kSilent;
  return now - leads_since_ < kSilence ? Presence::kNotHeardYet : Presence::kSilent;
}

Edges::Presences Edges::presences() const {
  Presences out;
  for (const auto& [name, edge] : edges_) out.emplace_hint(out.end(), name, presence(edge.node));
  return out;
}

std::int64_t Edges::wall_ns(Instant at) const {
  const Duration ago = surroundings_.now() - at;
  return (surroundings_.env.clock.wall_now().time_since_epoch() - ago).count();
}

std::int64_t Edges::seen_ns(const EdgeRow& edge) const {
  const auto found = heard_.find(edge.node);
  return found == heard_.end() ? edge.seen_ns : wall_ns(found->second);
}

// If a write fails, the next words are noted.
void Edges::note_seen() {
  std::vector<wire::Statement> statements;
  for (const auto& [name, edge] : edges_) {
    const auto found = heard_.find(edge.node);
    if (found == heard_.end() || found->second <= noted_) continue;
    statements.push_back(
        statement("UPDATE hub_edges SET seen_ns = ?2 WHERE name = ?1", name, wall_ns(found->second)));
    if (statements.size() == kMostNoted)
      surroundings_.database.write(std::exchange(statements, {}), [](const Written&) {});
  }
  if (!statements.empty()) surroundings_.database.write(std::move(statements), [](const Written&) {});
  noted_ = surroundings_.now();
}

void Edges::act(Instant now, bool leads) {
  if (!leads || now < note_at_) return;
  note_at_ = now + kNoteEvery;
  note_seen();
}

std::uint64_t Edges::store_of(std::string_view edge) const {
  const auto found = edges_.find(edge);
  return found == edges_.end() ? 0 : found->second.store;
}

NodeId Edges::node_of(std::string_view edge) const {
  const auto found = edges_.find(edge);
  return found == edges_.end() ? NodeId() : found->second.node;
}

namespace {

const std::string& key_of(const EdgeRow& row) { return row.name; }
const std::string& key_of(const DeviceRow& row) { return row.device; }

}  // namespace

void Edges::on_row(const sql::RowChange& change) {
  if (change.table == kEdges) follow(edges_, change);
  if (change.table == kDevices) follow(devices_, change);
}

// The row before is looked at for its key: a row that is gone, or has another key now, is another one.
template <class Row>
void Edges::follow(std::map<std::string, Row, std::less<>>& rows, const sql::RowChange& change) {
  std::optional<std::string> gone;
  if (!change.before.empty()) {
    gone = key_of(Row(change.before));
    rows.erase(*gone);
  }
  if (!change.after.empty()) {
    const Row row(change.after);
    rows.insert_or_assign(key_of(row), row);
    ask_again_unless_said(row);
  }
  if (gone && !rows.contains(*gone)) greeted_.erase(edge_number(edge_of(*gone)));
}

void Edges::ask_again_unless_said(const EdgeRow& row) {
  const auto said = greeted_.find(edge_number(row.name));
  if (said == greeted_.end()) return;
  if (row.node != said->first || row.store != said->second.store()) greeted_.erase(said);
}

void Edges::ask_again_unless_said(const DeviceRow& row) {
  const auto said = greeted_.find(edge_number(edge_of(row.device)));
  if (said == greeted_.end()) return;
  const auto& devices = said->second.devices();
  const auto device = std::ranges::find(devices, row.device, &wire::Device::name);
  if (device != devices.end() && device->SerializeAsString() != row.description) greeted_.erase(said);
}

void Edges::on_lead() {
  leads_since_ = noted_ = surroundings_.now();
  note_at_ = leads_since_ + kNoteEvery;
}

void Edges::on_follow() {
  note_at_ = kNever;
  greeted_.clear();
  clouds_.clear();
  heard_.clear();
}

}  // namespace lockstep::hub
