// The one kernel of inference: a panel times a vector, with the sums in registers.
#include "hub/model/panels.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"

namespace lockstep::model {
namespace {

// Four floats in a vector register; + and * are those of its elements.
using Lanes = float __attribute__((vector_size(16)));
constexpr std::size_t kWide = 32, kNarrow = 16;  // eight and four registers of sums

Lanes load(const float* from) {
  Lanes lanes;
  std::memcpy(&lanes, from, sizeof lanes);
  return lanes;
}

template <std::size_t... kPart>
void multiply_panel(std::index_sequence<kPart...>, const float* numbers, std::span<const float> in,
                    float* out) {
  Lanes sums[sizeof...(kPart)] = {};
  for (const float factor : in) {
    const Lanes factors = {factor, factor, factor, factor};
    ((sums[kPart] += load(numbers + 4 * kPart) * factors), ...);
    numbers += 4 * sizeof...(kPart);
  }
  std::memcpy(out, sums, sizeof sums);
}

}  // namespace

Panels::Panels(std::size_t rows, std::size_t columns)
    : rows_(rows), columns_(columns), lanes_(rows <= kNarrow ? kNarrow : kWide) {
  numbers_.assign((rows + lanes_ - 1) / lanes_ * lanes_ * columns, 0.0f);
}

Panels::Panels(std::initializer_list<const Matrix*> matrices) {
  Eigen::Index rows = 0;
  for (const Matrix* matrix : matrices) rows += matrix->rows();
  *this = Panels(static_cast<std::size_t>(rows), static_cast<std::size_t>((*matrices.begin())->cols()));
  std::size_t row = 0;
  for (const Matrix* matrix : matrices) {
    CHECK(matrix->cols() == static_cast<Eigen::Index>(columns_), "matrices of different widths");
    for (Eigen::Index r = 0; r < matrix->rows(); ++r, ++row) {
      for (Eigen::Index c = 0; c < matrix->cols(); ++c)
        set(row, static_cast<std::size_t>(c), (*matrix)(r, c));
    }
  }
}

void Panels::multiply(std::span<const float> in, std::span<float> out) const {
  CHECK(in.size() <= columns_ && out.size() <= rows_, "a product beyond the matrix");
  for (std::size_t row = 0; row < out.size(); row += lanes_) {
    const float* panel = numbers_.data() + row * columns_;
    float sums[kWide];
    if (lanes_ == kWide)
      multiply_panel(std::make_index_sequence<kWide / 4>(), panel, in, sums);
    else
      multiply_panel(std::make_index_sequence<kNarrow / 4>(), panel, in, sums);
    std::copy_n(sums, std::min(lanes_, out.size() - row), out.data() + row);
  }
}

}  // namespace lockstep::model
