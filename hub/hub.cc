// Leadership, and the way of messages and rows to the parts.
#include "hub/hub.h"

#include <algorithm>

#include "base/field_numbers.h"
#include "hub/announcements.h"
#include "hub/events.h"
#include "hub/schema.h"
#include "hub/speakers.h"

namespace lockstep::hub {
namespace {

constexpr std::chrono::milliseconds kAskAgain{50};  // after the node could not answer

}  // namespace

Hub::Hub(const env::Env& env, HubConfig config, LocalDatabase& database)
    : env_(env),
      config_(std::move(config)),
      database_(database),
      surroundings_{env_, config_, database_},
      follower_(database, [this](const sql::RowChange& change) { on_row(change); }),
      edges_(surroundings_),
      intake_(surroundings_),
      in_force_(surroundings_, catalogue_),
      totals_(surroundings_),
      instructions_(surroundings_, edges_),
      decisions_(surroundings_, in_force_, totals_),
      packages_(surroundings_, catalogue_, edges_),
      forwarding_(surroundings_, catalogue_, edges_),
      reports_(surroundings_, {edges_, intake_, totals_, instructions_, packages_, catalogue_, in_force_}),
      retention_(surroundings_),
      parts_{&edges_,     &intake_,   &catalogue_,  &in_force_, &totals_,   &instructions_,
             &decisions_, &packages_, &forwarding_, &reports_,  &retention_} {
  database_.on_failure([this](BytesView words) {
    env_.trace.emit({kStatementFailed, {}, words});
    reports_.count_failed(words);
  });
}

// ---- the feed ----------------------------------------------------------------------------------------

void Hub::on_recovered(const service::Recovered&) { follower_.begin(surroundings_.now()); }

void Hub::on_rows(std::span<const sql::RowChange> changes) {
  for (const sql::RowChange& change : changes) {
    announce(change, env_.trace);
    if (change.table == kBlocks && !change.after.empty()) decisions_.on_block(change);
  }
  follower_.on_rows(changes);
  reports_.set_applied(changes.back().index);
}

void Hub::on_row(const sql::RowChange& change) {
  if (change.table == kSchemaTable) {
    if (!change.before.empty()) tables_.erase(schema_version_of(change.before));
    if (!change.after.empty()) tables_.insert(schema_version_of(change.after));
  }
  for (Part* part : parts_) part->on_row(change);
}

void Hub::on_role(const raft::RoleChanged& change) {
  const bool led = leads();
  leader_ = change.leader;
  term_ = change.term;
  leadership_ = change.role == raft::Role::kLeader ? Leadership::kElected : Leadership::kNone;
  if (!led) return;
  for (Part* part : parts_) part->on_follow();
}

// ---- leadership --------------------------------------------------------------------------------------

// A linearizable read returns when all that earlier leaders have committed is applied here.
void Hub::confirm() {
  leadership_ = Leadership::kConfirming;
  database_.query(statement("SELECT 1"), wire::LINEARIZABLE, [this, term = term_](const Read& read) {
    if (term_ != term || leadership_ != Leadership::kConfirming) return;
    leadership_ = read.ok() ? Leadership::kConfirmed : Leadership::kElected;
    if (!read.ok()) again_ = surroundings_.now() + kAskAgain;
  });
}

void Hub::make_tables() {
  leadership_ = Leadership::kMakingTables;
  database_.write(schema_statements(version_of_tables()), [this, term = term_](const Written& written) {
    if (term_ != term || leadership_ != Leadership::kMakingTables) return;
    leadership_ = Leadership::kConfirmed;
    if (!written.ok()) again_ = surroundings_.now() + kAskAgain;
  });
}

void Hub::advance_leadership() {
  if (surroundings_.now() < again_ && again_ != kNever) return;
  again_ = kNever;
  if (leadership_ == Leadership::kElected) confirm();
  if (leadership_ != Leadership::kConfirmed || !follower_.loaded()) return;
  if (version_of_tables() < kSchemaVersion) return make_tables();
  leadership_ = Leadership::kLeads;
  reports_.set_term(term_);
  for (Part* part : parts_) part->on_lead();
  for (const auto& [name, edge] : edges_.edges()) welcome(edge.node);  // they need not find out by themselves
}

// ---- turns -------------------------------------------------------------------------------------------

void Hub::act() {
  const Instant now = surroundings_.now();
  follower_.act(now);
  if (follower_.loaded() && !std::exchange(known_, true))
    for (Part* part : parts_) part->on_known();
  advance_leadership();
  for (Part* part : parts_) part->act(now, leads());
}

// Who does not lead waits for nothing but to know its tables and to load what is in force: the other parts
// would be woken for something that they do not do then.
Instant Hub::deadline() const {
  Instant next = std::min({follower_.deadline(), again_, in_force_.deadline()});
  if (!leads()) return next;
  for (const Part* part : parts_) next = std::min(next, part->deadline());
  return next;
}

// ---- messages ----------------------------------------------------------------------------------------

void Hub::on_field(NodeId from, BytesView payload) {
  wire::FieldMessage message;
  if (!message.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) return;
  // Nothing has a meaning for who does not lead; the sender learns who does.
  if (!leads()) return welcome(from);
  if (std::string reason = objection_to(from, message); !reason.empty())
    return refuse(from, std::move(reason));
  if (message.has_hello()) return hello(from, message.hello());
  if (field_kind(from) == FieldKind::kEdge && !edges_.has_greeted(from)) return ask_who(from);
  edges_.heard(from);
  route(from, message);
}

void Hub::hello(NodeId from, const wire::Hello& hello) {
  if (std::string reason = edges_.on_hello(from, hello); !reason.empty()) {
    refuse(from, std::move(reason));
    // Its place is for the process to which the number belongs.
    return env_.transport.forget(from);
  }
  welcome(from);
  intake_.on_hello(from);
  totals_.on_hello(hello);
  instructions_.on_hello(hello);
  forwarding_.on_hello(hello);
}

// Whoever bore this number under another leader, or before its row was deleted, need not be who bears it now.
void Hub::ask_who(NodeId from) {
  wire::FieldMessage message;
  message.mutable_hello_wanted();
  surroundings_.send(from, message);
}

void Hub::refuse(NodeId from, std::string reason) {
  env_.trace.emit({kFieldRefused, {from.value()}, reason});
  reports_.count_refused(reason);
  wire::FieldMessage message;
  message.mutable_refused()->set_reason(std::move(reason));
  surroundings_.send(from, message);
}

void Hub::welcome(NodeId to) {
  wire::FieldMessage message;
  wire::Welcome& welcome = *message.mutable_welcome();
  welcome.set_leads(leads());
  welcome.set_leader(leader_.value());
  welcome.set_credit(intake_.credit());
  surroundings_.send(to, message);
}

void Hub::route(NodeId from, wire::FieldMessage& message) {
  switch (message.what_case()) {
    case wire::FieldMessage::kBatch:
      decisions_.on_clock(from, message.batch().sent_ns());
      return intake_.on_batch(from, *message.mutable_batch());
    case wire::FieldMessage::kInstructionAck: return instructions_.on_ack(from, message.instruction_ack());
    case wire::FieldMessage::kResult: return instructions_.on_result(from, message.result());
    case wire::FieldMessage::kPackage: return packages_.on_package(from, message.package());
    case wire::FieldMessage::kChunk: return packages_.on_chunk(from, message.chunk());
    case wire::FieldMessage::kActivate: return packages_.on_activate(from, message.activate());
    case wire::FieldMessage::kPackageStatus: return forwarding_.on_status(from, message.package_status());
    case wire::FieldMessage::kTelemetry: return reports_.on_telemetry(from, message.telemetry());
    default: return;  // not for a hub, or nothing that it would act on
  }
}

}  // namespace lockstep::hub
