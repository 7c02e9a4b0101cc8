// A model is trained, drawn, judged and refused, all by the program.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/cli/background.h"
#include "tests/cli/program.h"

namespace lockstep::tests {
namespace {

using Json = nlohmann::json;

std::string read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

TEST(CloudTraining, writes_a_model_and_a_picture_and_judges_it) {
  const TemporaryDirectory directory;
  const std::string model = directory / "m.safetensors";
  const Outcome trained =
      lockstep(cat("cloud train --kind tank --steps 30 --out ", model, " --curve ", directory / "loss.svg"));
  ASSERT_EQ(trained.code, 0) << trained.out;
  EXPECT_NE(trained.out.find("step 30 of 30"), std::string::npos) << trained.out;
  EXPECT_NE(trained.out.find("lockstep cloud evaluate"), std::string::npos);
  EXPECT_TRUE(read(directory / "loss.svg").starts_with("<svg"));

  const Outcome judged = lockstep(cat("cloud evaluate ", model, " --kind tank --plants 2 --json"));
  const Json document = Json::parse(judged.out);
  EXPECT_EQ(document["all"]["plants"], 2);
  EXPECT_GT(document["all"]["rules"]["cost"], 0.0);
  // 0 only if the model is surely better.
  EXPECT_EQ(judged.code, document["all"]["gain"]["low"] > 0 ? 0 : 1);
  EXPECT_NE(lockstep(cat("cloud evaluate ", model, " --kind tank --plants 2")).out.find("95 % interval"),
            std::string::npos);
}

TEST(CloudTraining, goes_on_from_a_file_and_repeats_itself) {
  const TemporaryDirectory directory;
  const auto train = [&](std::string_view options, std::string_view out) {
    const Outcome outcome = lockstep(cat("cloud train --kind motor --steps 6 --json ", options, " --out ",
                                         directory / out, " 2>/dev/null"));
    EXPECT_EQ(outcome.code, 0) << outcome.out;
    return read(directory / out);
  };
  const std::string first = train("--seed 5", "a");
  EXPECT_EQ(train("--seed 5", "b"), first);
  EXPECT_NE(train("--seed 6", "c"), first);
  EXPECT_NE(train(cat("--seed 5 --drift 0.5 --from ", directory / "a"), "d"), first);
}

TEST(CloudTraining, goes_on_after_it_was_killed_as_if_nothing_had_happened) {
  const TemporaryDirectory directory;
  const std::string arguments = "cloud train --kind tank --steps 100 --seed 9 --out ";
  ASSERT_EQ(lockstep(arguments + (directory / "whole")).code, 0);
  const std::string kept = directory / "kept";
  Background killed({"cloud", "train", "--kind", "tank", "--steps", "100", "--seed", "9", "--out",
                     directory / "parts", "--checkpoint", kept},
                    directory / "output");
  EXPECT_TRUE(eventually([&] { return std::filesystem::exists(kept); }));
  killed.end(SIGKILL);
  const Outcome resumed = lockstep(cat("cloud train --resume ", kept, " --out ", directory / "parts"));
  EXPECT_EQ(resumed.code, 0) << resumed.out;
  EXPECT_EQ(read(directory / "parts"), read(directory / "whole"));

  EXPECT_EQ(lockstep(cat("cloud train --steps 7 --resume ", kept)).code, 2) << "the file says how many";
  std::ofstream(directory / "other") << "something else";
  const Outcome other = lockstep(cat("cloud train --resume ", directory / "other"));
  EXPECT_EQ(other.code, 2);
  EXPECT_NE(other.out.find("expected a training that was interrupted"), std::string::npos) << other.out;
}

TEST(CloudTraining, says_what_it_expected) {
  const TemporaryDirectory directory;
  const Outcome nothing = lockstep("cloud");
  EXPECT_EQ(nothing.code, 2);
  EXPECT_NE(nothing.out.find(
                "lockstep cloud: expected run, send, activate, status, train or evaluate, found nothing"),
            std::string::npos)
      << nothing.out;
  const Outcome kind = lockstep("cloud train --kind kiln");
  EXPECT_EQ(kind.code, 2);
  EXPECT_NE(kind.out.find("expected tank, motor or tank,motor, found \"kiln\""), std::string::npos)
      << kind.out;
  EXPECT_EQ(lockstep("cloud train --drift 2").code, 2);
  EXPECT_EQ(lockstep("cloud train --steps 0").code, 2);
  EXPECT_EQ(lockstep(cat("cloud evaluate ", directory / "nothing")).code, 2);
  std::ofstream(directory / "bad") << "{}";
  const Outcome bad = lockstep(cat("cloud evaluate ", directory / "bad"));
  EXPECT_EQ(bad.code, 2);
  EXPECT_NE(bad.out.find("lockstep cloud evaluate: "), std::string::npos);
  const Outcome text =
      lockstep(cat("cloud train --kind tank --steps 1 --from ", LOCKSTEP_SOURCE_DIR, "/README.md"));
  EXPECT_EQ(text.code, 2);
  EXPECT_NE(text.out.find("README.md: safetensors: "), std::string::npos) << text.out;
  EXPECT_NE(lockstep("cloud train --help").out.find("--from"), std::string::npos);
}

TEST(CloudTraining, looks_for_a_place_before_it_begins) {
  const TemporaryDirectory directory;
  std::ofstream(directory / "there") << "{}";
  std::filesystem::create_directory(directory / "d");
  for (const std::string& place : {"--out " + (directory / "d"), "--out " + (directory / "there/model"),
                                  cat("--out ", directory / "m", " --curve ", directory / "d"),
                                  cat("--out ", directory / "m", " --checkpoint ", directory / "d")}) {
    const Outcome refused = lockstep("cloud train --kind tank --steps 1 " + place);
    EXPECT_EQ(refused.code, 2) << place;
    EXPECT_NE(refused.out.find("; nothing was trained"), std::string::npos) << refused.out;
    EXPECT_EQ(refused.out.find("step 1"), std::string::npos) << refused.out;
  }
  EXPECT_FALSE(std::filesystem::exists(directory / "m"));
  EXPECT_EQ(read(directory / "there"), "{}");
}

}  // namespace
}  // namespace lockstep::tests
