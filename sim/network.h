// The simulated network: carries encoded frames between hosts, with latency and whatever the rules decide.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/frame.h"
#include "base/latency.h"
#include "sim/link_rules.h"
#include "sim/recorder.h"
#include "sim/scheduler.h"

namespace lockstep::sim {

// Names a frame under way, for as long as it is under way.
using FrameTicket = std::uint32_t;

// A host's end of the network.
class Endpoint {
 public:
  virtual ~Endpoint() = default;
  // The frame is here. Pass the ticket to Network::open or Network::drop now or later, exactly once.
  virtual void on_arrival(FrameTicket frame) = 0;
  // A sound frame for this host, inside Network::open.
  virtual void on_frame(NodeId from, Channel channel, BytesView payload) = 0;
  virtual Incarnation incarnation() const = 0;
};

// One direction between two hosts delivers in order, like a TCP connection: a delayed frame holds back
// what was sent after it, except when the verdict is kReorder. Frames under way survive the death of
// their sender and of their receiver's incarnation. Rules judge a frame when it is sent.
class Network final : private Receiver {
 public:
  using RuleId = std::uint64_t;

  Network(Scheduler& scheduler, Recorder& recorder, std::uint64_t seed, Latency latency)
      : scheduler_(scheduler), recorder_(recorder), seed_(seed), latency_(latency) {}

  // Endpoints outlive the run.
  void add_host(NodeId node, ClusterId cluster, Endpoint& endpoint);
  // Replaces the base latency of one direction; both hosts exist (checked).
  void set_latency(NodeId from, NodeId to, Latency latency);
  // Rules are asked in the order in which they were added.
  RuleId add_rule(std::unique_ptr<LinkRule> rule);
  void remove_rule(RuleId rule);

  void send(NodeId from, NodeId to, Channel channel, BytesView payload);
  // Decodes an arrived frame, gives it to its endpoint or drops it, and forgets it.
  void open(FrameTicket frame);
  void drop(FrameTicket frame, DropReason reason);
  // Resets the connections between the two, both ways: what is under way is lost, and what is sent afterwards
  // waits for nothing. The frames that were lost.
  std::uint64_t reset(NodeId a, NodeId b);

  std::uint64_t sent() const { return next_message_ - 1; }
  std::uint64_t delivered() const { return delivered_; }

 private:
  struct Host {
    NodeId node;
    ClusterId cluster;
    Endpoint* endpoint;
  };
  struct Link {
    std::uint64_t seed = 0;
    std::uint64_t ordinal = 0;
    SimTime last_arrival{};
    Latency latency;
  };
  struct InFlight {
    Bytes bytes;
    std::uint64_t message = 0;
    std::size_t from = 0;  // positions in hosts_
    std::size_t to = 0;
    bool is_under_way = false;
    bool is_lost = false;  // by a reset: its arrival is still in the queue
  };
  struct Rule {
    RuleId id;
    std::unique_ptr<LinkRule> rule;
  };

  void on_event(std::uint64_t token) override;
  std::size_t find_host(NodeId node) const;
  Link& link(std::size_t from, std::size_t to) { return links_[from * hosts_.size() + to]; }
  Verdict judge(const FrameFacts& facts);
  FrameTicket take_ticket();
  void carry(FrameTicket frame, const FrameFacts& facts, const Verdict& verdict, Link& over);
  void corrupt(FrameTicket frame, const FrameFacts& facts);
  void release(FrameTicket frame) { free_.push_back(frame); }
  void schedule_arrival(SimTime at, FrameTicket frame);
  void record(std::size_t host, const env::Event& event);

  Scheduler& scheduler_;
  Recorder& recorder_;
  std::uint64_t seed_;
  Latency latency_;
  std::vector<Host> hosts_;
  std::vector<Link> links_;  // hosts_.size() squared
  std::vector<Rule> rules_;
  RuleId next_rule_ = 1;
  std::vector<InFlight> frames_;
  std::vector<FrameTicket> free_;
  std::uint64_t next_message_ = 1;
  std::uint64_t delivered_ = 0;
};

}  // namespace lockstep::sim
