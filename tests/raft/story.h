// Plays one story file: `command args`, `----`, expected trace, blank line; # begins a comment.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/raft/host.h"

namespace lockstep::raft {

// Commands (nodes are numbers; links are written 1->2, `*` stands for all):
//   cluster N [key=value...]      N empty nodes; keys: append-bytes inflight tail-bytes unapplied-bytes
//                                 uncommitted-bytes
//   log N terms=1,1,2 [term=T] [vote=V] [commit=C] [applied=A]   restarts N with this on its disk
//   timeout N                     moves the clock to N's deadline and lets it pass
//   wait 50ms                     moves the clock, nothing else
//   deadline N                    the deadline input now, due or not
//   propose N word...             proposals with these words as data; one that begins with ! makes room
//   read N ID                     a linearizable read
//   step-down N
//   deliver LINK...  drop LINK...  duplicate LINK...    [only=K: the K-th message, counted from 1]
//   reverse LINK                  the messages on it change their order
//   work N [count]                the lane finishes writes and loads
//   apply N                       the state machine executes what it was given
//   drop-prefix N INDEX           entries before INDEX leave N's log
//   crash N   restart N           lose-log N FROM: while down, entries from FROM vanish from its disk
//   settle [N...]                 work, apply and deliver among these nodes (default all) until nothing is
//                                 left
//   status [N...]   network       quiet / loud: whether steps are shown
class Story {
 public:
  std::string run(std::string_view command);

 private:
  using Words = std::vector<std::string>;
  void cluster(const Words& words);
  void set_log(const Words& words);
  void timeout(Host& host);
  void propose(Host& host, const Words& words);
  void on_links(const Words& words, void (Story::*action)(std::size_t at));
  void deliver(std::size_t at);
  void drop(std::size_t at);
  void duplicate(std::size_t at);
  void reverse(const std::string& link);
  void settle(const Words& words);
  bool settle_once(const Words& words);
  void on_node(const std::string& verb, Host& host, const Words& words);

  void input(Host& host, decltype(Input::what) what);
  void show(Host& host, std::string_view input, const Effects& effects);
  void work(Host& host);
  void apply(Host& host);
  void start(Host& host);
  Host& host(const std::string& word);

  std::map<std::uint64_t, Host> hosts_;
  std::vector<Message> network_;  // in the order of sending
  Instant now_{};
  std::uint64_t proposals_ = 0;
  std::uint64_t starts_ = 0;
  bool is_quiet_ = false;
  std::string out_;
};

}  // namespace lockstep::raft
