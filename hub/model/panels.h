// A matrix stored so that its product with a vector is fast and has only one possible value.
//
// Rows are grouped into panels whose numbers lie column by column. The product walks the columns and keeps
// one sum per row of the panel: each sum takes its terms one after the other in ascending column order, and
// the vector unit works on several rows at once. So nothing is reassociated, and the bits do not depend on
// the unit's width.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "hub/model/weights.h"

namespace lockstep::model {

class Panels {
 public:
  Panels() = default;
  // All zero.
  Panels(std::size_t rows, std::size_t columns);
  // The rows of several matrices of equally many columns, below each other.
  explicit Panels(std::initializer_list<const Matrix*> matrices);

  std::size_t rows() const { return rows_; }
  std::size_t columns() const { return columns_; }

  void set(std::size_t row, std::size_t column, float value) { numbers_[place(row, column)] = value; }

  // out[r] = sum over c < in.size() of (r, c) * in[c], for r < out.size(); at most the matrix' own sizes.
  void multiply(std::span<const float> in, std::span<float> out) const;

 private:
  std::size_t place(std::size_t row, std::size_t column) const {
    return (row / lanes_ * columns_ + column) * lanes_ + row % lanes_;
  }

  std::size_t rows_ = 0, columns_ = 0;
  std::size_t lanes_ = 0;  // rows of a panel
  std::vector<float> numbers_;
};

}  // namespace lockstep::model
