// The words of the field's section, and its way back into the language.
#include "scenarios/field.h"

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace lockstep::scenarios {

std::string_view to_string(DeviceKind kind) { return kind == DeviceKind::kTank ? "tank" : "motor"; }
std::string_view to_string(WhenFull policy) {
  return policy == WhenFull::kDropOldest ? "drop_oldest" : "downsample";
}

std::string_view to_string(PackageKind kind) {
  switch (kind) {
    case PackageKind::kModel: return "model";
    case PackageKind::kPolicy: return "policy";
    case PackageKind::kSettings: return "settings";
  }
  return "";
}

std::string_view to_string(Content content) {
  switch (content) {
    case Content::kGood: return "good";
    case Content::kTruncated: return "truncated";
    case Content::kWrongHash: return "wrong_hash";
    case Content::kHugeHeader: return "huge_header";
    case Content::kOverlapping: return "overlapping";
    case Content::kNotFinite: return "not_finite";
    case Content::kNonsense: return "nonsense";
  }
  return "";
}

PackageName name_of(const Field& field, const Dispatch& sent) {
  PackageName name{.kind = static_cast<std::uint64_t>(sent.kind)};
  for (const Dispatch& other : field.dispatch) {
    if (other.kind == sent.kind && !other.rollback) ++name.version;
    if (&other == &sent) break;
  }
  return name;
}

nlohmann::ordered_json json_of(const Field& field) {
  using Json = nlohmann::ordered_json;
  Json devices = Json::array();
  for (const DeviceKind kind : field.devices) devices.push_back(to_string(kind));
  Json dispatch = Json::array();
  for (const Dispatch& sent : field.dispatch) {
    Json one{{"at", lockstep::to_string(sent.at)}, {"kind", to_string(sent.kind)}};
    if (sent.rollback) {
      one["rollback"] = true;
    } else {
      one["content"] = to_string(sent.content);
      one["activate"] = sent.activate;
    }
    dispatch.push_back(std::move(one));
  }
  Json out{{"edges", field.edges},
           {"devices", std::move(devices)},
           {"sample", lockstep::to_string(field.sample)},
           {"for", lockstep::to_string(field.lasting)},
           {"buffer", {{"bytes", field.buffer.bytes}, {"when_full", to_string(field.buffer.when_full)}}},
           {"dispatch", std::move(dispatch)},
           {"min_readings", field.min_readings},
           {"min_instructions", field.min_instructions}};
  if (field.window) out["window"] = lockstep::to_string(*field.window);
  return out;
}

}  // namespace lockstep::scenarios
