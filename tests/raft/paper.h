// One core that is spoken to by hand: the ground of the tests by section of the paper and the dissertation.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "tests/raft/host.h"

namespace lockstep::raft {

inline constexpr Instant kStart{};
inline const NodeId kSelf(1);
inline const NodeId kOther(2);
inline const NodeId kThird(3);

// Node 1 of three, with a log whose entries have these terms.
class Paper : public ::testing::Test {
 protected:
  void start(std::vector<std::uint64_t> terms = {}, std::uint64_t term = 0, std::uint64_t commit = 0) {
    TestDisk disk;
    for (const std::uint64_t of : terms)
      disk.entries.push_back({disk.end(), Term(of), EntryKind::kCommand, {}});
    disk.hard_state.term = Term(std::max(term, terms.empty() ? 0 : terms.back()));
    disk.commit = LogIndex(commit);
    for (LogIndex index(1); index <= disk.commit; index = index.next())
      disk.machine.push_back(disk.at(index));
    host_.emplace(Config{.self = kSelf, .voters = {kSelf, kOther, kThird}}, disk);
    host_->start(now_, 7);
    step(DeadlineReached{});
    finish_work();
  }

  const Effects& step(decltype(Input::what) what) { return host_->input(now_, std::move(what)); }
  const Effects& hear(NodeId from, std::uint64_t term, decltype(Message::body) body) {
    return step(Message{from, kSelf, Term(term), std::move(body)});
  }
  void finish_work() {
    while (host_->has_work()) host_->finish_work(now_);
  }
  void pass_deadline() {
    now_ = host_->core().deadline();
    step(DeadlineReached{});
  }
  void become_candidate() {
    pass_deadline();
    hear(kOther, view().term.value() + 1, VoteResponse{.pre_vote = true, .granted = true});
    finish_work();
  }
  void become_leader() {
    become_candidate();
    hear(kOther, view().term.value(), VoteResponse{.pre_vote = false, .granted = true});
  }
  void propose(Bytes data) {
    Propose propose;
    propose.proposals.push_back({ProposalId(1), EntryKind::kCommand, SharedBytes(std::move(data))});
    step(propose);
  }
  void acknowledge(NodeId from, std::uint64_t match) {
    hear(from, view().term.value(), AppendResponse{.success = true, .match = LogIndex(match)});
  }
  static AppendRequest append(std::uint64_t previous, std::uint64_t previous_term,
                              std::vector<std::uint64_t> terms, std::uint64_t commit = 0) {
    AppendRequest request{.previous_index = LogIndex(previous), .previous_term = Term(previous_term)};
    for (const std::uint64_t term : terms)
      request.entries.push_back({LogIndex(++previous), Term(term), EntryKind::kCommand, {}});
    request.commit = LogIndex(commit);
    return request;
  }

  View view() const { return host_->core().view(); }
  // Messages that left since the last call.
  std::vector<Message> sent() { return std::exchange(host_->outbox, {}); }
  template <class Body>
  std::vector<Body> sent_bodies() {
    std::vector<Body> bodies;
    for (const Message& message : sent())
      if (const auto* body = std::get_if<Body>(&message.body)) bodies.push_back(*body);
    return bodies;
  }
  std::vector<std::uint64_t> log_terms() const {
    std::vector<std::uint64_t> terms;
    for (const Entry& entry : host_->disk().entries) terms.push_back(entry.term.value());
    return terms;
  }

  Instant now_ = kStart;
  std::optional<Host> host_;
};

}  // namespace lockstep::raft
