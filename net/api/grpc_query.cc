// One chunk is on its way at a time; the next one leaves when gRPC has taken it.
#include "net/api/grpc_query.h"

namespace lockstep::api {
namespace {

constexpr int kBusy = 64;

}  // namespace

QueryCall::QueryCall(GrpcDesk& desk) : desk_(desk), writer_(&context_) {
  desk_.began();
  context_.AsyncNotifyWhenDone(&departure_);
  desk_.service().wait_for_request("Query", context_, bytes_, writer_, desk_.queue(), this);
}

QueryCall::~QueryCall() {
  desk_.let_go(*this);
  desk_.ended();
}

void QueryCall::on_event(bool ok) {
  if (state_ == State::kWaiting && !ok) {
    delete this;  // nobody came, so nobody departs
  } else if (state_ == State::kFinished) {
    state_ = State::kSent;
    delete_if_over();
  } else if (state_ == State::kWaiting) {
    wait_for_caller(desk_);
    on_caller();
  } else if (ok && !dropped_) {
    send_chunk();
  } else {
    finish(grpc::Status::CANCELLED);
  }
}

// The query is ended at the node, too.
void QueryCall::on_departure() {
  departed_ = true;
  if (state_ == State::kAsking && context_.IsCancelled() && desk_.withdraw(call_))
    return finish(grpc::Status::CANCELLED);
  delete_if_over();
}

void QueryCall::delete_if_over() {
  if (departed_ && state_ == State::kSent) delete this;
}

// What has been given to gRPC is under way; its event says that it has failed.
void QueryCall::drop() {
  wire::Reply().Swap(&reply_);
  dropped_ = true;
  context_.TryCancel();
}

void QueryCall::on_caller() {
  state_ = State::kAsking;
  const auto access = desk_.admit(context_);
  if (!access) return finish(refuse_token(access.error()));
  const Status read = read_request(bytes_, request_);
  auto request = read ? to_wire(request_) : std::unexpected(read.error());
  if (!request) return finish(desk_.refuse(context_, bad_request(request.error().message), false));
  call_ = desk_.ask(*this, *request, *access, desk_.time_left(context_, *request), context_.peer());
}

void QueryCall::on_reply(std::uint64_t, wire::Reply& reply, const std::optional<NodeFacts>&) {
  if (reply.status() != wire::DONE) return finish(desk_.refuse(context_, reply, false));
  reply_.Swap(&reply);
  const Duration age(reply_.query().staleness_ns());
  if (request_.max_staleness_ms() > 0 && age > std::chrono::milliseconds(request_.max_staleness_ms())) {
    v1::ErrorDetail detail = desk_.detail_of(reply_, false);
    detail.set_reason(v1::REASON_STALE);
    detail.set_message(cat("this node has not heard the leader for ", lockstep::to_string(age)));
    return finish(to_status(detail));
  }
  state_ = State::kSending;
  desk_.hold(*this, reply_.SpaceUsedLong());
  if (dropped_) return finish(grpc::Status::CANCELLED);
  from_wire(*reply_.mutable_query(), chunk_);
  send_chunk();
}

void QueryCall::send_chunk() {
  auto& rows = *reply_.mutable_query()->mutable_rows()->mutable_rows();
  std::size_t bytes = 0;
  while (next_row_ < rows.size() &&
         static_cast<std::size_t>(chunk_.rows_size()) < desk_.limits().chunk_rows &&
         bytes < desk_.limits().chunk_bytes) {
    wire::Row& row = rows[next_row_++];
    bytes += row.ByteSizeLong();
    from_wire(row, *chunk_.add_rows());
  }
  if (next_row_ < rows.size()) {
    writer_.Write(chunk_, this);
  } else {
    state_ = State::kFinished;
    writer_.WriteAndFinish(chunk_, {}, grpc::Status::OK, this);
  }
  chunk_.Clear();
}

void QueryCall::finish(const grpc::Status& status) {
  state_ = State::kFinished;
  writer_.Finish(status, this);
}

void wait_for_query_callers(GrpcDesk& desk) {
  for (int caller = 0; caller < kBusy; ++caller) QueryCall::wait_for_caller(desk);
}

}  // namespace lockstep::api
