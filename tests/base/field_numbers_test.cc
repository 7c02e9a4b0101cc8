// Numbers of the field: what follows from a name, and who bears which.
#include "base/field_numbers.h"

#include <gtest/gtest.h>

namespace lockstep {
namespace {

TEST(FieldNumbers, AnEdgesNumberFollowsFromItsName) {
  EXPECT_EQ(edge_number("e1"), NodeId(10'001));
  EXPECT_EQ(edge_number("e9999"), NodeId(19'999));
  for (const char* name : {"e0", "e01", "e10000", "e", "east", "e1x", ""}) {
    EXPECT_GE(edge_number(name).value(), std::uint64_t{1} << 32) << name;
    EXPECT_EQ(edge_number(name), edge_number(name));
    EXPECT_EQ(field_kind(edge_number(name)), FieldKind::kEdge) << name;
  }
  EXPECT_NE(edge_number("east"), edge_number("west"));
}

TEST(FieldNumbers, EveryNumberIsOfAnEdgeACloudOrNobody) {
  for (const std::uint64_t nobody :
       {0ull, 1ull, 10'000ull, 20'000ull, (1ull << 32) + (1ull << 48), 1ull << 62, ~0ull})
    EXPECT_EQ(field_kind(NodeId(nobody)), FieldKind::kNobody) << nobody;
  EXPECT_EQ(field_kind(NodeId(10'001)), FieldKind::kEdge);
  EXPECT_EQ(field_kind(NodeId(19'999)), FieldKind::kEdge);
  EXPECT_EQ(field_kind(kCloudNumber), FieldKind::kCloud);
  for (const std::uint64_t drawn : {0ull, 1ull << 20, ~0ull})
    EXPECT_EQ(field_kind(passing_cloud_number(drawn)), FieldKind::kCloud) << drawn;
}

}  // namespace
}  // namespace lockstep
