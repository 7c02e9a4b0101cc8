// Blocks of series from anybody: refused, or the one encoding of their points.
#include "base/check.h"
#include "storage/series/block.h"
#include "tests/fuzz/targets.h"

namespace lockstep::fuzz {

void series_block(BytesView input) {
  const auto head = series::summary(input);
  const auto points = series::unpack(input);
  if (!points) {
    CHECK(!points.error().message.empty(), "no sentence");
    return;
  }
  CHECK(head && head->count == points->size(), "a block without a summary");
  CHECK(series::pack(*points) == input, "two encodings of the same points");
}

}  // namespace lockstep::fuzz
