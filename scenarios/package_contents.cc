// Sound packages are made as a cloud makes them; the others are spoilt afterwards, each in its way.
#include "scenarios/package_contents.h"

#include <charconv>
#include <cstring>
#include <limits>

#include "base/check.h"
#include "base/prng.h"
#include "base/text.h"
#include "hub/model/model_file.h"
#include "hub/policy/rules.h"
#include "hub/policy/tokens.h"

namespace lockstep::scenarios {
namespace {

constexpr Purpose kWeight{"field.weight"};

// Uniform in [-0.25, 0.25), in steps that every float holds exactly.
float small_weight(std::uint64_t bits) {
  return static_cast<float>(static_cast<int>(bits >> 52) - 2048) / 8192.0F;
}

model::Weights some_weights(std::uint64_t version, std::uint64_t seed) {
  model::Weights weights = model::make_weights({.vocabulary = hub::kVocabulary,
                                                .width = 16,
                                                .layers = 1,
                                                .heads = 2,
                                                .key_value_heads = 1,
                                                .head_width = 8,
                                                .inner_width = 32,
                                                .context = hub::kMaxSequenceTokens});
  std::uint64_t place = 0;
  for (const model::NamedTensor& tensor : model::tensors(weights)) {
    if (tensor.shape.size() < 2) continue;  // norms stay 1
    for (float& value : tensor.values) value = small_weight(draw(seed, kWeight, version, place++));
  }
  return weights;
}

Bytes sound_model(std::uint64_t version, std::uint64_t seed) {
  const model::Token prompt[] = {1, 2, 3};
  auto file = model::write_model(some_weights(version, seed),
                                 {.language = std::string(hub::kLanguage), .note = cat("version ", version)},
                                 model::NumberType::kF32, prompt, 4);
  CHECK(file.has_value(), "a model of a scenario");
  return std::move(*file);
}

Bytes bytes_of(std::string_view text) { return Bytes(text.begin(), text.end()); }

Bytes sound(PackageKind kind, std::uint64_t version, std::uint64_t seed) {
  switch (kind) {
    case PackageKind::kModel: return sound_model(version, seed);
    case PackageKind::kPolicy: return bytes_of(hub::default_policy_text());
    case PackageKind::kSettings: break;
  }
  // Other values in each version, and more keys; ascending, as edge/slots.h wants them.
  Bytes settings;
  ByteWriter out(settings);
  for (std::uint64_t key = 0; key < 40 + version; ++key)
    out.sized(cat("note/", 100 + key)).sized(cat(version));
  return settings;
}

// The first eight bytes of safetensors: the length of the header, little-endian.
void announce_header(Bytes& file, std::uint64_t length) {
  for (std::size_t byte = 0; byte < 8; ++byte) file[byte] = static_cast<char>(length >> (8 * byte));
}

// Moves the second tensor by one number, into the first one; what is written keeps its width.
void overlap_tensors(Bytes& file) {
  const BytesView text = file;
  constexpr std::string_view kMark = "\"data_offsets\":[";
  const std::size_t first = text.find(kMark);
  const std::size_t second = text.find(kMark, first + 1);
  CHECK(second != BytesView::npos, "a model with fewer than two tensors");
  std::size_t at = second + kMark.size();
  for (const char end : {',', ']'}) {
    const std::size_t width = text.find(end, at) - at;
    std::uint64_t offset = 0;
    std::from_chars(&file[at], &file[at + width], offset);
    const std::string moved = cat(offset - sizeof(float));
    file.replace(at, width, std::string(width - moved.size(), ' ') + moved);
    at += width + 1;
  }
}

}  // namespace

Bytes package_bytes(PackageKind kind, Content content, std::uint64_t version, std::uint64_t seed) {
  Bytes bytes = sound(kind, version, seed);
  switch (content) {
    case Content::kGood:
    case Content::kWrongHash: break;  // whoever announces it says another hash
    case Content::kTruncated:
      // Settings are a list: cut between two of them it would be a shorter list, and sound.
      bytes.resize(bytes.size() - (kind == PackageKind::kSettings ? 3 : bytes.size() / 3));
      break;
    case Content::kHugeHeader: announce_header(bytes, std::uint64_t{1} << 60); break;
    case Content::kOverlapping: overlap_tensors(bytes); break;
    case Content::kNotFinite: {
      const float nothing = std::numeric_limits<float>::quiet_NaN();
      std::memcpy(bytes.data() + bytes.size() - sizeof nothing, &nothing, sizeof nothing);
      break;
    }
    case Content::kNonsense: bytes = bytes_of("this is no package"); break;
  }
  return bytes;
}

}  // namespace lockstep::scenarios
