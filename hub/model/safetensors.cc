// Reading believes nothing; writing lays tensors out without gaps.
#include "hub/model/safetensors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <optional>
#include <tuple>

#include "base/check.h"
#include "base/text.h"
#include "json/text.h"

namespace lockstep::model {
namespace {

constexpr std::string_view kMetadata = "__metadata__";
constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kMaxDimensions = 8;

std::unexpected<Error> corrupt(std::string what) {
  return fail(ErrorCode::kCorrupt, cat("safetensors: ", what));
}

std::optional<std::uint64_t> whole_number(const json::Node& node) {
  if (!node.is(json::Kind::kNumber)) return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(node.text.data(), node.text.data() + node.text.size(), value);
  if (error != std::errc() || end != node.text.data() + node.text.size()) return std::nullopt;
  return value;
}

std::optional<NumberType> number_type(const json::Node* node) {
  if (node == nullptr || !node->is(json::Kind::kString)) return std::nullopt;
  for (const NumberType type : {NumberType::kF32, NumberType::kF16, NumberType::kBF16}) {
    if (node->text == to_string(type)) return type;
  }
  return std::nullopt;
}

// A tensor as the header claims it, and the place that it claims.
struct Claim {
  StoredTensor tensor;
  std::uint64_t begin = 0, end = 0;
};

Result<std::uint64_t> bytes_of(const StoredTensor& tensor) {
  std::uint64_t numbers = 1;
  for (const std::uint64_t length : tensor.shape) {
    if (length == 0)
      return corrupt(cat("tensor ", json::in_quotes(tensor.name), ": expected no empty dimension"));
    if (length > kMaxFileBytes / numbers)
      return corrupt(
          cat("tensor ", json::in_quotes(tensor.name), ": expected a shape that fits into the file"));
    numbers *= length;
  }
  return numbers * size_of(tensor.type);
}

Result<Claim> read_claim(const json::Member& member) {
  const std::string name = json::in_quotes(member.key);
  const json::Node& node = member.value;
  if (!node.is(json::Kind::kObject) || node.members.size() != 3)
    return corrupt(cat("tensor ", name, ": expected an object of dtype, shape and data_offsets"));
  Claim claim;
  claim.tensor.name = member.key;
  const json::Node* type_node = node.find("dtype");
  const auto type = number_type(type_node);
  if (!type)
    return corrupt(cat("tensor ", name, ": expected dtype F32, F16 or BF16",
                       type_node == nullptr ? "" : cat(", found ", json::describe(*type_node))));
  claim.tensor.type = *type;
  const json::Node* shape = node.find("shape");
  if (shape == nullptr || !shape->is(json::Kind::kArray) || shape->items.size() > kMaxDimensions)
    return corrupt(cat("tensor ", name, ": expected a shape of at most ", kMaxDimensions, " dimensions"));
  for (const json::Node& item : shape->items) {
    const auto length = whole_number(item);
    if (!length) return corrupt(cat("tensor ", name, ": expected whole numbers as shape"));
    claim.tensor.shape.push_back(*length);
  }
  const json::Node* offsets = node.find("data_offsets");
  if (offsets == nullptr || !offsets->is(json::Kind::kArray) || offsets->items.size() != 2)
    return corrupt(cat("tensor ", name, ": expected two data_offsets"));
  const auto begin = whole_number(offsets->items[0]);
  const auto end = whole_number(offsets->items[1]);
  if (!begin || !end || *begin > *end)
    return corrupt(cat("tensor ", name, ": expected data_offsets [begin, end)"));
  claim.begin = *begin;
  claim.end = *end;
  LOCKSTEP_TRY(bytes, bytes_of(claim.tensor));
  if (claim.end - claim.begin != bytes)
    return corrupt(
        cat("tensor ", name, ": expected ", bytes, " bytes for its shape, found ", claim.end - claim.begin));
  return claim;
}

Status read_metadata(const json::Node& node, std::map<std::string, std::string>& out) {
  if (!node.is(json::Kind::kObject)) return corrupt("expected __metadata__ to be an object of texts");
  for (const json::Member& member : node.members) {
    if (!member.value.is(json::Kind::kString))
      return corrupt(cat("__metadata__ ", json::in_quotes(member.key), ": expected a text"));
    out.emplace(member.key, member.value.text);
  }
  return {};
}

// The tensors cover the bytes behind the header, one after the other.
Status place(std::vector<Claim>& claims, BytesView data, std::vector<StoredTensor>& out) {
  std::ranges::sort(claims, {}, [](const Claim& claim) { return std::tie(claim.begin, claim.tensor.name); });
  std::uint64_t reached = 0;
  for (Claim& claim : claims) {
    const std::string name = json::in_quotes(claim.tensor.name);
    if (claim.begin < reached)
      return corrupt(cat("tensor ", name, ": overlaps the one before it: begins at ", claim.begin,
                         ", expected ", reached));
    if (claim.begin > reached)
      return corrupt(cat("tensor ", name, ": leaves a gap: begins at ", claim.begin, ", expected ", reached));
    if (claim.end > data.size())
      return corrupt(cat("tensor ", name, ": ends at ", claim.end, ", but only ", data.size(),
                         " bytes follow the header"));
    claim.tensor.data = data.substr(claim.begin, claim.end - claim.begin);
    reached = claim.end;
    out.push_back(std::move(claim.tensor));
  }
  if (reached != data.size())
    return corrupt(cat("expected no bytes behind the last tensor, found ", data.size() - reached));
  return {};
}

float from_half(std::uint16_t bits) {
  const std::uint32_t sign = std::uint32_t{bits & 0x8000u} << 16;
  const std::uint32_t exponent = (bits >> 10) & 0x1F;
  const std::uint32_t fraction = bits & 0x3FFu;
  if (exponent == 0x1F) return std::bit_cast<float>(sign | 0x7F800000u | (fraction << 13));
  if (exponent != 0) return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (fraction << 13));
  const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
  return sign != 0 ? -magnitude : magnitude;
}

std::uint16_t to_half(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint16_t>((bits >> 16) & 0x8000u);
  const std::uint32_t magnitude = bits & 0x7FFFFFFFu;
  if (magnitude >= 0x47800000u)
    return static_cast<std::uint16_t>(sign | (magnitude > 0x7F800000u ? 0x7E00u : 0x7C00u));
  if (magnitude < 0x38800000u) {  // below the normal halves: adding 1/2 rounds at 2^-24, ties to even
    const float shifted = std::bit_cast<float>(magnitude) + 0.5f;
    return static_cast<std::uint16_t>(
        sign | (std::bit_cast<std::uint32_t>(shifted) - std::bit_cast<std::uint32_t>(0.5f)));
  }
  const std::uint32_t rounded = magnitude + 0xFFFu + ((magnitude >> 13) & 1);
  return static_cast<std::uint16_t>(sign | ((rounded - (112u << 23)) >> 13));
}

float from_brain(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16); }

std::uint16_t to_brain(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7FFFFFFFu) > 0x7F800000u) return static_cast<std::uint16_t>((bits >> 16) | 0x40u);
  return static_cast<std::uint16_t>((bits + 0x7FFFu + ((bits >> 16) & 1)) >> 16);
}

std::uint32_t little_endian(BytesView bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    value |= std::uint32_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  return value;
}

float number(NumberType type, BytesView bytes) {
  const std::uint32_t bits = little_endian(bytes);
  switch (type) {
    case NumberType::kF32: return std::bit_cast<float>(bits);
    case NumberType::kF16: return from_half(static_cast<std::uint16_t>(bits));
    case NumberType::kBF16: return from_brain(static_cast<std::uint16_t>(bits));
  }
  CHECK(false, "no such type");
}

void append_number(NumberType type, float value, Bytes& out) {
  std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  if (type == NumberType::kF16) bits = to_half(value);
  if (type == NumberType::kBF16) bits = to_brain(value);
  for (std::size_t i = 0; i < size_of(type); ++i) out.push_back(static_cast<char>(bits >> (8 * i)));
}

void append_string(std::string_view text, std::string& out) {
  out.push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\')
      append_text(out, cat('\\', c));
    else if (static_cast<unsigned char>(c) < 0x20)
      append_text(out, cat("\\u00", hex16(static_cast<unsigned char>(c)).substr(14)));
    else
      out.push_back(c);
  }
  out.push_back('"');
}

std::string header_of(const std::map<std::string, std::string>& metadata,
                      std::span<const ConstNamedTensor> tensors, NumberType type) {
  std::string out = "{";
  append_string(kMetadata, out);
  out += ":{";
  for (const auto& [key, value] : metadata) {
    if (out.back() != '{') out.push_back(',');
    append_string(key, out);
    out.push_back(':');
    append_string(value, out);
  }
  out.push_back('}');
  std::uint64_t offset = 0;
  for (const ConstNamedTensor& tensor : tensors) {
    out.push_back(',');
    append_string(tensor.name, out);
    append_text(out, cat(":{\"dtype\":\"", to_string(type), "\",\"shape\":["));
    for (std::size_t i = 0; i < tensor.shape.size(); ++i)
      append_text(out, cat(i == 0 ? "" : ",", tensor.shape[i]));
    const std::uint64_t end = offset + tensor.values.size() * size_of(type);
    append_text(out, cat("],\"data_offsets\":[", offset, ",", end, "]}"));
    offset = end;
  }
  out.push_back('}');
  out.resize((out.size() + 7) / 8 * 8, ' ');  // so that the numbers are aligned
  return out;
}

}  // namespace

std::string_view to_string(NumberType type) {
  switch (type) {
    case NumberType::kF32: return "F32";
    case NumberType::kF16: return "F16";
    case NumberType::kBF16: return "BF16";
  }
  return "?";
}

std::size_t size_of(NumberType type) { return type == NumberType::kF32 ? 4 : 2; }

Result<TensorFile> read_tensors(BytesView file) {
  if (file.size() > kMaxFileBytes)
    return fail(ErrorCode::kTooLarge, cat("safetensors: expected a file of at most ", kMaxFileBytes,
                                          " bytes, found ", file.size()));
  if (file.size() < kLengthBytes)
    return corrupt(cat("expected 8 bytes of header length, found ", file.size()));
  LOCKSTEP_TRY(length, ByteReader(file).u64());
  // Eight bytes of a text are a large number; who sees it learns nothing.
  const bool has_header = file.size() > kLengthBytes && file[kLengthBytes] == '{';
  if (length > kMaxHeaderBytes && !has_header)
    return corrupt("expected the length of a header and the header, found another kind of file");
  if (length > kMaxHeaderBytes)
    return fail(ErrorCode::kTooLarge,
                cat("safetensors: expected a header of at most ", kMaxHeaderBytes, " bytes, found ", length));
  if (length > file.size() - kLengthBytes)
    return corrupt(cat("expected a header of ", length, " bytes, found ", file.size() - kLengthBytes));
  const BytesView text = file.substr(kLengthBytes, length);
  if (!text.starts_with('{')) return corrupt("expected the header to begin with '{'");
  const auto header = json::parse(text);
  if (!header) return corrupt(json::to_text(header.error().front(), "header"));
  TensorFile out;
  std::vector<Claim> claims;
  for (const json::Member& member : header->members) {
    if (member.key == kMetadata) {
      LOCKSTEP_TRY_STATUS(read_metadata(member.value, out.metadata));
      continue;
    }
    LOCKSTEP_TRY(claim, read_claim(member));
    claims.push_back(std::move(claim));
  }
  LOCKSTEP_TRY_STATUS(place(claims, file.substr(kLengthBytes + length), out.tensors));
  return out;
}

Status read_numbers(const StoredTensor& tensor, std::span<float> out) {
  const std::size_t size = size_of(tensor.type);
  CHECK(out.size() * size == tensor.data.size(), "a tensor of another size: ", tensor.name);
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = number(tensor.type, tensor.data.substr(i * size, size));
    if (!std::isfinite(out[i]))
      return corrupt(cat("tensor ", json::in_quotes(tensor.name),
                         ": expected finite numbers, found another one at ", i));
  }
  return {};
}

float round_to(NumberType type, float value) {
  if (type == NumberType::kF16) return from_half(to_half(value));
  if (type == NumberType::kBF16) return from_brain(to_brain(value));
  return value;
}

Result<Bytes> write_tensors(const std::map<std::string, std::string>& metadata,
                            std::span<const ConstNamedTensor> tensors, NumberType type) {
  const std::string header = header_of(metadata, tensors, type);
  Bytes out;
  ByteWriter(out).u64(header.size()).raw(header);
  for (const ConstNamedTensor& tensor : tensors) {
    for (std::size_t i = 0; i < tensor.values.size(); ++i) {
      if (!std::isfinite(round_to(type, tensor.values[i])))
        return fail(ErrorCode::kInvalidArgument,
                    cat("tensor ", json::in_quotes(tensor.name), ": expected numbers within ",
                        to_string(type), ", found another one at ", i));
      append_number(type, tensor.values[i], out);
    }
  }
  if (const auto readable = read_tensors(out); !readable)
    return fail(ErrorCode::kInvalidArgument, readable.error().message);
  return out;
}

}  // namespace lockstep::model
