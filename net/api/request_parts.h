// How many parts a request has, told from its bytes: two bytes of a message may stand for a hundred of
// memory.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/zero_copy_stream.h>

#include "base/bytes.h"

namespace lockstep::api {

// Statements and values of one request together; of JSON the same.
inline constexpr std::size_t kMostParts = 100'000;
inline constexpr char kTooManyParts[] =
    "expected at most 100000 statements and values in one request, found more, or damage";

// Whether it has more, or is damaged where they are counted. Nothing is allocated, and what is too short for
// so many is not looked at.
bool has_too_many_parts(BytesView message, const google::protobuf::Descriptor& kind);
bool has_too_many_parts(google::protobuf::io::ZeroCopyInputStream& message, std::size_t bytes,
                        const google::protobuf::Descriptor& kind);

}  // namespace lockstep::api
