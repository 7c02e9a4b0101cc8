// The workload's requests in the words of the public API; each message is filled again for the next call.
#include "bench/load/grpc_load.h"

#include <algorithm>
#include <cstdio>
#include <deque>
#include <memory>
#include <vector>

#include "base/check.h"
#include "bench/load/grpc_loop.h"
#include "lockstep/v1/database.grpc.pb.h"

namespace lockstep::bench {
namespace {

constexpr std::chrono::milliseconds kPatience{30'000};

void to_public(const wire::Statement& from, v1::Statement& to) {
  to.set_sql(from.sql());
  while (to.parameters_size() > from.parameters_size()) to.mutable_parameters()->RemoveLast();
  while (to.parameters_size() < from.parameters_size()) to.add_parameters();
  for (int at = 0; at < from.parameters_size(); ++at) {
    const wire::Value& value = from.parameters(at);
    if (value.has_integer()) to.mutable_parameters(at)->set_integer(value.integer());
    if (value.has_blob()) to.mutable_parameters(at)->set_blob(value.blob());
  }
}

struct Context {
  Context(const std::string& endpoint, Workload load, std::uint32_t count) : workload(std::move(load)) {
    for (std::uint32_t n = 0; n < count; ++n)
      connections.push_back(v1::Database::NewStub(open_channel(endpoint)));
  }
  grpc::CompletionQueue queue;
  std::vector<std::unique_ptr<v1::Database::Stub>> connections;
  Workload workload;
  wire::Request request;
};

class Execute final : public UnaryCall {
 public:
  Execute(Context& context, std::size_t number)
      : context_(context), stub_(*context.connections[number % context.connections.size()]) {}

 private:
  void send(grpc::ClientContext& client, grpc::Status& status) override {
    context_.workload.compose(context_.request);
    to_public(context_.request.write().write().statements(0), *request_.mutable_statement());
    reader_ = stub_.AsyncExecute(&client, request_, &context_.queue);
    reader_->Finish(&response_, &status, static_cast<UnaryCall*>(this));
  }
  std::string wrong_answer() const override {
    return response_.result().outcome() == v1::OUTCOME_OK ? "" : response_.result().message();
  }

  Context& context_;
  v1::Database::Stub& stub_;
  v1::ExecuteRequest request_;
  v1::ExecuteResponse response_;
  std::unique_ptr<grpc::ClientAsyncResponseReader<v1::ExecuteResponse>> reader_;
};

// All three steps are begun at once.
class Query final : public UnaryCall {
 public:
  Query(Context& context, std::size_t number)
      : context_(context), stub_(*context.connections[number % context.connections.size()]) {}

 private:
  int steps() const override { return 3; }
  void send(grpc::ClientContext& client, grpc::Status& status) override {
    context_.workload.compose(context_.request);
    const wire::QueryRequest& query = context_.request.query();
    to_public(query.statement(), *request_.mutable_statement());
    request_.set_consistency(query.level() == wire::LOCAL ? v1::CONSISTENCY_LOCAL
                                                          : v1::CONSISTENCY_LINEARIZABLE);
    response_.Clear();
    reader_ = stub_.PrepareAsyncQuery(&client, request_, &context_.queue);
    UnaryCall* tag = this;
    reader_->StartCall(tag);
    reader_->Read(&response_, tag);
    reader_->Finish(&status, tag);
  }
  std::string wrong_answer() const override {
    const bool good = response_.outcome() == v1::OUTCOME_OK && response_.rows_size() == 1;
    return good ? "" : cat("a read without its row: were the keys filled? ", response_.message());
  }

  Context& context_;
  v1::Database::Stub& stub_;
  v1::QueryRequest request_;
  v1::QueryResponse response_;
  std::unique_ptr<grpc::ClientAsyncReader<v1::QueryResponse>> reader_;
};

// One session; reads and writes have a tag each.
class Line {
 public:
  using Stream = grpc::ClientAsyncReaderWriter<v1::SessionRequest, v1::SessionResponse>;
  struct Tag {
    Line* line;
    void (Line::*event)();
  };

  Line(Context& context, v1::Database::Stub& stub, Meter& meter) : context_(context), meter_(meter) {
    client_.set_deadline(std::chrono::system_clock::now() + 10 * kPatience);
    stream_ = stub.PrepareAsyncSession(&client_, &context.queue);
    stream_->StartCall(&started_);
  }

  // Another write, as soon as the stream can take it.
  void add() {
    context_.workload.compose(context_.request);
    v1::SessionRequest::Write& write = *next_.add_writes();
    write.set_sequence(++sequence_);
    to_public(context_.request.write().write().statements(0), *write.add_statements());
    begun_.push_back(now());
  }
  void send() {
    if (sending_ || !started_once_ || (next_.writes_size() == 0 && !next_.has_open())) return;
    sending_ = true;
    sent_.Clear();
    sent_.Swap(&next_);
    stream_->Write(sent_, &written_);
  }
  // Of the last read.
  int answered() const { return response_.answers_size(); }
  void cancel() { client_.TryCancel(); }

 private:
  void on_started() {
    started_once_ = true;
    next_.mutable_open();
    send();
    stream_->Read(&response_, &read_);
  }
  void on_written() {
    sending_ = false;
    send();
  }
  void on_read() {
    const Moment at = now();
    for (const auto& answer : response_.answers()) {
      const std::uint64_t position = answer.sequence() - first_;
      CHECK(position < begun_.size(), "an answer to a write that nobody made");
      const bool good = answer.result().outcome() == v1::OUTCOME_OK;
      good ? meter_.succeeded(begun_[position], at)
           : meter_.failed(answer.has_error() ? answer.error().message() : answer.result().message());
      add();
    }
    // Answers come about in order, so that the oldest are soon of no use.
    while (begun_.size() > kRemembered) begun_.pop_front(), ++first_;
    send();
    stream_->Read(&response_, &read_);
  }

  static constexpr std::size_t kRemembered = 65'536;
  Context& context_;
  Meter& meter_;
  grpc::ClientContext client_;
  std::unique_ptr<Stream> stream_;
  v1::SessionRequest next_;
  v1::SessionRequest sent_;
  v1::SessionResponse response_;
  std::deque<Moment> begun_;
  std::uint64_t first_ = 1;  // the sequence that begun_ begins with
  std::uint64_t sequence_ = 0;
  bool started_once_ = false;
  bool sending_ = false;
  Tag started_{this, &Line::on_started};
  Tag written_{this, &Line::on_written};
  Tag read_{this, &Line::on_read};
};

}  // namespace

int run_grpc_unary(const std::string& endpoint, Workload workload, const Shape& shape) {
  const bool writes = workload.writes();
  Context context(endpoint, std::move(workload), shape.connections());
  return run_unary(context.queue, shape, [&](std::size_t number) -> std::unique_ptr<UnaryCall> {
    if (writes) return std::make_unique<Execute>(context, number);
    return std::make_unique<Query>(context, number);
  });
}

int run_grpc_stream(const std::string& endpoint, Workload workload, const Shape& shape) {
  Context context(endpoint, std::move(workload), shape.connections());
  Meter meter(shape);
  std::vector<std::unique_ptr<Line>> lines;
  for (const auto& stub : context.connections) lines.push_back(std::make_unique<Line>(context, *stub, meter));
  for (std::uint32_t n = 0; n < shape.outstanding; ++n) lines[n % lines.size()]->add();
  void* tag = nullptr;
  bool ok = false;
  while (context.queue.Next(&tag, &ok) && ok && meter.advance(now())) {
    const auto& event = *static_cast<Line::Tag*>(tag);
    (event.line->*event.event)();
  }
  if (!ok) {
    std::fputs("load: the stream has ended: is this the leader?\n", stderr);
  }
  for (const auto& line : lines) line->cancel();
  context.queue.Shutdown();
  while (context.queue.Next(&tag, &ok)) continue;
  return meter.report();
}

}  // namespace lockstep::bench
