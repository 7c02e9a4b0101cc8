// What the schema cannot say about the field: times that can come, contents that a kind of package can have.
#include "scenarios/parse_field.h"

#include <array>

#include "base/text.h"

namespace lockstep::scenarios {
namespace {

constexpr Duration kShortest = std::chrono::milliseconds(1);

Dispatch read_dispatch(const json::Cursor& at, const Field& field) {
  Dispatch out;
  json::read_member(at, "at", out.at);
  if (out.at >= field.lasting)
    at.nearest("at").refuse(cat("a time before ", lockstep::to_string(field.lasting)),
                            "the field has ended by then");
  if (const auto kind = at.member("kind"))
    json::read_choice(*kind, std::array{PackageKind::kModel, PackageKind::kPolicy, PackageKind::kSettings},
                      out.kind);
  json::read_member(at, "rollback", out.rollback);
  json::read_member(at, "activate", out.activate);
  if (out.rollback && !out.activate)
    at.nearest("activate").refuse("true beside \"rollback\"", "to go back is to make a version active");
  const auto content = at.member("content");
  if (!content) return out;
  if (out.rollback) content->refuse("no \"content\" beside \"rollback\"", "nothing is sent");
  json::read_choice(*content,
                    std::array{Content::kGood, Content::kTruncated, Content::kWrongHash, Content::kHugeHeader,
                               Content::kOverlapping, Content::kNotFinite, Content::kNonsense},
                    out.content);
  const bool of_tensors = out.content == Content::kHugeHeader || out.content == Content::kOverlapping ||
                          out.content == Content::kNotFinite;
  if (of_tensors && out.kind != PackageKind::kModel)
    content->refuse("good, truncated, wrong_hash or nonsense", "only a model has tensors");
  return out;
}

}  // namespace

Field read_field(const json::Cursor& at) {
  Field out;
  json::read_member(at, "edges", out.edges);
  if (const auto devices = at.member("devices")) {
    out.devices.clear();
    for (const json::Cursor& device : devices->items())
      json::read_choice(device, std::array{DeviceKind::kTank, DeviceKind::kMotor},
                        out.devices.emplace_back());
  }
  json::read_duration(at, "sample", kShortest, out.sample);
  if (at.has("window")) {
    json::read_duration(at, "window", kShortest, out.window.emplace(kShortest));
    if (*out.window < out.sample)
      at.nearest("window").refuse(cat("at least ", lockstep::to_string(out.sample)), "a window has a sample");
  }
  json::read_duration(at, "for", kShortest, out.lasting);
  if (const auto buffer = at.member("buffer")) {
    json::read_member(*buffer, "bytes", out.buffer.bytes);
    if (const auto policy = buffer->member("when_full"))
      json::read_choice(*policy, std::array{WhenFull::kDropOldest, WhenFull::kDownsample},
                        out.buffer.when_full);
  }
  if (const auto dispatch = at.member("dispatch"))
    for (const json::Cursor& one : dispatch->items()) {
      const Duration before = out.dispatch.empty() ? Duration() : out.dispatch.back().at;
      out.dispatch.push_back(read_dispatch(one, out));
      if (out.dispatch.back().at < before)
        one.nearest("at").refuse(cat("at least ", lockstep::to_string(before)), "packages are numbered as they are sent");
    }
  json::read_member(at, "min_readings", out.min_readings);
  json::read_member(at, "min_instructions", out.min_instructions);
  return out;
}

}  // namespace lockstep::scenarios
