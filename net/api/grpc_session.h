// The stream of pipelined writes of one session.
#pragma once

#include <functional>
#include <set>
#include <unordered_map>

#include "net/api/grpc_desk.h"

namespace lockstep::api {

// Owns itself, like UnaryCall. At most one read and one write are on their way; answers that become ready
// meanwhile leave together.
class SessionCall final : public GrpcWaiter {
 public:
  static void wait_for_caller(GrpcDesk& desk) { new SessionCall(desk); }

  void on_reply(std::uint64_t call, wire::Reply& reply, const std::optional<NodeFacts>& facts) override;
  // Whatever is due: send, read, close, end.
  void on_turn_end() override;

 private:
  struct Tag final : GrpcTag {
    explicit Tag(std::function<void(bool)> on) : on_(std::move(on)) {}
    void on_event(bool ok) override { on_(ok); }
    std::function<void(bool)> on_;
  };
  enum class Opening { kNotYet, kAsked, kDone };
  enum class Closing { kNotWanted, kWanted, kAsked };

  explicit SessionCall(GrpcDesk& desk);
  ~SessionCall() override { desk_.ended(); }

  void on_caller(bool ok);
  void on_read(bool ok);
  void on_written(bool ok);

  void touched();
  void take_request();
  void open(std::uint64_t session);
  void take_writes();
  void write(v1::SessionRequest::Write& write);
  void on_opened(const wire::Reply& reply);
  void on_closed(const wire::Reply& reply);
  void answer(std::uint64_t sequence, wire::Reply& reply);
  void fail_stream(const grpc::Status& status);

  bool may_read() const;
  bool is_over() const;
  void ask_to_close();

  GrpcDesk& desk_;
  grpc::ServerContext context_;
  grpc::ServerAsyncReaderWriter<v1::SessionResponse, grpc::ByteBuffer> stream_;
  Tag caller_tag_{[this](bool ok) { on_caller(ok); }};
  Tag read_tag_{[this](bool ok) { on_read(ok); }};
  Tag write_tag_{[this](bool ok) { on_written(ok); }};
  Tag finish_tag_{[this](bool) { delete this; }};

  Access access_ = Access::kRead;
  std::uint64_t session_ = 0;
  Opening opening_ = Opening::kNotYet;
  Closing closing_ = Closing::kNotWanted;
  bool reading_ = false;
  bool writing_ = false;
  bool reads_done_ = false;  // nothing more will be taken from the client
  bool broken_ = false;      // nothing reaches the client any more
  bool touched_ = false;     // its turn's end is asked for
  grpc::Status end_;         // how the stream ends when all is done

  grpc::ByteBuffer bytes_;  // of the request that is being read
  v1::SessionRequest request_;
  v1::SessionResponse ready_;                                // waits for its turn
  v1::SessionResponse sending_;                              // gRPC has it
  std::unordered_map<std::uint64_t, std::uint64_t> writes_;  // call to sequence, unanswered
  std::multiset<std::uint64_t> unanswered_;                  // their sequences
};

void wait_for_session_callers(GrpcDesk& desk);

}  // namespace lockstep::api
