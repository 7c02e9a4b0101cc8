// A check is answered at once; a watch sleeps until the status changes or its client goes.
#include "net/api/grpc_health.h"

#include <optional>

namespace lockstep::api {
namespace {

constexpr int kCallers = 4;

}  // namespace

// Owns itself, like UnaryCall.
class GrpcHealth::Check final : public GrpcTag {
 public:
  explicit Check(GrpcHealth& health) : health_(health), writer_(&context_) {
    GrpcDesk& desk = health_.desk_;
    desk.began();
    health_.service_.RequestCheck(&context_, &request_, &writer_, &desk.queue(), &desk.queue(), this);
  }

  void on_event(bool ok) override {
    if (answered_ || !ok) {
      delete this;
      return;
    }
    new Check(health_);
    answered_ = true;
    Response response;
    response.set_status(health_.status_of(request_.service()));
    if (response.status() == Response::SERVICE_UNKNOWN)
      return writer_.FinishWithError({grpc::StatusCode::NOT_FOUND, "no such service"}, this);
    writer_.Finish(response, grpc::Status::OK, this);
  }

 private:
  ~Check() override { health_.desk_.ended(); }

  GrpcHealth& health_;
  grpc::ServerContext context_;
  Request request_;
  grpc::ServerAsyncResponseWriter<Response> writer_;
  bool answered_ = false;
};

// Owns itself: gone when it is finished and gRPC has told that the call is done.
class GrpcHealth::Watch final : public GrpcTag {
 public:
  explicit Watch(GrpcHealth& health) : health_(health), writer_(&context_) {
    GrpcDesk& desk = health_.desk_;
    desk.began();
    context_.AsyncNotifyWhenDone(&done_);  // not told if nobody comes
    health_.service_.RequestWatch(&context_, &request_, &writer_, &desk.queue(), &desk.queue(), this);
  }

  void on_event(bool ok) override {
    if (state_ == State::kWaiting && !ok) {
      delete this;
      return;
    }
    if (state_ == State::kWaiting) {
      new Watch(health_);
      health_.watches_.insert(this);
    }
    const bool finished = state_ == State::kFinishing;
    state_ = finished ? State::kFinished : State::kIdle;
    broken_ = broken_ || !ok;
    update();
  }

  // Tells the status if it is another one than was told, or ends, when nothing is on its way.
  void update() {
    if (state_ == State::kFinished && done_.happened) {
      delete this;
    } else if (state_ == State::kIdle && (broken_ || done_.happened || health_.stopping_)) {
      state_ = State::kFinishing;
      writer_.Finish({grpc::StatusCode::UNAVAILABLE, "this node is shutting down"}, this);
    } else if (const auto status = health_.status_of(request_.service());
               state_ == State::kIdle && told_ != status) {
      state_ = State::kWriting;
      told_ = status;
      Response response;
      response.set_status(status);
      writer_.Write(response, this);
    }
  }

 private:
  enum class State { kWaiting, kIdle, kWriting, kFinishing, kFinished };
  struct Done final : GrpcTag {
    explicit Done(Watch& of) : watch(of) {}
    void on_event(bool) override {
      happened = true;
      watch.update();
    }
    Watch& watch;
    bool happened = false;
  };

  ~Watch() override {
    health_.watches_.erase(this);
    health_.desk_.ended();
  }

  GrpcHealth& health_;
  State state_ = State::kWaiting;
  bool broken_ = false;  // nothing reaches the client any more
  std::optional<Response::ServingStatus> told_;
  Done done_{*this};
  grpc::ServerContext context_;
  Request request_;
  grpc::ServerAsyncWriter<Response> writer_;
};

GrpcHealth::Response::ServingStatus GrpcHealth::status_of(const std::string& service) const {
  if (!service.empty() && service != v1::Database::service_full_name()) return Response::SERVICE_UNKNOWN;
  return serving_ ? Response::SERVING : Response::NOT_SERVING;
}

void GrpcHealth::wait_for_callers() {
  for (int caller = 0; caller < kCallers; ++caller) {
    new Check(*this);
    new Watch(*this);
  }
}

void GrpcHealth::set(bool serving) {
  serving_ = serving;
  for (Watch* watch : watches_) watch->update();
}

void GrpcHealth::stop() {
  stopping_ = true;
  for (Watch* watch : watches_) watch->update();
}

}  // namespace lockstep::api
