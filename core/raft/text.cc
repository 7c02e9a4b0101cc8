// Index and term are always written index/term; what is zero or false is left out where it says nothing.
#include "core/raft/text.h"

#include "base/text.h"

namespace lockstep::raft {
namespace {

std::string at(LogIndex index, Term term) { return cat(index, "/", term); }

std::string entries_text(const std::vector<Entry>& entries) {
  std::string out = "[";
  for (const Entry& entry : entries) {
    if (out.size() > 1) out += ", ";
    out += to_text(entry);
  }
  return out + "]";
}

std::string node_text(NodeId node) { return node.is_none() ? "none" : cat(node); }

std::string body_text(const VoteRequest& request) {
  return cat(request.pre_vote ? "pre-vote?" : "vote?", " last=", at(request.last_index, request.last_term),
             request.leader_gave_way ? " leader gave way" : "");
}

std::string body_text(const VoteResponse& response) {
  return cat(response.pre_vote ? "pre-vote " : "vote ", response.granted ? "granted" : "refused");
}

std::string body_text(const AppendRequest& request) {
  return cat("append ", at(request.previous_index, request.previous_term), " ", entries_text(request.entries),
             " commit=", request.commit, " round=", request.round, " everywhere=", request.everywhere);
}

std::string body_text(const AppendResponse& response) {
  std::string out = response.success ? cat("ack match=", response.match)
                                     : cat("nack rejected=", response.rejected,
                                           " hint=", at(response.hint_index, response.hint_term));
  return cat(out, " round=", response.round, response.fenced ? " fenced" : "");
}

std::string body_text(const ReadIndexRequest& request) {
  return cat("read-index? context=", hex16(request.context));
}

std::string body_text(const ReadIndexResponse& response) {
  return cat("read-index context=", hex16(response.context),
             response.granted ? cat(" granted index=", response.index) : " refused");
}

std::string body_text(const TimeoutNow&) { return "timeout now"; }

std::string what_text(ProposalId id) { return cat("proposal ", id); }
std::string what_text(ReadId id) { return cat("read ", id); }

std::string input_text(const DeadlineReached&) { return "deadline"; }
std::string input_text(const Message& message) { return to_text(message); }
std::string input_text(const Propose& propose) {
  std::string out = "propose";
  for (const auto& one : propose.proposals) out += cat(" ", one.id, "=\"", one.data.view(), "\"");
  return out;
}
std::string input_text(const ReadRequest& request) { return cat("read ", request.id); }
std::string input_text(const Persisted& persisted) { return cat("persisted #", persisted.ticket); }
std::string input_text(const Loaded& loaded) {
  return cat("loaded ", loaded.first, " ", entries_text(loaded.entries));
}
std::string input_text(const Applied& applied) { return cat("applied ", applied.index); }
std::string input_text(const PrefixDropped& dropped) {
  return cat("prefix dropped, first=", dropped.first, " previous term ", dropped.previous_term);
}
std::string input_text(const StepDown&) { return "step down"; }

std::string persist_text(const Persist& persist) {
  std::string out = cat("persist #", persist.ticket);
  if (persist.hard_state)
    out += cat(" term=", persist.hard_state->term, " vote=", node_text(persist.hard_state->vote));
  if (persist.truncate_from) out += cat(" truncate-from=", *persist.truncate_from);
  if (!persist.entries.empty()) out += cat(" ", entries_text(persist.entries));
  return cat(out, " commit=", persist.commit);
}

std::string role_text(const RoleChanged& now) {
  return cat(to_string(now.role), " in term ", now.term, ", leader ", node_text(now.leader));
}

std::string rejected_text(const Rejected& rejected) {
  const std::string what = std::visit([](auto id) { return what_text(id); }, rejected.what);
  return cat("rejected ", what, ": ", to_string(rejected.reason), ", leader ", node_text(rejected.leader));
}

}  // namespace

std::string to_text(const Entry& entry) {
  const std::string place = at(entry.index, entry.term);
  return entry.kind == EntryKind::kNoop ? cat(place, " noop") : cat(place, " \"", entry.data.view(), "\"");
}

std::string to_text(const Message& message) {
  const std::string body = std::visit([](const auto& kind) { return body_text(kind); }, message.body);
  return cat(message.from, "->", message.to, " t", message.term, " ", body);
}

std::string to_text(const Input& input) {
  return std::visit([](const auto& what) { return input_text(what); }, input.what);
}

std::string to_text(const View& view) {
  return cat(to_string(view.role), " term=", view.term, " vote=", node_text(view.vote),
             " leader=", node_text(view.leader), " log=[", view.first, "..", view.last,
             "] durable=", view.durable, " commit=", view.commit, " given=", view.given,
             " applied=", view.applied, " everywhere=", view.everywhere, view.fenced ? " fenced" : "",
             view.can_serve ? " serving" : "");
}

std::string to_text(const Effects& effects, std::string_view indent) {
  std::string out;
  const auto line = [&](const auto&... parts) { out += cat(indent, parts..., "\n"); };
  if (effects.role_changed) line(role_text(*effects.role_changed));
  for (const Accepted& accepted : effects.accepted)
    line("accepted proposal ", accepted.id, " at ", at(accepted.index, accepted.term));
  if (effects.persist) line(persist_text(*effects.persist));
  for (const Message& message : effects.send_now) line("send ", to_text(message));
  for (const DelayedSend& delayed : effects.send_after)
    line("send after #", delayed.after, " ", to_text(delayed.message));
  for (const Load& load : effects.loads)
    line("load [", load.first, ", ", load.end, ") up to ", load.limit_bytes, " bytes");
  if (!effects.apply.empty()) line("apply ", entries_text(effects.apply));
  for (const ReadReady& ready : effects.reads_ready) line("read ", ready.id, " ready at ", ready.index);
  for (const Rejected& rejected : effects.rejected) line(rejected_text(rejected));
  if (effects.contradicted_by) line("contradicted by ", node_text(*effects.contradicted_by));
  if (effects.left_behind)
    line("left behind ", node_text(effects.left_behind->member), " by a log from ", effects.left_behind->first);
  return out;
}

}  // namespace lockstep::raft
