// The places of methods, and reading.
#include "net/api/grpc_raw.h"

#include <grpcpp/support/proto_buffer_reader.h>

#include "base/check.h"
#include "net/api/request_parts.h"

namespace lockstep::api {

int RawDatabase::place_of(const char* method) {
  static const auto& kService = *v1::ExecuteRequest::descriptor()->file()->FindServiceByName("Database");
  const auto* found = kService.FindMethodByName(method);
  CHECK(found != nullptr, "no method ", method);
  return found->index();
}

Status read_request(grpc::ByteBuffer& bytes, google::protobuf::Message& request) {
  grpc::ByteBuffer taken;
  taken.Swap(&bytes);
  {
    grpc::ProtoBufferReader counted(&taken);
    if (has_too_many_parts(counted, taken.Length(), *request.GetDescriptor()))
      return fail(ErrorCode::kInvalidArgument, kTooManyParts);
  }
  grpc::ProtoBufferReader in(&taken);
  if (!in.status().ok() || !request.ParseFromZeroCopyStream(&in))
    return fail(ErrorCode::kInvalidArgument,
                cat("expected a ", request.GetDescriptor()->full_name(), ", found bytes that do not parse"));
  return {};
}

}  // namespace lockstep::api
