// The safetensors container: a JSON header that says where each tensor lies, then their bytes.
//
// Source: github.com/huggingface/safetensors, "Format". Read from anybody: every claim of the header is
// checked before it is believed. Here a header has at most 1 MiB and 999 tensors, a file at most 64 MiB.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "hub/model/weights.h"

namespace lockstep::model {

inline constexpr std::size_t kMaxFileBytes = 64u << 20;
inline constexpr std::size_t kMaxHeaderBytes = 1u << 20;

enum class NumberType : std::uint8_t { kF32, kF16, kBF16 };
std::string_view to_string(NumberType type);
std::size_t size_of(NumberType type);

struct StoredTensor {
  std::string name;
  NumberType type = NumberType::kF32;
  std::vector<std::uint64_t> shape;
  BytesView data;  // of the file; as long as shape and type say
};

struct TensorFile {
  std::map<std::string, std::string> metadata;
  std::vector<StoredTensor> tensors;  // as they lie in the file, without gap or overlap
};

// kCorrupt with what was expected and where; kTooLarge beyond the limits.
Result<TensorFile> read_tensors(BytesView file);

// The tensor's numbers, exactly. kCorrupt: one that is not finite, with its place.
Status read_numbers(const StoredTensor& tensor, std::span<float> out);

// The number that `type` can hold nearest to this one, ties to even; infinite beyond its range.
float round_to(NumberType type, float value);

// The same bytes for the same input, readable by read_tensors. kInvalidArgument: a number that is not finite
// in this type, or metadata that is not UTF-8.
Result<Bytes> write_tensors(const std::map<std::string, std::string>& metadata,
                            std::span<const ConstNamedTensor> tensors, NumberType type);

}  // namespace lockstep::model
