// Events of a stream change its state; the end of the turn acts on it.
#include "net/api/grpc_session.h"

#include <algorithm>
#include <utility>

namespace lockstep::api {
namespace {

constexpr int kBusy = 16;

bool is_empty(const v1::SessionResponse& response) {
  return !response.has_opened() && !response.has_closed() && response.answers_size() == 0;
}

}  // namespace

SessionCall::SessionCall(GrpcDesk& desk) : desk_(desk), stream_(&context_) {
  desk_.began();
  desk_.service().wait_for_stream("Session", context_, stream_, desk_.queue(), &caller_tag_);
}

void SessionCall::touched() {
  if (!std::exchange(touched_, true)) desk_.later(*this);
}

void SessionCall::on_caller(bool ok) {
  if (!ok) {
    delete this;
    return;
  }
  wait_for_caller(desk_);
  const auto access = desk_.admit(context_);
  if (access) {
    access_ = *access;
  } else {
    fail_stream(refuse_token(access.error()));
  }
  touched();
}

// ---- what the client sends ---------------------------------------------------------------------------

void SessionCall::on_read(bool ok) {
  reading_ = false;
  if (!ok) reads_done_ = true;
  if (!reads_done_) take_request();
  touched();
}

void SessionCall::take_request() {
  if (const Status read = read_request(bytes_, request_); !read)
    return fail_stream(desk_.refuse(context_, bad_request(read.error().message), false));
  const bool opens = request_.has_open();
  if (opens && opening_ == Opening::kNotYet) return open(request_.open().session());
  if (!opens && opening_ == Opening::kDone) return take_writes();
  fail_stream(
      desk_.refuse(context_, bad_request("expected `open` in the first message, and only there"), false));
}

void SessionCall::open(std::uint64_t session) {
  if (session == 0) {
    wire::Request request;
    request.mutable_open_session();
    opening_ = Opening::kAsked;
    desk_.ask(*this, request, access_, desk_.limits().call_timeout);
  } else {
    opening_ = Opening::kDone;
    session_ = session;
    ready_.mutable_opened()->set_session(session);
    take_writes();
  }
}

void SessionCall::take_writes() {
  for (v1::SessionRequest::Write& each : *request_.mutable_writes()) write(each);
  if (!request_.has_close()) return;
  closing_ = Closing::kWanted;
  reads_done_ = true;
}

void SessionCall::write(v1::SessionRequest::Write& write) {
  const std::uint64_t sequence = write.sequence();
  unanswered_.insert(sequence);
  if (write.first_incomplete() == 0) write.set_first_incomplete(*unanswered_.begin());
  auto request = to_wire(write, session_);
  if (request) {
    writes_.emplace(desk_.ask(*this, *request, access_, desk_.longest_wait(*request)), sequence);
  } else {
    wire::Reply reply = bad_request(request.error().message);
    answer(sequence, reply);
  }
}

// ---- what the node answers ---------------------------------------------------------------------------

void SessionCall::on_reply(std::uint64_t call, wire::Reply& reply, const std::optional<NodeFacts>&) {
  if (opening_ == Opening::kAsked) {
    on_opened(reply);
  } else if (closing_ == Closing::kAsked) {
    on_closed(reply);
  } else {
    const auto asked = writes_.extract(call);
    answer(asked.mapped(), reply);
  }
  touched();
}

void SessionCall::on_opened(const wire::Reply& reply) {
  opening_ = Opening::kDone;
  if (reply.status() != wire::DONE) return fail_stream(desk_.refuse(context_, reply, false));
  session_ = reply.session();
  ready_.mutable_opened()->set_session(session_);
  take_writes();
}

void SessionCall::on_closed(const wire::Reply& reply) {
  closing_ = Closing::kNotWanted;
  if (reply.status() != wire::DONE) return fail_stream(desk_.refuse(context_, reply, false));
  ready_.mutable_closed();
}

void SessionCall::answer(std::uint64_t sequence, wire::Reply& reply) {
  unanswered_.erase(unanswered_.find(sequence));
  if (broken_) return;
  v1::SessionResponse::Answer& out = *ready_.add_answers();
  out.set_sequence(sequence);
  if (reply.status() == wire::DONE) {
    from_wire(*reply.mutable_write(), *out.mutable_result());
  } else {
    *out.mutable_error() = desk_.detail_of(reply, true);
  }
}

void SessionCall::on_written(bool ok) {
  writing_ = false;
  if (!ok) {
    broken_ = true;
    reads_done_ = true;
    ready_.Clear();
  }
  touched();
}

// No read is on its way where this is called.
void SessionCall::fail_stream(const grpc::Status& status) {
  end_ = status;
  reads_done_ = true;
}

// ---- what is due -------------------------------------------------------------------------------------

// A client that does not read its answers is not read either.
bool SessionCall::may_read() const {
  const std::size_t kept = writes_.size() + static_cast<std::size_t>(ready_.answers_size());
  return !reading_ && !reads_done_ && opening_ != Opening::kAsked &&
         kept < desk_.limits().session_outstanding;
}

bool SessionCall::is_over() const {
  return reads_done_ && !reading_ && !writing_ && writes_.empty() && opening_ != Opening::kAsked &&
         closing_ == Closing::kNotWanted;
}

void SessionCall::ask_to_close() {
  wire::Request request;
  request.mutable_close_session()->set_session(session_);
  closing_ = Closing::kAsked;
  desk_.ask(*this, request, access_, desk_.limits().call_timeout);
}

void SessionCall::on_turn_end() {
  touched_ = false;
  if (closing_ == Closing::kWanted && writes_.empty()) ask_to_close();
  if (!writing_ && !is_empty(ready_)) {
    writing_ = true;
    sending_.Clear();
    sending_.Swap(&ready_);
    stream_.Write(sending_, &write_tag_);
  }
  if (may_read()) {
    reading_ = true;
    stream_.Read(&bytes_, &read_tag_);
  }
  if (is_over()) stream_.Finish(end_, &finish_tag_);
}

void wait_for_session_callers(GrpcDesk& desk) {
  for (int caller = 0; caller < kBusy; ++caller) SessionCall::wait_for_caller(desk);
}

}  // namespace lockstep::api
