// The order of things: record, learn, record with what was learned, learn on.
#include "scenarios/training/curriculum.h"

#include <algorithm>

#include "base/join.h"
#include "base/text.h"
#include "hub/model/model_file.h"
#include "scenarios/training/checkpoint.h"

namespace lockstep::training {
namespace {

constexpr std::uint64_t kHeldOutRound = 1'000;
constexpr std::size_t kTimesSeen = 6;     // an example, in a whole training, on average
constexpr std::size_t kAnswerTokens = 3;  // of the self-test

std::string to_text(const Specimen& specimen) {
  if (specimen.known) return cat("a known ", specimen.kind);
  return specimen.drift > 0 ? cat(specimen.kind, " (drift ", specimen.drift, ")") : specimen.kind;
}

Result<Bytes> file_of(const model::Weights& weights, const Curriculum& curriculum,
                      const std::vector<cloud::Example>& examples) {
  const std::string plants = joined(curriculum.specimens, to_text);
  const model::ModelNotes notes{
      .language = std::string(hub::kLanguage),
      .note = cat("trained on ", plants, "; seed ", curriculum.seed, ", ", curriculum.steps, " steps")};
  return model::write_model(weights, notes, model::NumberType::kF16, examples.front().prompt, kAnswerTokens);
}

Result<model::Weights> first_weights(const Curriculum& curriculum, BytesView from) {
  if (from.empty()) return cloud::fresh_weights(cloud::default_configuration(), curriculum.seed);
  LOCKSTEP_TRY_STATUS(hub::verify_model(from));
  LOCKSTEP_TRY(file, model::read_model(from));
  return std::move(file.weights);
}

cloud::TrainingSettings settings_of(const Curriculum& curriculum) {
  return {
      .seed = curriculum.seed, .steps = curriculum.steps, .batch = curriculum.batch, .rate = curriculum.rate};
}

class Lessons {
 public:
  Lessons(Curriculum curriculum, bool tunes, cloud::Trainer trainer, const Listeners& listeners)
      : curriculum_(std::move(curriculum)),
        tunes_(tunes),
        trainer_(std::move(trainer)),
        listeners_(listeners) {}

  // As they stood when a checkpoint was taken.
  void go_on(std::size_t round, std::vector<cloud::CurvePoint> curve) {
    round_ = round;
    curve_ = std::move(curve);
  }

  Result<Trained> run() {
    LOCKSTEP_TRY(held_out, record(plan(kHeldOutRound, std::max<std::size_t>(2, plants() / 8)), nullptr));
    held_out_ = std::move(held_out);
    const std::size_t every = std::max<std::size_t>(1, curriculum_.steps / 100);
    double sum = 0;
    std::size_t count = 0;
    while (!trainer_.finished()) {
      // The last round begins early enough to be learned from.
      if (round_ < curriculum_.rounds &&
          trainer_.steps_done() * (curriculum_.rounds + 1) >= round_ * curriculum_.steps)
        LOCKSTEP_TRY_STATUS(record_round(round_++));
      sum += trainer_.step();
      ++count;
      if (count < every && !trainer_.finished()) continue;
      note(sum / static_cast<double>(count));
      sum = 0;
      count = 0;
      if (listeners_.keep) LOCKSTEP_TRY_STATUS(listeners_.keep(checkpoint()));
    }
    LOCKSTEP_TRY(file, file_of(trainer_.weights(), curriculum_, held_out_));
    return Trained{.file = std::move(file),
                   .curve = std::move(curve_),
                   .examples = trainer_.examples(),
                   .seed = curriculum_.seed};
  }

 private:
  // Per specimen and round.
  std::size_t plants() const {
    const std::size_t seen = curriculum_.steps * curriculum_.batch / kTimesSeen;
    return std::max<std::size_t>(
        1, seen / (curriculum_.rounds * curriculum_.specimens.size() * curriculum_.windows));
  }

  RecordingPlan plan(std::uint64_t round, std::size_t plants) const {
    return {.specimens = curriculum_.specimens,
            .seed = curriculum_.seed,
            .round = round,
            .plants = plants,
            .windows = curriculum_.windows};
  }

  // A learner that begins with somebody's weights acts from the first round on.
  Status record_round(std::size_t round) {
    std::unique_ptr<hub::Decider> learner;
    if (round > 0 || tunes_) {
      LOCKSTEP_TRY(file, file_of(trainer_.weights(), curriculum_, held_out_));
      LOCKSTEP_TRY(made, hub::make_decider(file, {}));
      learner = std::move(made);
    }
    LOCKSTEP_TRY(examples, record(plan(round, plants()), learner.get()));
    trainer_.add(std::move(examples));
    return {};
  }

  void note(double learned) {
    const double held_out = trainer_.loss_of(held_out_);
    curve_.push_back({.step = trainer_.steps_done(), .learned = learned, .held_out = held_out});
    if (!listeners_.report) return;
    listeners_.report({.step = trainer_.steps_done(),
                       .steps = curriculum_.steps,
                       .examples = trainer_.examples(),
                       .learned = learned,
                       .held_out = held_out});
  }

  Bytes checkpoint() const {
    Bytes trainer;
    ByteWriter out(trainer);
    trainer_.save(out);
    return write_checkpoint({.curriculum = curriculum_,
                             .tunes = tunes_,
                             .round = round_,
                             .curve = curve_,
                             .trainer = std::move(trainer)});
  }

  Curriculum curriculum_;
  bool tunes_;
  cloud::Trainer trainer_;
  const Listeners& listeners_;
  std::size_t round_ = 0;  // of the next recording
  std::vector<cloud::Example> held_out_;
  std::vector<cloud::CurvePoint> curve_;
};

Status check(const Curriculum& curriculum) {
  if (!curriculum.specimens.empty() && curriculum.steps > 0 && curriculum.batch > 0 &&
      curriculum.rounds > 0 && curriculum.windows > 0)
    return {};
  return fail(ErrorCode::kInvalidArgument, "expected at least one kind of plant, one round, window and step");
}

}  // namespace

Result<Trained> train(const Curriculum& curriculum, BytesView from, const Listeners& listeners) {
  LOCKSTEP_TRY_STATUS(check(curriculum));
  LOCKSTEP_TRY(weights, first_weights(curriculum, from));
  cloud::Trainer trainer(std::move(weights), settings_of(curriculum));
  return Lessons(curriculum, !from.empty(), std::move(trainer), listeners).run();
}

Result<Trained> resume(BytesView checkpoint, const Listeners& listeners) {
  LOCKSTEP_TRY(kept, read_checkpoint(checkpoint));
  LOCKSTEP_TRY_STATUS(check(kept.curriculum));
  ByteReader in(kept.trainer);
  LOCKSTEP_TRY(trainer, cloud::Trainer::restore(in, settings_of(kept.curriculum)));
  if (!in.at_end())
    return fail(ErrorCode::kCorrupt, cat("expected the end, found ", in.remaining(), " bytes more"));
  Lessons lessons(std::move(kept.curriculum), kept.tunes, std::move(trainer), listeners);
  lessons.go_on(kept.round, std::move(kept.curve));
  return lessons.run();
}

}  // namespace lockstep::training
