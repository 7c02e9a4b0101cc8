// `lockstep cloud train` and `lockstep cloud evaluate`: the cloud's models, made and judged on this machine.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "cli/connect.h"

namespace CLI {
class App;
}

namespace lockstep::cli {

struct CloudTrainArguments {
  std::string kinds = "tank,motor";
  std::uint64_t seed = 1;
  std::uint64_t steps = 5000;
  std::string out = "model.safetensors";
  std::string from;   // empty: begin with nothing
  std::string curve;  // empty: no picture
  double drift = 0;
  bool from_telemetry = false;  // plants as identified from what a hub has recorded
  double last_minutes = 10;     // of it
  ConnectArguments connect;     // to that hub
  std::string checkpoint;       // empty: what is learned is lost if it is interrupted
  std::string resume;           // empty: from the beginning
  bool json = false;
  bool progress = false;  // a line that is rewritten: standard error is a terminal
};

struct CloudEvaluateArguments {
  std::string model;
  std::string kinds = "tank,motor";
  std::uint64_t plants = 100;
  double drift = 0;
  bool each = false;
  bool teacher = false;
  bool json = false;
};

// Which of the two was asked for.
struct CloudTrainingCommands {
  CLI::App* train = nullptr;
  CLI::App* evaluate = nullptr;
};
CloudTrainingCommands add_cloud_training(CLI::App& cloud, CloudTrainArguments& train,
                                         CloudEvaluateArguments& evaluate);

// Exit codes: 0 done, 1 a file cannot be written or no hub answers, 2 bad input.
int train_model(const CloudTrainArguments& arguments, std::ostream& out, std::ostream& err);
// Exit codes: 0 the model is better than the rules with 95 % confidence, 1 it is not, 2 bad input.
int evaluate_model(const CloudEvaluateArguments& arguments, std::ostream& out, std::ostream& err);

}  // namespace lockstep::cli
