// The order of things: record, learn, record with what was learned, learn on.
#include "scenarios/training/curriculum.h"

#include <algorithm>

#include "base/text.h"
#include "hub/model/model_file.h"

namespace lockstep::training {
namespace {

constexpr std::uint64_t kHeldOutRound = 1'000;
constexpr std::size_t kTimesSeen = 6;     // an example, in a whole training, on average
constexpr std::size_t kAnswerTokens = 3;  // of the self-test

Result<Bytes> file_of(const model::Weights& weights, const Curriculum& curriculum,
                      const std::vector<cloud::Example>& examples) {
  std::string kinds;
  for (const std::string& kind : curriculum.kinds) kinds += cat(kinds.empty() ? "" : ", ", kind);
  const model::ModelNotes notes{.language = std::string(hub::kLanguage),
                                .note = cat("trained on ", kinds, "; seed ", curriculum.seed, ", ",
                                            curriculum.steps, " steps, drift ", curriculum.drift)};
  return model::write_model(weights, notes, model::NumberType::kF16, examples.front().prompt, kAnswerTokens);
}

Result<model::Weights> first_weights(const Curriculum& curriculum, BytesView from) {
  if (from.empty()) return cloud::fresh_weights(cloud::default_configuration(), curriculum.seed);
  LOCKSTEP_TRY_STATUS(hub::verify_model(from));
  LOCKSTEP_TRY(file, model::read_model(from));
  return std::move(file.weights);
}

class Lessons {
 public:
  Lessons(const Curriculum& curriculum, model::Weights weights)
      : curriculum_(curriculum),
        trainer_(std::move(weights), {.seed = curriculum.seed,
                                      .steps = curriculum.steps,
                                      .batch = curriculum.batch,
                                      .rate = curriculum.rate}) {}

  Result<Trained> run(BytesView from, const std::function<void(const Progress&)>& report) {
    LOCKSTEP_TRY(held_out, record(plan(kHeldOutRound, std::max<std::size_t>(2, plants() / 8)), nullptr));
    held_out_ = std::move(held_out);
    const std::size_t every = std::max<std::size_t>(1, curriculum_.steps / 100);
    std::size_t round = 0;
    double sum = 0;
    std::size_t count = 0;
    while (!trainer_.finished()) {
      // The last round begins early enough to be learned from.
      if (round < curriculum_.rounds &&
          trainer_.steps_done() * (curriculum_.rounds + 1) >= round * curriculum_.steps)
        LOCKSTEP_TRY_STATUS(record_round(round++, from));
      sum += trainer_.step();
      ++count;
      if (count < every && !trainer_.finished()) continue;
      note(sum / static_cast<double>(count), report);
      sum = 0;
      count = 0;
    }
    LOCKSTEP_TRY(file, file_of(trainer_.weights(), curriculum_, held_out_));
    return Trained{.file = std::move(file), .curve = std::move(curve_), .examples = trainer_.examples()};
  }

 private:
  // Per kind and round.
  std::size_t plants() const {
    const std::size_t seen = curriculum_.steps * curriculum_.batch / kTimesSeen;
    return std::max<std::size_t>(
        1, seen / (curriculum_.rounds * curriculum_.kinds.size() * curriculum_.windows));
  }

  RecordingPlan plan(std::uint64_t round, std::size_t plants) const {
    return {.kinds = curriculum_.kinds,
            .seed = curriculum_.seed,
            .round = round,
            .plants = plants,
            .windows = curriculum_.windows,
            .drift = curriculum_.drift};
  }

  // A learner that begins with somebody's weights acts from the first round on.
  Status record_round(std::size_t round, BytesView from) {
    std::unique_ptr<hub::Decider> learner;
    if (round > 0 || !from.empty()) {
      LOCKSTEP_TRY(file, file_of(trainer_.weights(), curriculum_, held_out_));
      LOCKSTEP_TRY(made, hub::make_decider(file, {}));
      learner = std::move(made);
    }
    LOCKSTEP_TRY(examples, record(plan(round, plants()), learner.get()));
    trainer_.add(std::move(examples));
    return {};
  }

  void note(double learned, const std::function<void(const Progress&)>& report) {
    const double held_out = trainer_.loss_of(held_out_);
    curve_.push_back({.step = trainer_.steps_done(), .learned = learned, .held_out = held_out});
    report({.step = trainer_.steps_done(),
            .steps = curriculum_.steps,
            .examples = trainer_.examples(),
            .learned = learned,
            .held_out = held_out});
  }

  const Curriculum& curriculum_;
  cloud::Trainer trainer_;
  std::vector<cloud::Example> held_out_;
  std::vector<cloud::CurvePoint> curve_;
};

}  // namespace

Result<Trained> train(const Curriculum& curriculum, BytesView from,
                      const std::function<void(const Progress&)>& report) {
  if (curriculum.kinds.empty() || curriculum.steps == 0 || curriculum.batch == 0 || curriculum.rounds == 0 ||
      curriculum.windows == 0)
    return fail(ErrorCode::kInvalidArgument,
                "expected at least one kind of plant, one round, window and step");
  LOCKSTEP_TRY(weights, first_weights(curriculum, from));
  return Lessons(curriculum, std::move(weights)).run(from, report);
}

}  // namespace lockstep::training
