// Drawing weights, reading files.
#include "tests/hub_model/examples.h"

#include <cmath>
#include <fstream>
#include <sstream>

#include "base/check.h"
#include "base/prng.h"
#include "base/text.h"

namespace lockstep::model {

Weights drawn_weights(const Configuration& configuration, std::uint64_t seed) {
  constexpr Purpose kWeight{"test.model.weight"};
  Weights weights = make_weights(configuration);
  std::uint64_t object = 0;
  for (const NamedTensor& tensor : tensors(weights)) {
    const bool is_norm = tensor.shape.size() == 1;
    const double scale = is_norm ? 0.2 : 1.7 / std::sqrt(static_cast<double>(tensor.shape[1]));
    Stream stream(seed, kWeight, object++);
    for (float& value : tensor.values) {
      const double uniform = static_cast<double>(stream.next() >> 11) * 0x1p-52 - 1;
      value = static_cast<float>((is_norm ? 1 : 0) + scale * uniform);
    }
  }
  return weights;
}

Bytes golden_file(std::string_view name) {
  std::ifstream file(cat(LOCKSTEP_SOURCE_DIR, "/tests/hub_model/golden/", name), std::ios::binary);
  CHECK(file.good(), "no file ", name);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

}  // namespace lockstep::model
