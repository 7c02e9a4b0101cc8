// Trainings and comparisons as text and JSON.
#include "cli/cloud_train.h"

#include <CLI/CLI.hpp>
#include <iomanip>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/text.h"
#include "cli/field_commands.h"
#include "cli/files.h"
#include "cli/option_checks.h"
#include "cli/table.h"
#include "cli/telemetry.h"
#include "hub/model/safetensors.h"
#include "scenarios/training/curriculum.h"
#include "scenarios/training/judging.h"

namespace lockstep::cli {
namespace {

constexpr int kFailed = 1, kBadInput = 2;
constexpr std::uint64_t kMostSteps = 1'000'000, kMostPlants = 100'000;
constexpr std::size_t kMostInputBytes = std::size_t{4} << 30;  // a training keeps what it learns from

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream words(text);
  for (std::string word; std::getline(words, word, ',');) out.push_back(word);
  return out;
}

std::string kinds_complaint(const std::string& text) {
  const std::vector<std::string> kinds = split(text);
  for (const std::string& kind : kinds)
    if (kind != "tank" && kind != "motor")
      return "expected tank, motor or tank,motor, found \"" + text + "\"";
  return kinds.empty() ? "expected tank, motor or tank,motor, found nothing" : "";
}

// A file that is not there is bad input here, not a fault of the machine.
Result<std::string> read_input(const std::string& path) {
  auto read = read_whole_file(path, kMostInputBytes);
  if (!read) return fail(ErrorCode::kInvalidArgument, read.error().message);
  return read;
}

std::string fixed(double value, int digits) {
  std::ostringstream out;
  out << std::fixed << std::setprecision(digits) << value;
  return out.str();
}

std::string percent(double share) { return fixed(100 * share, 1) + " %"; }

class ProgressLine {
 public:
  ProgressLine(const CloudTrainArguments& arguments, std::ostream& err) : arguments_(arguments), err_(err) {}

  void show(const training::Progress& now) {
    const std::uint64_t tenth = now.step * 10 / now.steps;
    if (!arguments_.progress && tenth == shown_) return;
    shown_ = tenth;
    err_ << (arguments_.progress ? "\r" : "") << "step " << now.step << " of " << now.steps << ", "
         << now.examples << " examples, loss " << fixed(now.learned, 3) << ", held out "
         << fixed(now.held_out, 3) << (arguments_.progress ? "  " : "\n") << std::flush;
  }
  void end() {
    if (arguments_.progress && shown_ != kNothing) err_ << "\n";
  }

 private:
  static constexpr std::uint64_t kNothing = ~std::uint64_t{0};
  const CloudTrainArguments& arguments_;
  std::ostream& err_;
  std::uint64_t shown_ = kNothing;
};

int refuse(std::ostream& err, std::string_view command, const std::string& message, int code) {
  err << "lockstep cloud " << command << ": " << message << "\n";
  return code;
}

void print_trained(const CloudTrainArguments& arguments, const training::Trained& trained,
                   std::ostream& out) {
  const cloud::CurvePoint& last = trained.curve.back();
  if (arguments.json) {
    nlohmann::ordered_json curve = nlohmann::ordered_json::array();
    for (const cloud::CurvePoint& point : trained.curve)
      curve.push_back({{"step", point.step}, {"learned", point.learned}, {"held_out", point.held_out}});
    out << nlohmann::ordered_json{{"out", arguments.out},           {"bytes", trained.file.size()},
                                  {"seed", trained.seed},           {"steps", last.step},
                                  {"examples", trained.examples},   {"loss", last.learned},
                                  {"held_out_loss", last.held_out}, {"curve", std::move(curve)}}
               .dump(2)
        << "\n";
    return;
  }
  out << arguments.out << ": " << trained.file.size() << " bytes, learned from " << trained.examples
      << " windows in " << last.step << " steps; loss " << fixed(last.learned, 3) << ", held out "
      << fixed(last.held_out, 3) << " nats\n";
  if (!arguments.curve.empty()) out << arguments.curve << ": the loss over the steps\n";
  out << "What it is worth: lockstep cloud evaluate " << arguments.out << "\n";
}

std::vector<training::Specimen> specimens_of(const std::vector<std::string>& kinds, double drift) {
  std::vector<training::Specimen> out;
  for (const std::string& kind : kinds) out.push_back({.kind = kind, .drift = drift});
  return out;
}

// One per device of the hub that has shown enough; the others are named.
Result<std::vector<training::Specimen>> identified_specimens(const CloudTrainArguments& arguments,
                                                             std::ostream& err) {
  const Duration span(static_cast<std::int64_t>(arguments.last_minutes * 60e9));
  LOCKSTEP_TRY(tracks, read_telemetry(arguments.connect, split(arguments.kinds), span));
  std::vector<training::Specimen> out;
  for (const DeviceTrack& one : tracks) {
    const auto found = training::identify(one.track);
    if (!found) {
      err << one.device << ": left out: " << found.error().message << "\n";
      continue;
    }
    err << one.device << ": identified from " << found->spans << " windows\n";
    out.push_back(training::known_specimen(found->parameters));
  }
  if (out.empty())
    return fail(ErrorCode::kUnavailable, "no device of the hub has shown enough to be identified");
  return out;
}

Result<training::Trained> begin(const CloudTrainArguments& arguments, const training::Listeners& listeners,
                                std::ostream& err) {
  std::string from;
  if (!arguments.from.empty()) {
    LOCKSTEP_TRY(read, read_input(arguments.from));
    if (const auto tensors = model::read_tensors(read); !tensors)
      return fail(tensors.error().code, cat(arguments.from, ": ", tensors.error().message));
    from = std::move(read);
  }
  training::Curriculum curriculum;
  curriculum.specimens = specimens_of(split(arguments.kinds), arguments.drift);
  if (arguments.from_telemetry) {
    LOCKSTEP_TRY(identified, identified_specimens(arguments, err));
    curriculum.specimens = std::move(identified);
  }
  curriculum.seed = arguments.seed;
  curriculum.steps = arguments.steps;
  if (!from.empty()) curriculum.rate /= 4;  // what is known already must not be washed away
  return training::train(curriculum, from, listeners);
}

Result<training::Trained> go_on(const CloudTrainArguments& arguments, const training::Listeners& listeners) {
  LOCKSTEP_TRY(kept, read_input(arguments.resume));
  auto trained = training::resume(kept, listeners);
  if (trained || trained.error().code != ErrorCode::kCorrupt) return trained;
  return fail(ErrorCode::kCorrupt, cat(arguments.resume, ": ", trained.error().message));
}

nlohmann::ordered_json to_json(const training::Comparison& it, bool teacher) {
  nlohmann::ordered_json out{{"plants", it.plants},
                             {"rules", {{"cost", it.rules}, {"beyond_envelope", it.rules_beyond}}},
                             {"model", {{"cost", it.model}, {"beyond_envelope", it.model_beyond}}},
                             {"gain", {{"share", it.gain}, {"low", it.gain_low}, {"high", it.gain_high}}},
                             {"better_on", it.better}};
  if (teacher) out["teacher"] = {{"cost", it.teacher}};
  return out;
}

TextRow to_row(const std::string& name, const training::Comparison& it, bool teacher) {
  TextRow row{name, cat(it.plants), fixed(it.rules, 1), fixed(it.model, 1)};
  if (teacher) row.push_back(fixed(it.teacher, 1));
  row.insert(row.end(), {percent(it.gain), cat(percent(it.gain_low), " to ", percent(it.gain_high)),
                         cat(it.better), percent(it.rules_beyond), percent(it.model_beyond)});
  return row;
}

void print_each(const std::vector<training::Judgement>& all, std::ostream& out) {
  std::vector<TextRow> rows;
  for (const training::Judgement& one : all)
    rows.push_back({cat(one.seed), one.kind, fixed(one.rules, 1), fixed(one.model, 1)});
  out << to_table({"seed", "kind", "rules", "model"}, rows) << "\n";
}

void print_comparison(const CloudEvaluateArguments& arguments, const std::vector<std::string>& kinds,
                      const std::vector<training::Judgement>& all, std::ostream& out) {
  if (arguments.json) {
    nlohmann::ordered_json by_kind;
    for (const std::string& kind : kinds)
      by_kind[kind] = to_json(training::compare(all, kind), arguments.teacher);
    nlohmann::ordered_json document{{"model", arguments.model},
                                    {"drift", arguments.drift},
                                    {"all", to_json(training::compare(all, ""), arguments.teacher)},
                                    {"kinds", std::move(by_kind)}};
    if (arguments.each)
      for (const training::Judgement& one : all)
        document["each"].push_back(
            {{"seed", one.seed}, {"kind", one.kind}, {"rules", one.rules}, {"model", one.model}});
    out << document.dump(2) << "\n";
    return;
  }
  if (arguments.each) print_each(all, out);
  std::vector<TextRow> rows;
  for (const std::string& kind : kinds)
    rows.push_back(to_row(kind, training::compare(all, kind), arguments.teacher));
  rows.push_back(to_row("all", training::compare(all, ""), arguments.teacher));
  TextRow head{"kind", "plants", "rules", "model"};
  if (arguments.teacher) head.push_back("teacher");
  head.insert(head.end(), {"lower by", "95 % interval", "better on", "rules beyond", "model beyond"});
  out << to_table(head, rows)
      << "rules, model: mean tracking cost, in squared thousandths of the sensor's range (lower is better); "
         "beyond:\n"
         "share of the time outside the safe envelope. Interval: bootstrap over the plants, paired.\n";
}

}  // namespace

CloudTrainingCommands add_cloud_training(CLI::App& cloud, CloudTrainArguments& train,
                                         CloudEvaluateArguments& evaluate) {
  CloudTrainingCommands out;
  out.train = cloud.add_subcommand(
      "train", "Train a model of the hub on simulated plants, by imitation of a controller that knows them");
  out.train->add_option("--kind", train.kinds, "Kinds of plants: tank, motor or both")
      ->check(kinds_complaint, "KINDS")
      ->capture_default_str();
  out.train->add_option("--seed", train.seed, "Decides plants, disturbances, first weights and batches")
      ->capture_default_str();
  out.train->add_option("--steps", train.steps, "Batches of 64 windows to learn from")
      ->check(CLI::Range(std::uint64_t{1}, kMostSteps))
      ->capture_default_str();
  out.train->add_option("--out", train.out, "The model file to write (safetensors)")->capture_default_str();
  out.train->add_option("--from", train.from, "Fine-tune this model instead of beginning with nothing");
  out.train->add_option("--drift", train.drift, "How worn the plants are, from 0 (as new) to 1")
      ->check(number_between(0.0, 1.0))
      ->capture_default_str();
  out.train->add_option("--curve", train.curve, "Write a picture of the loss to this file (SVG)");
  CLI::Option* telemetry = out.train->add_flag(
      "--from-telemetry", train.from_telemetry,
      "Train on plants like those of a running hub: their numbers are found from its recordings");
  out.train->add_option("--last", train.last_minutes, "With --from-telemetry: so many minutes of recordings")
      ->check(number_between(1.0, 10'000.0))
      ->needs(telemetry)
      ->capture_default_str();
  add_hub(*out.train, train.connect);
  out.train->add_option("--checkpoint", train.checkpoint,
                        "Keep the training in this file while it goes on, to --resume it");
  CLI::Option* resume = out.train->add_option(
      "--resume", train.resume, "Go on with the training that this file keeps, and keep it there");
  for (const char* of_the_file :
       {"--kind", "--seed", "--steps", "--from", "--drift", "--from-telemetry", "--checkpoint"})
    resume->excludes(out.train->get_option(of_the_file));
  telemetry->excludes(out.train->get_option("--drift"));
  out.train->add_flag("--json", train.json, "Print one JSON document instead of text");
  out.train->footer(
      "The teacher plans with the equations of the very plant; the model sees only what sensors show. It "
      "learns from\n"
      "the teacher's own runs, and from runs of its own that the teacher comments (docs/training.md). One "
      "thread; the\n"
      "same arguments give the same file on the same machine.\n"
      "Exit code: 0 written, 1 a file cannot be written or no hub answers, 2 bad input, or no place for a "
      "file.\n"
      "Example: lockstep cloud train --out model.safetensors --curve loss.svg\n"
      "Example: lockstep cloud train --from model.safetensors --drift 0.6 --steps 1500 --out "
      "worn.safetensors\n"
      "Example: lockstep cloud train --from model.safetensors --from-telemetry --steps 1500 --out "
      "tuned.safetensors\n"
      "Example: lockstep cloud train --resume training.kept --out model.safetensors");
  out.evaluate = cloud.add_subcommand(
      "evaluate", "Judge a model beside the rules alone, on plants that no training has seen");
  out.evaluate->add_option("MODEL", evaluate.model, "The model file (safetensors)")->required();
  out.evaluate->add_option("--kind", evaluate.kinds, "Kinds of plants: tank, motor or both in turn")
      ->check(kinds_complaint, "KINDS")
      ->capture_default_str();
  out.evaluate->add_option("--plants", evaluate.plants, "So many, always with the same seeds")
      ->check(CLI::Range(std::uint64_t{2}, kMostPlants))
      ->capture_default_str();
  out.evaluate->add_option("--drift", evaluate.drift, "How worn the plants are, from 0 (as new) to 1")
      ->check(number_between(0.0, 1.0))
      ->capture_default_str();
  out.evaluate->add_flag("--each", evaluate.each, "Show every plant, too");
  out.evaluate->add_flag("--teacher", evaluate.teacher,
                         "Show what the controller that knows the plants reaches, too (slow)");
  out.evaluate->add_flag("--json", evaluate.json, "Print one JSON document instead of text");
  out.evaluate->footer(
      "Exit code: 0 the model costs less than the rules (the whole 95 % interval is above 0), 1 it does not, "
      "2 bad input.\n"
      "Example: lockstep cloud evaluate model.safetensors --teacher");
  return out;
}

int train_model(const CloudTrainArguments& arguments, std::ostream& out, std::ostream& err) {
  ProgressLine line(arguments, err);
  const std::string& kept = arguments.resume.empty() ? arguments.checkpoint : arguments.resume;
  // Found out now, not after the training.
  for (const std::string& written : {arguments.out, arguments.curve, kept})
    if (const Status can = written.empty() ? Status() : check_writable(written); !can)
      return refuse(err, "train", cat(can.error().message, "; nothing was trained"), kBadInput);
  training::Listeners listeners{.report = [&](const training::Progress& now) { line.show(now); }};
  if (!kept.empty())
    listeners.keep = [&](BytesView checkpoint) { return write_whole_file(kept, std::string(checkpoint)); };
  const Result<training::Trained> trained =
      arguments.resume.empty() ? begin(arguments, listeners, err) : go_on(arguments, listeners);
  line.end();
  if (!trained) {
    const bool of_the_world =
        trained.error().code == ErrorCode::kIo || trained.error().code == ErrorCode::kUnavailable;
    return refuse(err, "train", trained.error().message, of_the_world ? kFailed : kBadInput);
  }
  if (const Status written = write_whole_file(arguments.out, trained->file); !written)
    return refuse(err, "train", written.error().message, kFailed);
  if (!arguments.curve.empty()) {
    const std::string title = cat("Loss of ", arguments.out);
    if (const Status written = write_whole_file(arguments.curve, cloud::draw_curve(trained->curve, title));
        !written)
      return refuse(err, "train", written.error().message, kFailed);
  }
  print_trained(arguments, *trained, out);
  return 0;
}

int evaluate_model(const CloudEvaluateArguments& arguments, std::ostream& out, std::ostream& err) {
  const Result<std::string> file = read_whole_file(arguments.model, model::kMaxFileBytes);
  if (!file) return refuse(err, "evaluate", file.error().message, kBadInput);
  if (file->empty()) return refuse(err, "evaluate", cat(arguments.model, " is empty"), kBadInput);
  const auto model = hub::make_decider(*file, {});
  if (!model) return refuse(err, "evaluate", cat(arguments.model, ": ", model.error().message), kBadInput);
  const auto rules = hub::make_decider({}, {});
  if (!rules) return refuse(err, "evaluate", rules.error().message, kFailed);
  training::JudgingPlan plan;
  const std::vector<std::string> kinds = split(arguments.kinds);
  plan.specimens = specimens_of(kinds, arguments.drift);
  plan.plants = std::max<std::size_t>(arguments.plants, kinds.size());
  plan.with_teacher = arguments.teacher;
  const auto judged = training::judge(plan, **rules, **model);
  if (!judged) return refuse(err, "evaluate", judged.error().message, kBadInput);
  print_comparison(arguments, kinds, *judged, out);
  return training::compare(*judged, "").gain_low > 0 ? 0 : kFailed;
}

}  // namespace lockstep::cli
