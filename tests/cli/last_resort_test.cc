// A program that is held up at its end ends all the same.
#include "cli/last_resort.h"

#include <gtest/gtest.h>

namespace lockstep::cli {
namespace {

void be_held_up() {
  end_within_a_second(3);
  for (;;) ::pause();
}

TEST(LastResort, EndsWithItsCode) { EXPECT_EXIT(be_held_up(), testing::ExitedWithCode(3), ""); }

}  // namespace
}  // namespace lockstep::cli
