// The service as gRPC sees it: requests come as bytes, which are read when it is known whose they are.
#pragma once

#include <grpcpp/grpcpp.h>

#include "base/result.h"
#include "lockstep/v1/database.grpc.pb.h"

namespace lockstep::api {

class RawDatabase final : public v1::Database::AsyncService {
 public:
  // Waits for a caller of a method by its name, with one request. `stream` takes the answer, of its own type.
  template <class Stream>
  void wait_for_request(const char* method, grpc::ServerContext& context, grpc::ByteBuffer& request,
                        Stream& stream, grpc::ServerCompletionQueue& queue, void* tag) {
    RequestAsyncUnary(place_of(method), &context, &request, &stream, &queue, &queue, tag);
  }
  // The same of a method with a stream of requests.
  template <class Stream>
  void wait_for_stream(const char* method, grpc::ServerContext& context, Stream& stream,
                       grpc::ServerCompletionQueue& queue, void* tag) {
    RequestAsyncBidiStreaming(place_of(method), &context, &stream, &queue, &queue, tag);
  }

 private:
  static int place_of(const char* method);
};

// Lets go of the bytes. kInvalidArgument: they are no such request, or have too many parts.
Status read_request(grpc::ByteBuffer& bytes, google::protobuf::Message& request);

}  // namespace lockstep::api
