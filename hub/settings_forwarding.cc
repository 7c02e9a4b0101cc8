// One chunk at a time, led by the edge's answers; silence is met by asking from the beginning, which the edge
// answers with how far it is.
#include "hub/settings_forwarding.h"

#include <algorithm>
#include <utility>

#include "base/characters.h"
#include "hub/package_loader.h"
#include "hub/packages.h"

namespace lockstep::hub {
namespace {

constexpr std::chrono::milliseconds kAskEvery{1000};
constexpr std::size_t kMostReason = 400;  // bytes

}  // namespace

void SettingsForwarding::on_follow() {
  settings_.reset();
  begun_ = 0;
  loading_ = false;
  refused_.clear();
  next_ = kNever;
}

void SettingsForwarding::act(Instant now, bool leads) {
  const InForceRow* active = catalogue_.active(wire::SETTINGS);
  if (!leads || loading_) return;
  const PackageRow* package =
      active == nullptr ? nullptr : catalogue_.find({wire::SETTINGS, active->row.version});
  if (package == nullptr) {
    begun_ = 0;
    next_ = kNever;
    return;
  }
  if (begun_ == package->version && now < next_) return;
  // Who made them active wants to know who takes them now, whatever was refused before.
  if (std::exchange(begun_, package->version) != package->version) refused_.clear();
  next_ = now + kAskEvery;
  if (settings_ == nullptr || settings_->package.version != package->version) return load(*package);
  for (const auto& [name, edge] : edges_.edges())
    if (wants_them(edge)) begin(edge.node);
}

void SettingsForwarding::load(const PackageRow& package) {
  loading_ = true;
  load_package(surroundings_.database, package, [this, package](Result<Bytes> bytes) {
    if (!std::exchange(loading_, false) || !bytes) return;
    settings_ = std::make_unique<Settings>(package, *std::move(bytes));
    next_ = surroundings_.now();
  });
}

// Also an edge that has them and could not read all of them: it says so again, or that it can.
bool SettingsForwarding::wants_them(const EdgeRow& edge) const {
  const std::uint64_t version = settings_->package.version;
  const bool has_all = edge.settings_version == version && edge.refused_settings != version;
  return !has_all && edges_.is_connected(edge.node) && !refused(edge.node);
}

void SettingsForwarding::on_hello(const wire::Hello& hello) {
  const auto edge = edges_.edges().find(hello.name());
  if (hello.role() != wire::EDGE || edge == edges_.edges().end()) return;
  const EdgeRow& row = edge->second;
  if (row.refused_settings == row.settings_version) refused_.erase({row.node, row.refused_settings});
}

bool SettingsForwarding::refused(NodeId edge) const {
  return refused_.contains({edge, settings_->package.version});
}

void SettingsForwarding::begin(NodeId edge) {
  const PackageRow& row = settings_->package;
  wire::FieldMessage message;
  wire::Package& package = *message.mutable_package();
  package.set_kind(wire::SETTINGS);
  package.set_version(row.version);
  package.set_bytes(row.bytes);
  package.set_hash(row.hash);
  package.set_note(row.note);
  surroundings_.send(edge, message);
}

void SettingsForwarding::on_status(NodeId from, const wire::PackageStatus& status) {
  if (status.kind() != wire::SETTINGS) return;
  if (status.state() == wire::REFUSED) return note_refusal(from, status);
  const bool ours = settings_ != nullptr && status.version() == settings_->package.version;
  if (!ours) return;
  switch (status.state()) {
    case wire::RECEIVING: return send_chunk(from, status.received());
    case wire::STAGED:
    case wire::KEPT: return activate(from);
    case wire::ACTIVE: return note(from);
    default: return;
  }
}

void SettingsForwarding::send_chunk(NodeId edge, std::uint64_t offset) {
  if (offset >= settings_->bytes.size()) return;  // it is verifying
  wire::FieldMessage message;
  wire::PackageChunk& chunk = *message.mutable_chunk();
  chunk.set_kind(wire::SETTINGS);
  chunk.set_version(settings_->package.version);
  chunk.set_offset(offset);
  chunk.set_data(settings_->bytes.substr(offset, kMostChunkBytes));
  surroundings_.send(edge, message);
}

void SettingsForwarding::activate(NodeId edge) {
  wire::FieldMessage message;
  message.mutable_activate()->set_kind(wire::SETTINGS);
  message.mutable_activate()->set_version(settings_->package.version);
  surroundings_.send(edge, message);
}

void SettingsForwarding::note(NodeId edge) {
  std::vector<wire::Statement> statements;
  statements.push_back(statement(
      "UPDATE hub_edges SET settings_version = ?2, refused_settings = 0, refusal = '' WHERE node = ?1 AND "
      "(settings_version <> ?2 OR refused_settings <> 0)",
      edge.value(), settings_->package.version));
  surroundings_.database.write(std::move(statements), [](const Written&) {});
}

bool SettingsForwarding::is_noted(NodeId edge, const wire::PackageStatus& status) const {
  for (const auto& [name, row] : edges_.edges())
    if (row.node == edge && status.active() == status.version())
      return row.refused_settings == status.version() &&
             row.refusal == shortened(status.reason(), kMostReason) &&
             row.settings_version == status.active();
  return false;
}

// It has to be seen by who can mend it: the one who sent them.
void SettingsForwarding::note_refusal(NodeId edge, const wire::PackageStatus& status) {
  const std::uint64_t version = status.version();
  const bool is_forwarded = settings_ != nullptr && settings_->package.version == version;
  if (!is_forwarded && catalogue_.active_version(wire::SETTINGS) != version) return;
  if (!refused_.insert({edge, version}).second || is_noted(edge, status)) return;
  std::vector<wire::Statement> statements;
  statements.push_back(statement(
      "UPDATE hub_edges SET refused_settings = ?2, refusal = ?3, settings_version = ?4 WHERE node = ?1 "
      "AND (refused_settings <> ?2 OR refusal <> ?3 OR settings_version <> ?4)",
      edge.value(), version, shortened(status.reason(), kMostReason), status.active()));
  surroundings_.database.write(std::move(statements), [this, edge, version](const Written& written) {
    if (!written.ok()) refused_.erase({edge, version});  // it is asked again, and says it again
  });
}

}  // namespace lockstep::hub
