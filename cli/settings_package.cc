// nlohmann's objects are ordered by their keys' bytes, as the package has to be.
#include "cli/settings_package.h"

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace lockstep::cli {

Result<Bytes> settings_package(std::string_view text) {
  const auto settings = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!settings.is_object() || settings.empty())
    return fail(ErrorCode::kInvalidArgument,
                R"(expected settings as a JSON object, such as {"sampling/tank/period_ms": 500})");
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
