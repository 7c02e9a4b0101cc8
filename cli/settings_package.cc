// nlohmann's objects are ordered by their keys' bytes, as the package has to be, and have no limit of
// members, as json::parse has, which searches them one by one.
#include "cli/settings_package.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>

#include "base/text.h"

namespace lockstep::cli {

Result<Bytes> settings_package(std::string_view text) {
  std::set<std::string> keys;
  std::optional<std::string> twice;
  const auto look = [&](int depth, nlohmann::json::parse_event_t event, const nlohmann::json& what) {
    const bool is_key = event == nlohmann::json::parse_event_t::key && depth == 1;
    if (is_key && !keys.insert(what.get<std::string>()).second && !twice) twice = what.get<std::string>();
    return true;
  };
  const auto settings = nlohmann::json::parse(text, look, /*allow_exceptions=*/false);
  if (!settings.is_object() || settings.empty())
    return fail(ErrorCode::kInvalidArgument,
                R"(expected settings as a JSON object, such as {"sampling/tank/period_ms": 500})");
  if (twice)
    return fail(ErrorCode::kInvalidArgument,
                cat("expected every key only once, found \"", *twice, "\" again"));
  Bytes package;
  ByteWriter out(package);
  for (const auto& [key, value] : settings.items()) {
    if (key.empty() || !(value.is_string() || value.is_number()))
      return fail(ErrorCode::kInvalidArgument, cat("expected a text or a number for the key \"", key, "\""));
    out.sized(key).sized(value.is_string() ? value.get<std::string>() : value.dump());
  }
  return package;
}

}  // namespace lockstep::cli
