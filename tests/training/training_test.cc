// Recordings and judgements repeat themselves, and a short training already gives a file that a hub accepts.
#include <gtest/gtest.h>

#include "scenarios/training/curriculum.h"
#include "scenarios/training/judging.h"
#include "scenarios/training/rig.h"

namespace lockstep::training {
namespace {

std::unique_ptr<hub::Decider> rules() { return std::move(*hub::make_decider({}, {})); }

TEST(Rig, shows_the_newest_readings_of_each_window) {
  Rig rig = std::move(*Rig::make({.kind = "motor"}, 1, false));
  rig.act(std::vector<double>{20.0}, {0});
  for (std::size_t window = 0; window < 10; ++window) rig.pass_window();
  EXPECT_EQ(rig.window().samples.size(), hub::kWindowSteps);
  EXPECT_EQ(rig.window().number, 9u);
  EXPECT_EQ(rig.window().last_commands, std::vector<double>{20});
  ASSERT_TRUE(rig.window().samples.back()[0]);
  EXPECT_GT(*rig.window().samples.back()[0], 20);
  EXPECT_GT(rig.cost(), 0);
}

TEST(Rig, follows_the_teacher_where_nobody_else_decides) {
  Rig rig = std::move(*Rig::make({.kind = "tank"}, 1, true));
  double last = 0;
  for (int window = 0; window < 40; ++window) {
    rig.act(std::nullopt, {0, 0});
    rig.pass_window();
    EXPECT_EQ(rig.window().last_commands, rig.taught());
    last = rig.cost();
  }
  EXPECT_LT(last, 200);
  EXPECT_EQ(rig.beyond(), 0);
}

TEST(Recording, is_the_same_for_the_same_seed_and_speaks_the_language) {
  const RecordingPlan plan{
      .specimens = {{.kind = "tank"}, {.kind = "motor"}}, .seed = 4, .round = 0, .plants = 3, .windows = 12};
  const auto first = record(plan, nullptr), second = record(plan, nullptr);
  ASSERT_TRUE(first && second);
  ASSERT_EQ(first->size(), 2u * 3 * 12);
  for (std::size_t i = 0; i < first->size(); ++i) {
    EXPECT_EQ((*first)[i].prompt, (*second)[i].prompt);
    EXPECT_EQ((*first)[i].steps, (*second)[i].steps);
    EXPECT_EQ((*first)[i].prompt.back(), hub::kDecide);
    for (const double step : (*first)[i].steps) EXPECT_LE(std::abs(step), 1);
  }
  RecordingPlan other = plan;
  other.round = 1;
  EXPECT_NE((*record(other, nullptr))[0].prompt, (*first)[0].prompt);
  // Under somebody else the same plants go another way.
  const std::unique_ptr<hub::Decider> learner = rules();
  EXPECT_NE((*record(plan, learner.get()))[66].prompt, (*first)[66].prompt);
}

TEST(Judging, finds_no_gain_of_the_rules_over_themselves) {
  const auto one = rules(), other = rules();
  const auto judged = judge(
      {.specimens = {{.kind = "tank"}, {.kind = "motor"}}, .plants = 4, .windows = 30, .with_teacher = true},
      *one, *other);
  ASSERT_TRUE(judged);
  const Comparison all = compare(*judged, "");
  EXPECT_EQ(all.plants, 4u);
  EXPECT_EQ(all.gain, 0);
  EXPECT_EQ(all.gain_high, 0);
  EXPECT_EQ(all.better, 0u);
  EXPECT_LT(all.teacher, all.rules);
  EXPECT_EQ(compare(*judged, "motor").plants, 2u);
}

TEST(Compare, says_how_sure_the_gain_is) {
  std::vector<Judgement> judgements;
  for (int i = 0; i < 100; ++i) {
    const double rules = 50 + i;
    judgements.push_back(
        {.kind = "tank", .seed = 0, .rules = rules, .model = rules * (i % 2 == 0 ? 0.7 : 0.9)});
  }
  const Comparison found = compare(judgements, "tank");
  EXPECT_NEAR(found.gain, 0.2, 0.01);
  EXPECT_NEAR(found.gain_low, 0.18, 0.01);
  EXPECT_NEAR(found.gain_high, 0.22, 0.01);
  EXPECT_EQ(found.better, 100u);
}

TEST(Train, gives_a_file_that_a_hub_accepts_and_can_go_on_from_it) {
  Curriculum curriculum{.specimens = {{.kind = "tank"}},
                        .seed = 2,
                        .steps = 80,
                        .batch = 8,
                        .rate = 3e-3,
                        .rounds = 2,
                        .windows = 20};
  std::size_t reports = 0;
  const auto trained = train(curriculum, {}, {.report = [&](const Progress& now) {
                               ++reports;
                               EXPECT_LE(now.step, now.steps);
                             }});
  ASSERT_TRUE(trained) << trained.error().message;
  EXPECT_TRUE(hub::verify_model(trained->file));
  EXPECT_GT(reports, 50u);
  EXPECT_LT(trained->curve.back().learned, trained->curve.front().learned - 0.5);
  const auto again = train(curriculum, {}, {});
  ASSERT_TRUE(again);
  EXPECT_EQ(again->file, trained->file);

  curriculum.steps = 10;
  curriculum.rate = 1e-4;
  const auto tuned = train(curriculum, trained->file, {});
  ASSERT_TRUE(tuned) << tuned.error().message;
  EXPECT_LT(tuned->curve.front().learned, trained->curve.front().learned - 0.5);
  EXPECT_NE(tuned->file, trained->file);
}

TEST(Train, refuses_what_it_cannot_begin_with) {
  Curriculum curriculum{.specimens = {{.kind = "kiln"}},
                        .seed = 1,
                        .steps = 1,
                        .batch = 8,
                        .rate = 1e-3,
                        .rounds = 1,
                        .windows = 5};
  EXPECT_EQ(train(curriculum, {}, {}).error().code, ErrorCode::kNotFound);
  curriculum.specimens = {{.kind = "tank"}};
  EXPECT_FALSE(train(curriculum, "not a model", {}));
  curriculum.specimens[0].drift = 7;
  EXPECT_EQ(train(curriculum, {}, {}).error().code, ErrorCode::kInvalidArgument);
  curriculum.steps = 0;
  EXPECT_EQ(train(curriculum, {}, {}).error().code, ErrorCode::kInvalidArgument);
}

// Interrupted after each report, and every time gone on from what was kept last.
TEST(Resume, GivesTheSameBitsAsATrainingThatNothingInterrupted) {
  const Curriculum curriculum{.specimens = {{.kind = "tank"}, {.kind = "motor", .drift = 0.3}},
                              .seed = 3,
                              .steps = 60,
                              .batch = 8,
                              .rate = 3e-3,
                              .rounds = 3,
                              .windows = 12};
  const auto whole = train(curriculum, {}, {});
  ASSERT_TRUE(whole) << whole.error().message;
  Bytes kept;
  std::size_t lives = 0, reports = 0;
  const auto keep_some = [&](BytesView checkpoint) -> Status {
    kept = checkpoint;
    if (++reports % 17 == 0) return fail(ErrorCode::kIo, "interrupted");
    return {};
  };
  auto parts = train(curriculum, {}, {.report = {}, .keep = keep_some});
  for (; !parts && lives < 10; ++lives) parts = resume(kept, {.report = {}, .keep = keep_some});
  ASSERT_TRUE(parts) << parts.error().message;
  EXPECT_GE(lives, 3u);
  EXPECT_EQ(parts->file, whole->file);
  ASSERT_EQ(parts->curve.size(), whole->curve.size());
  for (std::size_t i = 0; i < whole->curve.size(); ++i)
    EXPECT_EQ(parts->curve[i].held_out, whole->curve[i].held_out);

  // Damage anywhere is found; a file that is something else is named as that.
  for (std::size_t place = 7; place < kept.size(); place += kept.size() / 20) {
    Bytes damaged = kept;
    damaged[place] = static_cast<char>(damaged[place] ^ 0x10);
    EXPECT_EQ(resume(damaged, {}).error().code, ErrorCode::kCorrupt) << place;
  }
  EXPECT_EQ(resume(BytesView(kept).substr(0, kept.size() - 1), {}).error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(resume("", {}).error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace lockstep::training
