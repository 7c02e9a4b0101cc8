// Sending, judging, arriving.
#include "sim/network.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace lockstep::sim {
namespace {

constexpr Purpose kLink{"sim.net.link"};
constexpr Purpose kLatency{"sim.net.latency"};
constexpr Purpose kCopyLatency{"sim.net.copy_latency"};
constexpr Purpose kFlippedBit{"sim.net.flipped_bit"};

std::uint64_t number_of(DropReason reason) { return static_cast<std::uint64_t>(reason); }
std::uint64_t number_of(Channel channel) { return static_cast<std::uint64_t>(channel); }
std::uint64_t number_of(Duration duration) { return static_cast<std::uint64_t>(duration.count()); }

}  // namespace

void Network::add_host(NodeId node, ClusterId cluster, Endpoint& endpoint) {
  CHECK(find_host(node) == hosts_.size(), "node ", node, " exists");
  const std::size_t before = hosts_.size();
  hosts_.push_back({node, cluster, &endpoint});
  std::vector<Link> links(hosts_.size() * hosts_.size());
  for (std::size_t from = 0; from < hosts_.size(); ++from)
    for (std::size_t to = 0; to < hosts_.size(); ++to) {
      Link& made = links[from * hosts_.size() + to];
      made.seed = draw(seed_, kLink, hosts_[from].node.value(), hosts_[to].node.value());
      made.latency = latency_;
      if (from < before && to < before) made = links_[from * before + to];
    }
  links_ = std::move(links);
}

void Network::set_latency(NodeId from, NodeId to, Latency latency) {
  const std::size_t sender = find_host(from);
  const std::size_t receiver = find_host(to);
  CHECK(sender < hosts_.size() && receiver < hosts_.size(), "link ", from, " to ", to);
  link(sender, receiver).latency = latency;
}

Network::RuleId Network::add_rule(std::unique_ptr<LinkRule> rule) {
  rules_.push_back({next_rule_, std::move(rule)});
  return next_rule_++;
}

void Network::remove_rule(RuleId id) {
  const auto removed = std::erase_if(rules_, [id](const Rule& rule) { return rule.id == id; });
  CHECK(removed == 1, "no rule ", id);
}

void Network::send(NodeId from, NodeId to, Channel channel, BytesView payload) {
  const std::size_t sender = find_host(from);
  const std::size_t receiver = find_host(to);
  CHECK(sender < hosts_.size(), "node ", from);
  const std::uint64_t message = next_message_++;
  const std::size_t size = kFrameHeaderBytes + payload.size();
  record(sender, {kFrameSent, {message, to.value(), number_of(channel), size}});
  if (receiver == hosts_.size()) {
    record(sender, {kFrameDropped, {message, from.value(), to.value(), number_of(DropReason::kNoSuchHost)}});
    return;
  }
  Link& over = link(sender, receiver);
  const FrameFacts facts{from, to, channel, size, scheduler_.now(), over.seed, over.ordinal++};
  const Verdict verdict = judge(facts);
  if (verdict.kind == Verdict::Kind::kDrop) {
    record(sender, {kFrameDropped, {message, from.value(), to.value(), number_of(verdict.reason)}});
    return;
  }
  const FrameTicket ticket = take_ticket();
  InFlight& frame = frames_[ticket];
  frame.message = message;
  frame.from = sender;
  frame.to = receiver;
  frame.is_lost = false;
  encode_frame({hosts_[sender].cluster, from, to, channel}, payload, frame.bytes);
  carry(ticket, facts, verdict, over);
}

void Network::carry(FrameTicket ticket, const FrameFacts& facts, const Verdict& verdict, Link& over) {
  const std::uint64_t message = frames_[ticket].message;
  const std::size_t sender = frames_[ticket].from;
  const std::uint64_t to = facts.to.value();
  SimTime arrival = facts.now + over.latency.from(facts.bits(kLatency));
  switch (verdict.kind) {
    case Verdict::Kind::kPass:
    case Verdict::Kind::kDrop: break;
    case Verdict::Kind::kReorder:
      record(sender, {kFrameReordered, {message, to, number_of(verdict.extra)}});
      schedule_arrival(arrival + verdict.extra, ticket);
      return;
    case Verdict::Kind::kDelay:
      record(sender, {kFrameDelayed, {message, to, number_of(verdict.extra)}});
      arrival += verdict.extra;
      break;
    case Verdict::Kind::kCorrupt: corrupt(ticket, facts); break;
    case Verdict::Kind::kDuplicate: record(sender, {kFrameDuplicated, {message, to}}); break;
  }
  over.last_arrival = std::max(over.last_arrival, arrival);
  schedule_arrival(over.last_arrival, ticket);
  if (verdict.kind != Verdict::Kind::kDuplicate) return;
  const FrameTicket copy = take_ticket();
  frames_[copy] = frames_[ticket];
  const Duration again = verdict.extra + over.latency.from(facts.bits(kCopyLatency));
  schedule_arrival(over.last_arrival + again, copy);
}

void Network::schedule_arrival(SimTime at, FrameTicket frame) {
  frames_[frame].is_under_way = true;
  scheduler_.schedule(at, *this, frame);
}

std::uint64_t Network::reset(NodeId a, NodeId b) {
  const std::size_t first = find_host(a);
  const std::size_t second = find_host(b);
  CHECK(first < hosts_.size() && second < hosts_.size(), "link ", a, " to ", b);
  std::uint64_t lost = 0;
  for (InFlight& frame : frames_) {
    const bool is_between =
        (frame.from == first && frame.to == second) || (frame.from == second && frame.to == first);
    if (!is_between || !frame.is_under_way || frame.is_lost) continue;
    frame.is_lost = true;
    ++lost;
    record(frame.from, {kFrameDropped,
                        {frame.message, hosts_[frame.from].node.value(), hosts_[frame.to].node.value(),
                         number_of(DropReason::kConnectionReset)}});
  }
  link(first, second).last_arrival = scheduler_.now();
  link(second, first).last_arrival = scheduler_.now();
  return lost;
}

void Network::corrupt(FrameTicket ticket, const FrameFacts& facts) {
  InFlight& frame = frames_[ticket];
  const std::uint64_t bit = below(facts.bits(kFlippedBit), frame.bytes.size() * 8);
  frame.bytes[bit / 8] ^= static_cast<char>(1u << (bit % 8));
  record(frame.from, {kFrameCorrupted, {frame.message, facts.to.value(), bit}});
}

void Network::on_event(std::uint64_t token) {
  const auto ticket = static_cast<FrameTicket>(token);
  InFlight& frame = frames_[ticket];
  frame.is_under_way = false;
  if (frame.is_lost) return release(ticket);
  hosts_[frame.to].endpoint->on_arrival(ticket);
}

void Network::open(FrameTicket ticket) {
  const Host& host = hosts_[frames_[ticket].to];
  // Sending from inside on_frame may move frames_, not the bytes of a string that is longer than a header.
  const auto frame = decode_frame(frames_[ticket].bytes);
  if (!frame) return drop(ticket, DropReason::kDamaged);
  if (frame->header.cluster != host.cluster) return drop(ticket, DropReason::kOtherCluster);
  if (frame->header.to != host.node) return drop(ticket, DropReason::kOtherNode);
  ++delivered_;
  const FrameHeader& header = frame->header;
  record(frames_[ticket].to,
         {kFrameDelivered, {frames_[ticket].message, header.from.value(), number_of(header.channel)}});
  host.endpoint->on_frame(header.from, header.channel, frame->payload);
  release(ticket);
}

void Network::drop(FrameTicket ticket, DropReason reason) {
  const InFlight& frame = frames_[ticket];
  record(frame.to, {kFrameDropped,
                    {frame.message, hosts_[frame.from].node.value(), hosts_[frame.to].node.value(),
                     number_of(reason)}});
  release(ticket);
}

std::size_t Network::find_host(NodeId node) const {
  std::size_t at = 0;
  while (at < hosts_.size() && hosts_[at].node != node) ++at;
  return at;
}

Verdict Network::judge(const FrameFacts& facts) {
  for (const Rule& rule : rules_)
    if (const auto verdict = rule.rule->judge(facts)) return *verdict;
  return {};
}

FrameTicket Network::take_ticket() {
  if (free_.empty()) {
    frames_.emplace_back();
    return static_cast<FrameTicket>(frames_.size() - 1);
  }
  const FrameTicket ticket = free_.back();
  free_.pop_back();
  return ticket;
}

void Network::record(std::size_t host, const env::Event& event) {
  recorder_.record(scheduler_.now(), hosts_[host].node, hosts_[host].endpoint->incarnation(), event);
}

}  // namespace lockstep::sim
