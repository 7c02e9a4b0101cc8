// A walk over fields by their descriptors.
#include "net/api/request_parts.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/wire_format_lite.h>

#include <climits>

namespace lockstep::api {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

constexpr std::size_t kLeastBytes = 2;  // of a part

class PartCounter {
 public:
  explicit PartCounter(CodedInputStream& in) : in_(in) {}

  // No: it stopped at one too many, or at damage. As deep as the protocol's messages are.
  bool count(const Descriptor& kind) {
    for (std::uint32_t tag = in_.ReadTag(); tag != 0; tag = in_.ReadTag())
      if (!count(kind.FindFieldByNumber(WireFormatLite::GetTagFieldNumber(tag)), tag)) return false;
    return in_.ConsumedEntireMessage();
  }

 private:
  // `field`: none: not of this protocol, but kept.
  bool count(const FieldDescriptor* field, std::uint32_t tag) {
    const auto type = WireFormatLite::GetTagWireType(tag);
    if (type == WireFormatLite::WIRETYPE_START_GROUP) return false;  // nobody sends any
    const bool is_message = field != nullptr && field->type() == FieldDescriptor::TYPE_MESSAGE;
    const bool takes_memory = field == nullptr || is_message || field->is_repeated();
    if (takes_memory && ++parts_ > kMostParts) return false;
    if (!is_message || type != WireFormatLite::WIRETYPE_LENGTH_DELIMITED)
      return WireFormatLite::SkipField(&in_, tag);
    std::uint32_t bytes = 0;
    if (!in_.ReadVarint32(&bytes) || bytes > INT_MAX) return false;
    const auto limit = in_.PushLimit(static_cast<int>(bytes));
    const bool is_fine = count(*field->message_type());
    in_.PopLimit(limit);
    return is_fine;
  }

  CodedInputStream& in_;
  std::size_t parts_ = 0;
};

}  // namespace

bool has_too_many_parts(google::protobuf::io::ZeroCopyInputStream& message, std::size_t bytes,
                        const Descriptor& kind) {
  if (bytes <= kLeastBytes * kMostParts) return false;
  CodedInputStream in(&message);
  return !PartCounter(in).count(kind);
}

bool has_too_many_parts(BytesView message, const Descriptor& kind) {
  google::protobuf::io::ArrayInputStream in(message.data(), static_cast<int>(message.size()));
  return has_too_many_parts(in, message.size(), kind);
}

}  // namespace lockstep::api
