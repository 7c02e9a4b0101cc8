// The verbs of stories, on hosts that deliver nothing unless told to.
#include "tests/raft/story.h"

#include <algorithm>
#include <charconv>

#include "base/check.h"
#include "core/raft/text.h"

namespace lockstep::raft {
namespace {

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    if (end > 0) words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  CHECK(result.ec == std::errc() && result.ptr != text.data(), "expected a number in the story, found '",
        text, "'");
  return value;
}

// The value of key=value among the words, or empty.
std::string option(const std::vector<std::string>& words, std::string_view key) {
  for (const std::string& word : words)
    if (word.starts_with(cat(key, "="))) return word.substr(key.size() + 1);
  return "";
}

std::uint64_t number_option(const std::vector<std::string>& words, std::string_view key,
                            std::uint64_t normally) {
  const std::string value = option(words, key);
  return value.empty() ? normally : number(value);
}

bool is_on(const std::string& link, const Message& message) {
  const std::size_t arrow = link.find("->");
  CHECK(arrow != std::string::npos, "expected a link like 1->2 in the story, found '", link, "'");
  const std::string from = link.substr(0, arrow);
  const std::string to = link.substr(arrow + 2);
  return (from == "*" || from == cat(message.from)) && (to == "*" || to == cat(message.to));
}

bool names(const std::vector<std::string>& words, NodeId node) {
  return words.empty() || std::find(words.begin(), words.end(), cat(node)) != words.end();
}

}  // namespace

std::string Story::run(std::string_view command) {
  out_.clear();
  Words words = split(command, ' ');
  const std::string verb = words.front();
  words.erase(words.begin());
  if (verb == "cluster")
    cluster(words);
  else if (verb == "log")
    set_log(words);
  else if (verb == "wait")
    now_ += std::chrono::milliseconds(number(words.at(0)));
  else if (verb == "deliver")
    on_links(words, &Story::deliver);
  else if (verb == "drop")
    on_links(words, &Story::drop);
  else if (verb == "duplicate")
    on_links(words, &Story::duplicate);
  else if (verb == "reverse")
    reverse(words.at(0));
  else if (verb == "settle")
    settle(words);
  else if (verb == "quiet" || verb == "loud")
    is_quiet_ = verb == "quiet";
  else if (verb == "network")
    for (const Message& message : network_) out_ += cat(to_text(message), "\n");
  else if (verb == "status") {
    for (auto& [id, host] : hosts_)
      if (names(words, host.id()))
        out_ += cat(id, ": ", host.is_up() ? to_text(host.core().view()) : "down", "\n");
  } else
    on_node(verb, host(words.at(0)), words);
  return out_.empty() ? "ok\n" : out_;
}

void Story::on_node(const std::string& verb, Host& host, const Words& words) {
  if (verb == "timeout")
    timeout(host);
  else if (verb == "deadline")
    input(host, DeadlineReached{});
  else if (verb == "propose")
    propose(host, words);
  else if (verb == "read")
    input(host, ReadRequest{ReadId(number(words.at(1)))});
  else if (verb == "step-down")
    input(host, StepDown{});
  else if (verb == "work")
    for (std::uint64_t left = words.size() > 1 ? number(words[1]) : 1000; left > 0 && host.has_work(); --left)
      work(host);
  else if (verb == "apply")
    apply(host);
  else if (verb == "crash")
    host.crash();
  else if (verb == "restart")
    start(host);
  else if (verb == "lose-log")
    host.disk().entries.resize(LogIndex(number(words.at(1))) - host.disk().first);
  else if (verb == "drop-prefix") {
    host.disk().drop_before(LogIndex(number(words.at(1))));
    input(host, PrefixDropped{host.disk().first, host.disk().previous_term});
  } else
    CHECK(false, "unknown command in the story: ", verb);
}

void Story::cluster(const Words& words) {
  std::vector<NodeId> voters;
  for (std::uint64_t at = 1; at <= number(words.at(0)); ++at) voters.push_back(NodeId(at));
  for (const NodeId voter : voters) {
    Config config{.self = voter, .voters = voters};
    config.max_append_bytes = number_option(words, "append-bytes", config.max_append_bytes);
    config.max_inflight_appends = number_option(words, "inflight", config.max_inflight_appends);
    config.max_tail_bytes = number_option(words, "tail-bytes", config.max_tail_bytes);
    config.max_unapplied_bytes = number_option(words, "unapplied-bytes", config.max_unapplied_bytes);
    config.max_uncommitted_bytes = number_option(words, "uncommitted-bytes", config.max_uncommitted_bytes);
    hosts_.emplace(voter.value(), Host(config));
  }
  for (auto& [id, host] : hosts_) start(host);
}

void Story::set_log(const Words& words) {
  Host& node = host(words.at(0));
  TestDisk disk;
  for (const std::string& term : split(option(words, "terms"), ',')) {
    const Term of(number(term));
    disk.entries.push_back({disk.end(), of, EntryKind::kCommand, SharedBytes(cat("t", term))});
    disk.hard_state.term = of;
  }
  disk.hard_state.term = Term(number_option(words, "term", disk.hard_state.term.value()));
  disk.hard_state.vote = NodeId(number_option(words, "vote", 0));
  disk.commit = LogIndex(number_option(words, "commit", 0));
  for (std::uint64_t at = 1; at <= number_option(words, "applied", 0); ++at)
    disk.machine.push_back(disk.at(LogIndex(at)));
  node.crash();
  node.disk() = disk;
  start(node);
}

// The first step of a life is always due; it is taken here, so that a story begins with what matters.
void Story::start(Host& node) {
  node.start(now_, ++starts_);
  input(node, DeadlineReached{});
}

void Story::timeout(Host& node) {
  now_ = std::max(now_, node.core().deadline());
  input(node, DeadlineReached{});
}

void Story::propose(Host& node, const Words& words) {
  Propose propose;
  for (std::size_t at = 1; at < words.size(); ++at)
    propose.proposals.push_back({.id = ProposalId(++proposals_),
                                 .kind = EntryKind::kCommand,
                                 .data = SharedBytes(words[at]),
                                 .makes_room = words[at].starts_with('!')});
  input(node, propose);
}

void Story::on_links(const Words& words, void (Story::*action)(std::size_t)) {
  const std::uint64_t only = number_option(words, "only", 0);
  for (const std::string& link : words) {
    if (link.starts_with("only=")) continue;
    std::size_t matching = 0;
    // What the action adds is not looked at: one pass over what is under way now.
    std::size_t left = network_.size();
    for (std::size_t at = 0; left > 0; --left) {
      const bool acts = is_on(link, network_[at]) && (++matching, only == 0 || only == matching);
      if (acts) (this->*action)(at);
      if (!acts || action == &Story::duplicate) ++at;
    }
  }
}

void Story::deliver(std::size_t at) {
  const Message message = network_[at];
  drop(at);
  Host& to = hosts_.at(message.to.value());
  if (to.is_up()) input(to, message);
}

void Story::drop(std::size_t at) { network_.erase(network_.begin() + static_cast<std::ptrdiff_t>(at)); }

void Story::duplicate(std::size_t at) { network_.push_back(network_[at]); }

void Story::reverse(const std::string& link) {
  std::vector<Message> chosen;
  std::vector<Message> others;
  for (Message& message : network_) (is_on(link, message) ? chosen : others).push_back(std::move(message));
  network_ = std::move(others);
  for (; !chosen.empty(); chosen.pop_back()) network_.push_back(std::move(chosen.back()));
}

void Story::settle(const Words& words) {
  for (int rounds = 0; settle_once(words); ++rounds) CHECK(rounds < 1000, "the story does not settle");
}

bool Story::settle_once(const Words& words) {
  bool did_something = false;
  for (auto& [id, node] : hosts_) {
    if (!node.is_up() || !names(words, node.id())) continue;
    for (; node.has_work(); did_something = true) work(node);
    for (; node.has_to_apply(); did_something = true) apply(node);
  }
  for (std::size_t at = 0; at < network_.size();) {
    const Message& message = network_[at];
    if (!names(words, message.from) || !names(words, message.to)) {
      ++at;
      continue;
    }
    deliver(at);
    did_something = true;
  }
  return did_something;
}

void Story::work(Host& node) {
  const Effects& effects = node.finish_work(now_);
  show(node, "work done", effects);
}

void Story::apply(Host& node) {
  const Effects& effects = node.apply_all(now_);
  show(node, cat("applied ", node.disk().applied()), effects);
}

void Story::input(Host& node, decltype(Input::what) what) {
  const std::string shown = to_text(Input{now_, what});
  show(node, shown, node.input(now_, std::move(what)));
}

void Story::show(Host& node, std::string_view shown, const Effects& effects) {
  for (Message& message : node.outbox) network_.push_back(std::move(message));
  node.outbox.clear();
  if (!is_quiet_) out_ += cat(node.id(), ": ", shown, "\n", to_text(effects, "     "));
}

Host& Story::host(const std::string& word) { return hosts_.at(number(word)); }

}  // namespace lockstep::raft
