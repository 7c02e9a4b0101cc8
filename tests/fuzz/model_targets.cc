// Model files and policies, as a cloud or a stranger may send them.
#include "base/check.h"
#include "hub/model/model_file.h"
#include "hub/policy/decider.h"
#include "hub/policy/rules.h"
#include "tests/fuzz/targets.h"

namespace lockstep::fuzz {
namespace {

hub::DeviceModel device() {
  hub::DeviceModel device;
  device.name = "e1/tank";
  device.kind = "tank";
  device.signals = {{"level", 0, 1, 0.1, 0.9}, {"temperature", 273, 373, 280, 360}};
  device.actuators = {{"inlet", 0, 1}, {"heater", 0, 12'000}};
  device.controlled = 1;
  device.set_point = 320;
  return device;
}

}  // namespace

// What is taken is written as it was read: its numbers, its shapes and its metadata.
void safetensors(BytesView input) {
  if (const auto file = model::read_tensors(input)) {
    std::vector<std::vector<float>> numbers;
    std::vector<model::ConstNamedTensor> tensors;
    bool finite = true;
    for (const model::StoredTensor& tensor : file->tensors) {
      std::vector<float>& values = numbers.emplace_back(tensor.data.size() / model::size_of(tensor.type));
      finite = finite && model::read_numbers(tensor, values);
      tensors.push_back({tensor.name, tensor.shape, values});
    }
    const auto written = model::write_tensors(file->metadata, tensors, model::NumberType::kF32);
    CHECK(written.has_value() == finite, "not finite, but written; or the other way round");
    if (written) {
      const auto again = model::read_tensors(*written);
      CHECK(again && again->metadata == file->metadata && again->tensors.size() == tensors.size(), "read otherwise");
    }
  }
  const Status verified = hub::verify_model(input);
  CHECK(verified || !verified.error().message.empty(), "refused without a reason");
  if (const auto file = model::read_model(input)) (void)model::check_self_test(*file);
}

// What is taken decides, within the ranges.
void policy(BytesView input) {
  const auto decider = hub::make_decider("", input.empty() ? "{}" : input);
  if (!decider) {
    CHECK(!decider.error().message.empty(), "refused without a reason");
    return;
  }
  hub::Window window;
  window.samples = {{0.05, 359.0}, {0.95, std::nullopt}};
  window.last_commands = {0.5, 6'000};
  for (const double gain : {0.0, 1.0, 1e9}) {
    const hub::Decision decision = (*decider)->decide(device(), window, {.gain = gain});
    CHECK(decision.commands.size() == 2, "a command is missing");
    CHECK(decision.commands[0] >= 0 && decision.commands[0] <= 1, "beyond the inlet: ", decision.commands[0]);
    CHECK(decision.commands[1] >= 0 && decision.commands[1] <= 12'000, "beyond the heater: ", decision.commands[1]);
  }
}

}  // namespace lockstep::fuzz
