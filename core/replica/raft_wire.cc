// One small function per message and direction.
#include "core/replica/raft_wire.h"

#include <algorithm>

namespace lockstep::replica {
namespace {

void put(wire::RaftMessage& out, const raft::VoteRequest& in) {
  auto& body = *out.mutable_vote_request();
  body.set_pre_vote(in.pre_vote);
  body.set_last_index(in.last_index.value());
  body.set_last_term(in.last_term.value());
  body.set_leader_gave_way(in.leader_gave_way);
}

void put(wire::RaftMessage& out, const raft::VoteResponse& in) {
  auto& body = *out.mutable_vote_response();
  body.set_pre_vote(in.pre_vote);
  body.set_granted(in.granted);
}

constexpr std::size_t kMostBytesBesideData = 10 + 1 + 10;  // of an entry

Bytes encode(const std::vector<raft::Entry>& entries) {
  Bytes out;
  std::size_t bytes = 0;
  for (const raft::Entry& entry : entries) bytes += entry.data.size() + kMostBytesBesideData;
  out.reserve(bytes);
  ByteWriter writer(out);
  for (const raft::Entry& entry : entries)
    writer.varint(entry.term.value()).u8(static_cast<std::uint8_t>(entry.kind)).sized(entry.data.view());
  return out;
}

void put(wire::RaftMessage& out, const raft::AppendRequest& in) {
  auto& body = *out.mutable_append_request();
  body.set_previous_index(in.previous_index.value());
  body.set_previous_term(in.previous_term.value());
  if (!in.entries.empty()) body.set_entries(encode(in.entries));
  body.set_commit(in.commit.value());
  body.set_round(in.round);
  body.set_everywhere(in.everywhere.value());
}

void put(wire::RaftMessage& out, const raft::AppendResponse& in) {
  auto& body = *out.mutable_append_response();
  body.set_success(in.success);
  body.set_fenced(in.fenced);
  body.set_match(in.match.value());
  body.set_rejected(in.rejected.value());
  body.set_hint_index(in.hint_index.value());
  body.set_hint_term(in.hint_term.value());
  body.set_round(in.round);
}

void put(wire::RaftMessage& out, const raft::ReadIndexRequest& in) {
  out.mutable_read_index_request()->set_context(in.context);
}

void put(wire::RaftMessage& out, const raft::ReadIndexResponse& in) {
  auto& body = *out.mutable_read_index_response();
  body.set_context(in.context);
  body.set_granted(in.granted);
  body.set_index(in.index.value());
}

void put(wire::RaftMessage& out, const raft::TimeoutNow&) { out.mutable_timeout_now(); }

raft::VoteRequest get(const wire::VoteRequest& in) {
  return {.pre_vote = in.pre_vote(),
          .leader_gave_way = in.leader_gave_way(),
          .last_index = LogIndex(in.last_index()),
          .last_term = Term(in.last_term())};
}

raft::VoteResponse get(const wire::VoteResponse& in) {
  return {.pre_vote = in.pre_vote(), .granted = in.granted()};
}

// No node counts as far in a lifetime. Beyond it, neighbours and sums of terms and indexes could wrap around.
constexpr std::uint64_t kMostNumber = std::uint64_t{1} << 62;

bool is_countable(const wire::RaftMessage& in) {
  std::uint64_t most = std::max<std::uint64_t>(in.term(), in.vote_request().last_index());
  const wire::AppendRequest& append = in.append_request();
  for (const std::uint64_t number : {append.previous_index(), append.commit(), append.round(), append.everywhere()})
    most = std::max(most, number);
  const wire::AppendResponse& answer = in.append_response();
  for (const std::uint64_t number : {answer.match(), answer.rejected(), answer.hint_index(), answer.round()})
    most = std::max(most, number);
  most = std::max<std::uint64_t>(most, in.read_index_response().index());
  return most <= kMostNumber;
}

bool is_known(std::uint8_t kind) {
  return kind == static_cast<std::uint8_t>(raft::EntryKind::kNoop) ||
         kind == static_cast<std::uint8_t>(raft::EntryKind::kCommand);
}

// They share the block in which they came.
Result<std::vector<raft::Entry>> decode(Bytes block, LogIndex previous) {
  std::vector<raft::Entry> entries;
  const SharedBytes shared(std::move(block));
  ByteReader reader(shared.view());
  for (LogIndex index = previous.next(); !reader.at_end(); index = index.next()) {
    LOCKSTEP_TRY(term, reader.varint());
    LOCKSTEP_TRY(kind, reader.u8());
    LOCKSTEP_TRY(data, reader.sized());
    if (!is_known(kind)) return fail(ErrorCode::kCorrupt, cat("expected a known entry kind, found ", unsigned{kind}));
    entries.push_back({index, Term(term), static_cast<raft::EntryKind>(kind), shared.slice(data)});
  }
  return entries;
}

Result<raft::AppendRequest> get(wire::AppendRequest& in) {
  raft::AppendRequest out{.previous_index = LogIndex(in.previous_index()),
                          .previous_term = Term(in.previous_term()),
                          .entries = {},
                          .commit = LogIndex(in.commit()),
                          .round = in.round(),
                          .everywhere = LogIndex(in.everywhere())};
  if (in.entries().empty()) return out;
  LOCKSTEP_TRY(entries, decode(std::move(*in.mutable_entries()), out.previous_index));
  out.entries = std::move(entries);
  return out;
}

raft::AppendResponse get(const wire::AppendResponse& in) {
  return {.success = in.success(),
          .fenced = in.fenced(),
          .match = LogIndex(in.match()),
          .rejected = LogIndex(in.rejected()),
          .hint_index = LogIndex(in.hint_index()),
          .hint_term = Term(in.hint_term()),
          .round = in.round()};
}

raft::ReadIndexRequest get(const wire::ReadIndexRequest& in) { return {.context = in.context()}; }

raft::ReadIndexResponse get(const wire::ReadIndexResponse& in) {
  return {.context = in.context(), .granted = in.granted(), .index = LogIndex(in.index())};
}

}  // namespace

BytesView RaftWire::encode(GroupId group, const raft::Message& message,
                           std::span<const DigestReport> digests) {
  message_.Clear();
  message_.set_group(group.value());
  message_.set_term(message.term.value());
  std::visit([this](const auto& body) { put(message_, body); }, message.body);
  for (const DigestReport& digest : digests) {
    wire::DigestReport& item = *message_.add_digests();
    item.set_node(digest.node.value());
    item.set_index(digest.index.value());
    item.set_digest(digest.digest);
  }
  bytes_.clear();
  message_.AppendToString(&bytes_);
  return bytes_;
}

Result<PeerMessage> RaftWire::decode(NodeId from, NodeId to, BytesView payload) {
  if (!message_.ParseFromArray(payload.data(), static_cast<int>(payload.size())))
    return fail(ErrorCode::kCorrupt, cat("expected a RaftMessage from n", from, ", found bytes that do not parse"));
  if (!is_countable(message_))
    return fail(ErrorCode::kCorrupt, cat("expected terms and indexes of at most 2^62 from n", from));
  PeerMessage out{.group = GroupId(message_.group()), .message = {}, .digests = {}};
  out.message.from = from;
  out.message.to = to;
  out.message.term = Term(message_.term());
  for (const wire::DigestReport& item : message_.digests())
    out.digests.push_back({NodeId(item.node()), LogIndex(item.index()), item.digest()});
  using Wire = wire::RaftMessage;
  switch (message_.body_case()) {
    case Wire::kVoteRequest: out.message.body = get(message_.vote_request()); return out;
    case Wire::kVoteResponse: out.message.body = get(message_.vote_response()); return out;
    case Wire::kAppendRequest: {
      LOCKSTEP_TRY(request, get(*message_.mutable_append_request()));
      out.message.body = std::move(request);
      return out;
    }
    case Wire::kAppendResponse: out.message.body = get(message_.append_response()); return out;
    case Wire::kReadIndexRequest: out.message.body = get(message_.read_index_request()); return out;
    case Wire::kReadIndexResponse: out.message.body = get(message_.read_index_response()); return out;
    case Wire::kTimeoutNow: out.message.body = raft::TimeoutNow{}; return out;
    case Wire::BODY_NOT_SET: break;
  }
  return fail(ErrorCode::kCorrupt, cat("expected a RaftMessage with a body from n", from));
}

}  // namespace lockstep::replica
