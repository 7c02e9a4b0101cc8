// Turns: frames, alarms, finished jobs and released probes reach the actor; then what it sent leaves
// together.
#include "net/host.h"

#include "base/check.h"
#include "base/prng.h"

namespace lockstep::net {
namespace {

constexpr Purpose kActorSeed{"net.host.actor_seed"};
constexpr Purpose kLinkSeed{"net.host.link_seed"};

}  // namespace

Host::Host(EventLoop& loop, HostOptions options, const Factory& factory)
    : loop_(loop),
      options_(std::move(options)),
      alarm_(loop.context(), clock_, [this] { turn([this] { actor_->on_alarm(); }); }),
      disk_(options_.data_directory),
      links_(loop, draw(options_.seed, kLinkSeed, options_.place.self.value(), options_.incarnation.value())),
      tcp_(
          loop, options_.place, options_.transport,
          [this](const Party& from, Channel channel, BytesView payload) { on_frame(from, channel, payload); },
          options_.log),
      router_(*this),
      probes_([this](const std::function<void()>& work) { turn(work); }),
      self_(std::make_shared<Host*>(this)),
      lanes_(std::make_unique<ThreadLanes>(loop,
                                           [this](std::unique_ptr<env::Job> job) {
                                             turn([this, &job] { actor_->on_job_done(std::move(job)); });
                                           })),
      env_{.self = options_.place.self,
           .incarnation = options_.incarnation,
           .seed = draw(options_.seed, kActorSeed, options_.place.self.value(), options_.incarnation.value()),
           .clock = clock_,
           .alarm = alarm_,
           .transport = router_,
           .disk = disk_,
           .lanes = *lanes_,
           .probe = probes_,
           .trace = options_.trace != nullptr ? *options_.trace : no_trace_},
      actor_(factory(env_)) {
  tcp_.on_client_gone([this](NodeId client) { client_gone(client); });
}

Host::~Host() {
  *self_ = nullptr;
  disk_.abandon();
  lanes_.reset();
  actor_.reset();
}

void Host::client_gone(NodeId client) {
  turn([this, client] { actor_->on_client_gone(client); });
}

void Host::detach_local(NodeId id) {
  locals_.erase(id);
  loop_.post([self = self_, id] {
    if (*self != nullptr) (*self)->client_gone(id);
  });
}

void Host::start() {
  turn([this] { actor_->start(); });
}

void Host::turn(const std::function<void()>& code) {
  code();
  end_turn_soon();
}

// Behind everything that is ready now, so that what arrives together is answered together.
void Host::end_turn_soon() {
  if (std::exchange(turn_open_, true)) return;
  asio::post(loop_.context(), [self = self_] {
    if (*self != nullptr) (*self)->end_turn();
  });
}

void Host::end_turn() {
  turn_open_ = false;
  actor_->on_turn_end();
  tcp_.flush();
  for (const Local& local : std::exchange(to_locals_, {})) {
    const auto found = locals_.find(local.to);
    if (found == locals_.end()) continue;
    const auto receive = found->second;  // it may detach itself
    (*receive)(local.channel, local.payload);
  }
  if (lanes_->run_brief_jobs()) end_turn_soon();
}

void Host::send(NodeId to, Channel channel, BytesView payload) {
  if (locals_.contains(to)) {
    to_locals_.push_back({to, channel, Bytes(payload)});
    end_turn_soon();
    return;
  }
  if (links_.empty()) return tcp_.send(to, channel, payload);
  // Rules know clients by the names that they call themselves.
  const NodeId name = tcp_.doorkeeper().name_of(to);
  links_.outgoing(name.is_none() ? to : name, channel, payload,
                  [this, to](NodeId, Channel of, BytesView bytes) {
                    tcp_.send(to, of, bytes);
                    end_turn_soon();
                  });
}

void Host::on_frame(const Party& from, Channel channel, BytesView payload) {
  if (filter_ && !from.is_member) {
    if (const auto answer = filter_(from, channel, payload)) {
      if (!answer->why.empty()) tcp_.say_forbidden(from, answer->why);
      tcp_.send(from.id, answer->channel, answer->answer);
      return end_turn_soon();
    }
  }
  if (links_.empty()) return receive(from.id, channel, payload);
  links_.incoming(from.name, channel, payload,
                  [this, id = from.id](NodeId, Channel of, BytesView bytes) { receive(id, of, bytes); });
}

void Host::receive(NodeId from, Channel channel, BytesView payload) {
  actor_->on_message(from, channel, payload);
  end_turn_soon();
}

void Host::deliver(NodeId from, Channel channel, BytesView payload) { receive(from, channel, payload); }

}  // namespace lockstep::net
