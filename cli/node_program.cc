// Composition, in the order in which things can be refused: directory, ports, actor; then signals, in
// reverse.
#include "cli/node_program.h"

#include <google/protobuf/stubs/logging.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "base/check.h"
#include "base/text.h"
#include "cli/endpoint.h"
#include "cli/files.h"
#include "cli/http_site.h"
#include "cli/last_resort.h"
#include "cli/random_number.h"
#include "core/raft/types.h"
#include "net/descriptors.h"

namespace lockstep::cli {
namespace {

constexpr Duration kWatchInterval = std::chrono::seconds(1);
constexpr Duration kWatchOfRecovery = std::chrono::milliseconds(20);
constexpr std::size_t kTraceRingBytes = 64 << 20;

service::StandaloneConfig standalone_config(const config::NodeSettings& settings) {
  service::StandaloneConfig out;
  out.apply.sql.path = settings.database;
  out.apply.session_timeout = settings.limits.session_timeout;
  return out;
}

service::NodeConfig member_config(const config::NodeSettings& settings, const env::Env& env) {
  const config::Cluster& cluster = *settings.cluster;
  const config::Consensus& consensus = cluster.consensus;
  service::NodeConfig out;
  out.replica.raft.self = cluster.self;
  for (const config::Member& member : cluster.members) out.replica.raft.voters.push_back(member.id);
  out.replica.raft.election_timeout = consensus.election_timeout;
  out.replica.raft.heartbeat_interval = consensus.heartbeat_interval;
  out.replica.raft.seed = env.seed;
  out.replica.apply.sql.path = settings.database;
  out.replica.apply.session_timeout = settings.limits.session_timeout;
  out.replica.drop_prefix_entries = consensus.drop_prefix_entries;
  out.write_mode = consensus.write_mode == config::WriteMode::kStrong ? wire::STRONG : wire::QUORUM;
  out.transactions = {.pause_before_commit = consensus.pause_before_commit,
                      .durable_timeout = consensus.prepare_timeout};
  out.batch = {.max_entries = consensus.batch.max_entries,
               .max_bytes = consensus.batch.max_bytes,
               .max_delay = consensus.batch.max_delay};
  return out;
}

hub::HubConfig hub_config(const config::Hub& hub) {
  return {.credit = hub.credit,
          .most_intake_writes = hub::HubConfig{}.most_intake_writes,
          .deadline_windows = hub.deadline_windows,
          .resend_first = hub.resend_first,
          .resend_most = hub.resend_most,
          .kept_versions = hub.kept_versions,
          .report_interval = hub.report_interval,
          .retention = hub.retention,
          .retention_interval = hub.retention_interval,
          .retention_step = hub.retention_step};
}

api::Access access_of(config::Role role) {
  switch (role) {
    case config::Role::kEdge: return api::Access::kEdge;
    case config::Role::kRead: return api::Access::kRead;
    case config::Role::kWrite: return api::Access::kWrite;
    case config::Role::kAdmin: return api::Access::kAdmin;
  }
  return api::Access::kRead;
}

// As far as the configuration says; a hint without an address still says who leads.
std::map<NodeId, std::string> grpc_addresses(const config::NodeSettings& settings) {
  std::map<NodeId, std::string> out;
  if (!settings.cluster) return out;
  for (const config::Member& member : settings.cluster->members)
    if (member.grpc) out[member.id] = to_text(*member.grpc);
  out.try_emplace(settings.cluster->self, to_text(*settings.listen.grpc));
  return out;
}

Owner owner_of(const config::NodeSettings& settings) {
  if (!settings.cluster) return {.cluster = "", .node = NodeId(1)};
  return {.cluster = settings.cluster->name, .node = settings.cluster->self};
}

}  // namespace

NodeProgram::NodeProgram(config::NodeSettings settings, bool allow_faults,
                         std::shared_ptr<spdlog::logger> log, DiskWait& disk)
    : settings_(std::move(settings)),
      allow_faults_(allow_faults),
      log_(std::move(log)),
      disk_(disk),
      signals_(loop_.context()),
      presence_(log_) {}

// ---- start -----------------------------------------------------------------------------------------------

// Clients show a certificate or, where there are tokens, a token.
Status NodeProgram::open_security() {
  if (!settings_.tls) return {};
  const config::Tls& tls = *settings_.tls;
  LOCKSTEP_TRY(security, net::TlsSecurity::create({.authority = tls.ca,
                                                   .certificate = tls.certificate,
                                                   .key = tls.key,
                                                   .client_authority = tls.client_ca},
                                                  {.clients_need_certificates = settings_.tokens.empty()}));
  security_ = std::move(security);
  return {};
}

Status NodeProgram::start() {
  LOCKSTEP_TRY_STATUS(open_security());
  net::raise_descriptor_limit();
  LOCKSTEP_TRY_STATUS(take_tokens());
  LOCKSTEP_TRY_STATUS(claim_directory());
  LOCKSTEP_TRY_STATUS(open_trace());
  LOCKSTEP_TRY(native, listen(settings_.listen.native));
  take_signals();
  google::protobuf::SetLogHandler(nullptr);  // bytes of strangers that do not parse are no news
  sql::initialise_sqlite(random_number());
  if (settings_.hub) hub_news_ = std::make_unique<HubNews>(log_, trace_.get());
  host_ = std::make_unique<net::Host>(loop_, host_options(),
                                      [this](const env::Env& env) { return make_actor(env); });
  host_->filter_clients(api::make_client_filter(tokens_));
  LOCKSTEP_TRY_STATUS(open_faults());
  host_->transport().serve(std::move(native));
  LOCKSTEP_TRY_STATUS(open_grpc());
  LOCKSTEP_TRY_STATUS(open_http());
  host_->start();
  watch();
  return {};
}

Status NodeProgram::claim_directory() {
  const bool expect_data = settings_.cluster && settings_.cluster->expect_data;
  auto directory = DataDirectory::open(settings_.data, owner_of(settings_),
                                       {.database = settings_.database, .is_expected = expect_data});
  if (!directory) return std::unexpected(std::move(directory).error());
  directory_.emplace(std::move(*directory));
  return {};
}

Status NodeProgram::open_trace() {
  if (!allow_faults_) return {};
  const std::string path = cat(directory_->path(), "/", faults::kTraceRingFile);
  LOCKSTEP_TRY(trace, net::TraceRing::create(path, kTraceRingBytes, owner_of(settings_).node,
                                             directory_->incarnation()));
  trace_ = std::move(trace);
  return {};
}

Status NodeProgram::open_faults() {
  if (!allow_faults_) return {};
  log_->warn("faults are allowed: whoever may write to the data directory can break this node");
  LOCKSTEP_TRY(admin, faults::Admin::open(loop_, *host_, directory_->path(), remarks()));
  faults_ = std::move(admin);
  return {};
}

Status NodeProgram::take_tokens() {
  for (config::Token& token : settings_.tokens) {
    const api::Access access = access_of(token.role);
    if (token.sha256.empty()) {
      tokens_->add_token(token.name, access, token.token);
    } else {
      LOCKSTEP_TRY_STATUS(tokens_->add_sha256(token.name, access, token.sha256));
    }
    tokens_->bind_last_to(token.edges);
  }
  settings_.tokens.clear();  // only hashes are kept
  return {};
}

Status NodeProgram::open_grpc() {
  gateway_ = std::make_unique<api::Gateway>(loop_, *host_, api::GatewayOptions{.tokens = tokens_});
  if (!settings_.listen.grpc) return {};
  api::GrpcOptions options{.listen = endpoint_of(*settings_.listen.grpc),
                           .addresses = grpc_addresses(settings_),
                           .max_connections = settings_.limits.max_connections};
  if (settings_.tls) {
    LOCKSTEP_TRY(certificate, read_whole_file(settings_.tls->certificate));
    LOCKSTEP_TRY(key, read_whole_file(settings_.tls->key));
    LOCKSTEP_TRY(authority, read_whole_file(settings_.tls->client_ca));
    // Clients show a certificate or, where there are tokens, a token.
    options.tls = {std::move(certificate), std::move(key),
                   tokens_->is_open() ? std::move(authority) : std::string()};
  }
  grpc_ = std::make_unique<api::GrpcServer>(loop_);
  return grpc_->start(std::move(options), *gateway_);
}

Status NodeProgram::open_http() {
  if (!settings_.listen.http) return {};
  LOCKSTEP_TRY(acceptor, listen(*settings_.listen.http));
  api::HttpOptions options{.site = http_site(settings_), .security = security_.get()};
  options.limits.max_connections = settings_.limits.max_connections;
  if (hub_ != nullptr) options.hub = [hub = hub_] { return hub->report(); };
  http_ = std::make_unique<api::HttpGateway>(*gateway_, std::move(options));
  http_->serve(std::move(acceptor));
  return {};
}

Result<net::Tcp::acceptor> NodeProgram::listen(const config::Address& address) {
  return net::listen(loop_.context(), endpoint_of(address));
}

net::Log NodeProgram::remarks() const {
  return [log = log_](net::Tone tone, const std::string& line) {
    log->log(tone == net::Tone::kWarning ? spdlog::level::warn : spdlog::level::info, line);
  };
}

net::HostOptions NodeProgram::host_options() const {
  net::HostOptions out;
  out.place.self = owner_of(settings_).node;
  out.incarnation = directory_->incarnation();
  out.seed = random_number();
  out.data_directory = directory_->path();
  out.trace = hub_news_ ? static_cast<env::Trace*>(hub_news_.get()) : trace_.get();
  out.transport.kind = net::PartyKind::kMember;
  out.transport.boot = random_number();
  out.transport.identity = sql::sqlite_identity();
  out.transport.security = security_.get();
  out.transport.authenticate = api::make_authenticate(tokens_);
  out.transport.serves_field = settings_.hub.has_value();
  out.transport.limits.max_connections = settings_.limits.max_connections;
  out.log = remarks();
  if (!settings_.cluster) return out;
  out.place.cluster = config::cluster_id(settings_.cluster->name);
  for (const config::Member& member : settings_.cluster->members) {
    if (member.id != settings_.cluster->self) out.transport.peers[member.id] = endpoint_of(member.address);
  }
  return out;
}

std::unique_ptr<env::Actor> NodeProgram::make_actor(const env::Env& env) {
  if (!settings_.hub) return make_node(env, nullptr);
  const auto factory = [this](const env::Env& of_node, service::FeedSubscriber& hub) {
    return make_node(of_node, &hub);
  };
  auto process = std::make_unique<hub::HubProcess>(env, hub_config(*settings_.hub), factory);
  hub_ = process.get();
  return process;
}

// The hub wants to see rows that change; nobody else does.
std::unique_ptr<env::Actor> NodeProgram::make_node(const env::Env& env, service::FeedSubscriber* hub) {
  const auto finish = [&](auto node) -> std::unique_ptr<env::Actor> {
    node->feed().subscribe(*this);
    if (hub != nullptr) node->feed().subscribe(*hub);
    retiring_ = node.get();
    return node;
  };
  if (!settings_.cluster) {
    service::StandaloneConfig config = standalone_config(settings_);
    config.apply.sql.feed = hub != nullptr;
    return finish(std::make_unique<service::StandaloneNode>(env, std::move(config)));
  }
  service::NodeConfig config = member_config(settings_, env);
  config.replica.apply.sql.feed = hub != nullptr;
  return finish(std::make_unique<service::Node>(env, std::move(config)));
}

std::string NodeProgram::introduction() const {
  std::string out = settings_.hub ? "lockstep: hub, " : "lockstep: ";
  if (settings_.cluster) {
    const config::Cluster& cluster = *settings_.cluster;
    append_text(out, cat("node ", cluster.self, " of ", cluster.members.size(), " in cluster \"",
                         cluster.name, "\""));
  } else {
    append_text(out, "a node that stands alone");
  }
  append_text(out, cat(", start ", directory_->incarnation(), ", process ", getpid(), "; data in ",
                       settings_.data, "; native on ", to_text(settings_.listen.native)));
  if (settings_.listen.http) append_text(out, cat("; dashboard on ", to_text(*settings_.listen.http)));
  if (grpc_) append_text(out, cat(", gRPC on ", to_text(*settings_.listen.grpc)));
  return out;
}

// ---- life ------------------------------------------------------------------------------------------------

NodeProgram::Ending NodeProgram::run() {
  loop_.run();
  signals_.clear();  // nobody listens any more: from here a signal ends the process, as signals do
  http_.reset();
  grpc_.reset();
  gateway_.reset();
  faults_.reset();
  host_.reset();
  log_->flush();
  return ending_;
}

// In the turn in which the stores have been opened, so before anybody is answered.
void NodeProgram::on_recovered(const service::Recovered& recovered) {
  recovered_ = true;
  if (recovered.fenced) {
    log_->warn(
        "the log ends before entries that were committed: no vote from here until others have sent them");
  }
  if (const Status noted = directory_->note_data(settings_.database); !noted) end_with(noted.error());
}

void NodeProgram::end_with(const Error& error) {
  trouble_ = error;
  end(is_of_the_disk(error.code) ? Ending::kDiskFailed : Ending::kCannotBegin);
}

void NodeProgram::end(Ending ending) {
  ending_ = ending;
  loop_.stop();
}

void NodeProgram::on_role(const raft::RoleChanged& change) {
  if (!settings_.cluster) return;  // it leads itself, and nobody wonders
  const std::string leader = change.leader.is_none() ? "no leader" : cat("leader ", change.leader);
  // Without a leader nothing can be written: whoever reads warnings only should see that, and when it was
  // over.
  const bool is_news = change.leader.is_none() != leaderless_;
  leaderless_ = change.leader.is_none();
  log_->log(is_news && began_ && !leaving_ ? spdlog::level::warn : spdlog::level::info,
            cat("term ", change.term, ": ", to_string(change.role), ", ", leader));
  began_ |= !leaderless_;
}

void NodeProgram::on_left_behind(const raft::LeftBehind& behind) {
  log_->error(cat("node ", behind.member, " cannot follow: it has lost entries before ", behind.first,
                  " of the log, which it had acknowledged and nobody keeps any more (docs/format/data_directory.md)"));
}

void NodeProgram::watch() {
  const Error* failure = retiring_->failure();
  const bool may_recover = failure != nullptr && is_of_the_disk(failure->code);
  // Why one cannot begin is the process's last word.
  if (failure != nullptr && !leaving_ && !recovered_ && !may_recover) return end_with(*failure);
  // A failure stops the node and not the process, so that people and clients can ask it why.
  if (failure != nullptr && !std::exchange(told_of_failure_, true)) {
    log_->error(cat("this node has stopped: ", failure->message));
    if (may_recover) disk_.tell(*failure);
    if (may_recover) loop_.after(kPauseBetweenLives, [this] { watch_disk(); });
  }
  if (!leaving_ && !directory_->is_there()) {
    trouble_ = Error{ErrorCode::kIo,
                     "the directory was removed while it ran: nothing that it would write down would outlive it, so it "
                     "has stopped"};
    return end(Ending::kCannotBegin);
  }
  if (hub_ != nullptr) {
    const auto edges = hub_->presences();
    edges ? presence_.look(*edges) : presence_.forget();
  }
  spare_memory_.give_back();
  const bool goes_on = recovered_ || failure != nullptr;
  loop_.after(goes_on ? kWatchInterval : kWatchOfRecovery, [this] { watch(); });
}

// On the loop's thread: nobody is served anyway.
void NodeProgram::watch_disk() {
  if (leaving_) return;
  if (directory_->has_room()) return end(Ending::kDiskIsWell);
  loop_.after(kPauseBetweenLives, [this] { watch_disk(); });
}

// ---- end -------------------------------------------------------------------------------------------------

void NodeProgram::take_signals() {
  std::signal(SIGPIPE, SIG_IGN);  // a reader of our output that went away must not take the node along
  signals_.add(SIGTERM);
  signals_.add(SIGINT);
  signals_.async_wait([this](const net::IoError& error, int number) {
    if (!error) on_signal(number);
  });
}

void NodeProgram::on_signal(int number) {
  if (leaving_) {
    log_->warn("a second signal: ending at once");
    log_->flush();
    std::_Exit(1);
  }
  leaving_ = true;
  if (retiring_->failure() != nullptr) {
    log_->info("told to stop: this node had stopped before");
    return end(Ending::kLeft);
  }
  if (http_) http_->stop();
  log_->info(
      cat(number == SIGINT ? "interrupted" : "told to stop", ": no more writes, handing over, flushing"));
  signals_.async_wait([this](const net::IoError& error, int next) {
    if (!error) on_signal(next);
  });
  loop_.after(service::kPatienceWithLeaving, [this] {
    log_->warn("what was accepted could not be finished in time; nothing that was acknowledged is lost");
    log_->flush();
    std::_Exit(0);  // in good order it would wait for the statement that does not end
  });
  // Also if the loop has ended and a reader has not.
  end_within(std::chrono::ceil<std::chrono::seconds>(service::kPatienceWithLeaving) + kPatienceAtTheEnd, 0);
  host_->turn([this] {
    retiring_->retire([this] {
      if (const Error* failure = retiring_->failure()) {
        log_->error(cat("stopped, but its data could not be put away: ", failure->message));
        return end(Ending::kLeftUntidy);
      }
      log_->info("stopped in good order");
      end(Ending::kLeft);
    });
  });
}

}  // namespace lockstep::cli
