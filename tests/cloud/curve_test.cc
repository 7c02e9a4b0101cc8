// The picture is a document with both lines in it.
#include "hub/cloud/curve.h"

#include <gtest/gtest.h>

namespace lockstep::cloud {
namespace {

TEST(Curve, shows_both_losses_from_the_top_left_to_the_bottom_right) {
  const std::string svg = draw_curve({{0, 4, 4}, {100, 2, 3}, {200, 1, 2}}, "tank & motor");
  EXPECT_TRUE(svg.starts_with("<svg xmlns="));
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
  EXPECT_NE(svg.find("tank &amp; motor"), std::string::npos);
  EXPECT_NE(svg.find("points=\"56,40 380,250.7 704,356 \""), std::string::npos) << svg;
  EXPECT_NE(svg.find("points=\"56,40 380,145.3 704,250.7 \""), std::string::npos);
}

TEST(Curve, of_one_point_or_a_flat_line_is_one_too) {
  EXPECT_NE(draw_curve({{0, 1, 1}}, "").find("polyline"), std::string::npos);
  EXPECT_EQ(draw_curve({{0, 1, 1}, {5, 1, 1}}, "").find("nan"), std::string::npos);
}

}  // namespace
}  // namespace lockstep::cloud
