// Packages of a field: bad ones must be bad in the way that their content says, or they show something else.
#include "scenarios/package_contents.h"

#include <gtest/gtest.h>

#include "hub/model/model_file.h"

namespace lockstep::scenarios {
namespace {

std::string complaint(Content content) {
  const auto file = model::read_model(package_bytes(PackageKind::kModel, content, 2, 7));
  return file ? std::string() : file.error().message;
}

void expect_words(Content content, std::string_view words) {
  const std::string said = complaint(content);
  EXPECT_NE(said.find(words), std::string::npos) << to_string(content) << ": " << said;
}

TEST(PackageContents, EachBadModelIsRefusedForWhatIsWrongWithIt) {
  EXPECT_EQ(complaint(Content::kGood), "");
  expect_words(Content::kTruncated, "bytes follow the header");
  expect_words(Content::kHugeHeader, "header");
  expect_words(Content::kOverlapping, "overlaps the one before it");
  expect_words(Content::kNotFinite, "finite");
  expect_words(Content::kNonsense, "header");
}

}  // namespace
}  // namespace lockstep::scenarios
