// A program that is held up at its end ends all the same.
#include "cli/last_resort.h"

#include <gtest/gtest.h>

namespace lockstep::cli {
namespace {

void be_held_up(int code) {
  end_within(kPatienceAtTheEnd, code);
  for (;;) ::pause();
}

TEST(LastResort, EndsWithItsCode) { EXPECT_EXIT(be_held_up(3), testing::ExitedWithCode(3), ""); }

TEST(LastResort, AnOutputThatCannotBeWrittenIsNoSuccess) {
  const auto without_output = [] {
    std::cout.setstate(std::ios::badbit);
    be_held_up(0);
  };
  EXPECT_EXIT(without_output(), testing::ExitedWithCode(1), "");
}

}  // namespace
}  // namespace lockstep::cli
