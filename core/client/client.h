// The client side of the database, sans-I/O: sessions, sequences, leader discovery, retries and honest
// outcomes.
//
// Frames in, frames out, deadline published; used by workloads, shell, bench, hub and edge. Exactly-once as
// in thesis §6.3: every write has a session and a sequence, and a retry keeps both.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/prng.h"
#include "base/time.h"
#include "core/proto/client.pb.h"

namespace lockstep::client {

using CallId = Id<struct CallIdTag>;

struct Config {
  std::vector<NodeId> nodes;
  Duration attempt_timeout = std::chrono::milliseconds(1000);  // then the next node is asked
  // Of a read that any node may answer: after so long another one is asked as well, and again after twice as long.
  // Zero: as of every other call.
  Duration hedge_after{};
  Duration backoff_min = std::chrono::milliseconds(10);        // doubles per fruitless attempt, with jitter
  Duration backoff_max = std::chrono::milliseconds(500);
  std::uint64_t seed = 0;
  // Whether one attempt can reach its node twice, as the port of frames allows: then "not executed" is an answer to the
  // copy that came first, and nothing is certain of the other. One TCP connection at a time never doubles.
  bool frames_may_repeat = true;
  std::size_t max_request_bytes = 16 << 20;  // a larger one fails at once: no node would take it
};

struct WriteOptions {
  std::vector<wire::TableVersion> expected;
  wire::WriteMode mode = wire::DEFAULT_MODE;
  std::optional<Duration> pause_before_commit{};  // none: as the cluster is configured
};

struct ReadOptions {
  wire::ReadLevel level = wire::LINEARIZABLE;
  std::optional<NodeId> at;  // ask this node and no other
};

// What the caller may conclude.
enum class Conclusion : std::uint8_t {
  kDone = 1,    // answered; a write's own outcome is in the reply
  kFailed = 2,  // certainly without effect
  kUnknown =
      3,  // the write may have happened, or may still happen until a later write of this client is done
};

struct Completion {
  CallId id;
  Conclusion conclusion;
  wire::Reply reply;  // the last one that was received
};

struct Outgoing {
  NodeId to;
  Bytes payload;  // on Channel::kRequest
};

class Client {
 public:
  Client(Config config, Instant now);

  // Every call ends with exactly one completion, at `deadline` at the latest.
  CallId write(std::vector<wire::Statement> statements, WriteOptions options, Instant now, Instant deadline);
  CallId query(wire::Statement statement, ReadOptions options, Instant now, Instant deadline);
  CallId get_version(std::string table, std::optional<NodeId> at, Instant now, Instant deadline);
  CallId status(NodeId node, Instant now, Instant deadline);
  // May be executed once more if the answer gets lost, or by a new leader; that changes nothing.
  CallId maintain(wire::Maintain::What what, Instant now, Instant deadline);
  // Forgets the session on the servers; the next write opens another. All writes have completed (checked).
  CallId close_session(Instant now, Instant deadline);

  void on_reply(NodeId from, BytesView payload, Instant now);
  // What was sent to this node and not answered is lost: it cannot be reached, or the connection to it has ended. Hosts
  // that cannot tell need not. `may_have_arrived`: the node may have read it before that. Calls move on to another node
  // at once, and this one is asked last from now on; a call to this node alone fails when that has happened thrice.
  void on_unreachable(NodeId node, bool may_have_arrived, Instant now);
  // Ends all calls now, as their deadlines would; queries under way are withdrawn.
  void give_up();
  // One more node than the configuration names; nothing if that is known.
  void add_node(NodeId node);
  void on_deadline(Instant now);
  Instant deadline() const;

  std::vector<Outgoing> take_outgoing() { return std::exchange(outgoing_, {}); }
  std::vector<Completion> take_completions() { return std::exchange(completions_, {}); }

  std::uint64_t session() const { return session_; }
  // What has been answered last to a call that goes on all the same; nullptr: nothing yet.
  const wire::Reply* last_reply() const;
  // The sequence of a write that has not completed; 0 otherwise.
  std::uint64_t sequence(CallId id) const;

 private:
  struct Call {
    wire::Request request;
    std::optional<NodeId> at;
    Instant deadline = kNever;
    Instant next_attempt{};     // when to send (again); in flight: when to give this attempt up
    Instant timed = kNever;     // its place in timed_
    NodeId asked;               // the node of the attempt in flight; none: not in flight
    unsigned fruitless = 0;     // attempts in a row without progress
    unsigned losses = 0;        // how often the node was unreachable since it last answered
    bool follows_hint = false;  // the attempt was sent where another node had pointed
    bool maybe_executed = false;
    wire::Reply last_reply;
    bool is_write() const { return request.has_write(); }
  };
  using Calls = std::map<std::uint64_t, Call>;

  CallId submit(Call call, Instant now);
  void open_session(Instant now);
  Call& add(std::uint64_t number, Call call);
  // To be called whenever its next attempt, its flight or the session has changed.
  void set_timer(Call& call);
  void set_all_timers();
  std::vector<std::uint64_t> due(Instant now) const;
  void send_due(Instant now);
  bool tried_in_lost_session(const Call& call) const;
  void attempt(Call& call, Instant now);
  Duration patience_with(const Call& call) const;
  void withdraw(const Call& call);
  void retry(Call& call, Instant now);
  void retry_at(Call& call, NodeId hint, Instant now);
  void session_opened(std::uint64_t session);
  void session_refused(Calls::iterator opening);
  void session_lost(Calls::iterator call);
  void answer_write(Calls::iterator call, Instant now);
  void complete(Calls::iterator call, Conclusion conclusion);
  void forget(Calls::iterator call);
  Conclusion conclusion_at_deadline(const Call& call) const;
  std::uint64_t first_incomplete() const;
  NodeId target(const Call& call) const;
  void look_elsewhere(NodeId node);
  void turn_to_next_node();

  Config config_;
  // Each step costs the logarithm of what is outstanding: calls are found by number, by time and by sequence.
  using Timers = std::set<std::pair<Instant, std::uint64_t>>;
  Calls calls_;                         // by call number
  Timers timed_;                        // next attempts; writes that wait for a session are not among them
  Timers deadlines_;                    // of all calls
  std::set<std::uint64_t> incomplete_;  // sequences of the writes among the calls
  std::uint64_t next_call_ = 0;
  std::uint64_t session_ = 0;       // 0: not open
  std::uint64_t opening_call_ = 0;  // the call that opens it; 0: none
  std::uint64_t next_sequence_ = 0;
  NodeId leader_;  // best guess
  std::size_t next_node_ = 0;
  std::set<NodeId> unreachable_;  // never all nodes: then each is worth another try
  Stream jitter_;
  std::vector<Outgoing> outgoing_;
  std::vector<Completion> completions_;
};

}  // namespace lockstep::client
