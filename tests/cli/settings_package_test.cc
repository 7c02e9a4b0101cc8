// Settings as people write them, and the package that comes of it.
#include "cli/settings_package.h"

#include <gtest/gtest.h>

namespace lockstep::cli {
namespace {

TEST(SettingsPackage, ListsKeysInOrderEachWithItsLength) {
  const auto package = settings_package(R"({"b": 500, "a": "x"})");
  ASSERT_TRUE(package) << package.error().message;
  EXPECT_EQ(*package, Bytes("\x01"
                            "a"
                            "\x01"
                            "x"
                            "\x01"
                            "b"
                            "\x03"
                            "500"));
}

TEST(SettingsPackage, RefusesWhatIsNoObjectOfTextsAndNumbers) {
  for (const char* text :
       {"", "{}", "[1]", "this is no package", R"({"a": {}})", R"({"a": null})", R"({"": 1})"}) {
    const auto package = settings_package(text);
    ASSERT_FALSE(package) << text;
    EXPECT_EQ(package.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(package.error().message.find("expected"), std::string::npos) << package.error().message;
  }
}

TEST(SettingsPackage, RefusesAKeyThatStandsThereTwice) {
  const auto package =
      settings_package(R"({"sampling/tank/period_ms": 700, "sampling/tank/period_ms": 900})");
  ASSERT_FALSE(package);
  EXPECT_EQ(package.error().message, "expected every key only once, found \"sampling/tank/period_ms\" again");
  EXPECT_TRUE(settings_package(R"({"a": "b", "b": "a"})"));
}

}  // namespace
}  // namespace lockstep::cli
