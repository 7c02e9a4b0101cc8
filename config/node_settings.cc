// Names of choices, and the number of a cluster.
#include "config/node_settings.h"

#include <charconv>

#include "base/hash.h"
#include "base/text.h"

namespace lockstep::config {

ClusterId cluster_id(std::string_view name) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  const bool is_number = error == std::errc() && end == name.data() + name.size();
  if (!is_number) number = hash64(name);
  return ClusterId(number == 0 ? 1 : number);
}

std::string exposure(const NodeSettings& settings) {
  if (settings.tls || settings.insecure_listen) return {};
  for (const auto& address :
       {std::optional(settings.listen.native), settings.listen.grpc, settings.listen.http}) {
    if (address && !address->host.empty() && !is_loopback(address->host)) {
      return cat(to_text(*address), " can be reached from other machines, in clear and by anyone");
    }
  }
  return {};
}

std::string_view to_string(Engine) { return "sqlite"; }

std::string_view to_string(Role role) {
  switch (role) {
    case Role::kEdge: return "edge";
    case Role::kRead: return "read";
    case Role::kWrite: return "write";
    case Role::kAdmin: return "admin";
  }
  return "";
}

std::string_view to_string(LogLevel level) {
  switch (level) {
    case LogLevel::kTrace: return "trace";
    case LogLevel::kDebug: return "debug";
    case LogLevel::kInfo: return "info";
    case LogLevel::kWarning: return "warning";
    case LogLevel::kError: return "error";
    case LogLevel::kOff: return "off";
  }
  return "";
}

}  // namespace lockstep::config
