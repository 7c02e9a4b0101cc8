// What members send: decoded, and put before consensus, between its own deadlines and writes.
#include "base/check.h"
#include "core/replica/raft_wire.h"
#include "tests/fuzz/targets.h"
#include "tests/raft/host.h"

namespace lockstep::fuzz {
namespace {

constexpr NodeId kSelf{1};
constexpr std::size_t kMostSteps = 200;

class Member {
 public:
  Member() { host_.start(now_, 1); }

  void hear(NodeId from, BytesView payload) {
    replica::RaftWire wire;
    auto message = wire.decode(from, kSelf, payload);
    if (!message) {
      CHECK(!message.error().message.empty(), "no sentence");
      return;
    }
    const Bytes bytes(wire.encode(message->group, message->message, message->digests));
    CHECK(wire.decode(from, kSelf, bytes), "what is understood can be sent on");
    host_.input(now_, message->message);
  }
  void wait() {
    now_ = std::max(now_, host_.core().deadline());
    host_.input(now_, raft::DeadlineReached{});
  }
  void propose(BytesView data) {
    raft::Propose proposal;
    proposal.proposals.push_back({.id = raft::ProposalId(++proposals_),
                                  .kind = raft::EntryKind::kCommand,
                                  .data = SharedBytes(Bytes(data))});
    host_.input(now_, std::move(proposal));
  }
  void work() {
    while (host_.has_work()) host_.finish_work(now_);
    if (host_.has_to_apply()) host_.apply_all(now_);
    host_.outbox.clear();
  }

 private:
  Instant now_{std::chrono::seconds(1)};
  std::uint64_t proposals_ = 0;
  raft::Host host_{raft::Config{.self = kSelf, .voters = {NodeId(1), NodeId(2), NodeId(3)}, .seed = 1}};
};

}  // namespace

// Steps: a byte that says what happens, and for messages and proposals, their sized bytes.
void raft_message(BytesView input) {
  Member member;
  ByteReader in(input);
  for (std::size_t step = 0; step < kMostSteps && !in.at_end(); ++step) {
    switch (const std::uint8_t what = *in.u8() % 5; what) {
      case 0: member.wait(); break;
      case 1: member.work(); break;
      default: {
        const auto bytes = in.sized();
        if (!bytes) return;
        what == 2 ? member.propose(*bytes) : member.hear(NodeId(what - 1), *bytes);
      }
    }
  }
  member.work();
}

}  // namespace lockstep::fuzz
