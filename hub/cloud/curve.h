// The loss over the steps of a training, as a picture.
#pragma once

#include <string>
#include <vector>

namespace lockstep::cloud {

struct CurvePoint {
  std::size_t step = 0;
  double learned = 0;   // mean loss of the batches since the last point
  double held_out = 0;  // of examples that are never learned from
};

// A complete SVG document. At least one point.
std::string draw_curve(const std::vector<CurvePoint>& points, const std::string& title);

}  // namespace lockstep::cloud
