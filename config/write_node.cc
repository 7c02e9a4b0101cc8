// Settings as a configuration file.
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "config/parse_node.h"

namespace lockstep::config {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const std::optional<Address>& address) {
  return address ? Json(to_text(*address)) : Json(nullptr);
}

Json json_of(const Cluster& cluster) {
  Json members = Json::array();
  for (const Member& member : cluster.members) {
    Json entry{{"id", member.id.value()}, {"address", to_text(member.address)}};
    if (member.http) entry["http"] = to_text(*member.http);
    if (member.grpc) entry["grpc"] = to_text(*member.grpc);
    members.push_back(std::move(entry));
  }
  const bool is_number = !cluster.name.empty() && cluster.name[0] >= '0' && cluster.name[0] <= '9';
  const Json id = is_number ? Json(cluster_id(cluster.name).value()) : Json(cluster.name);
  Json out{
      {"id", id}, {"node", cluster.self.value()}, {"members", members}, {"expect_data", cluster.expect_data}};
  out.update(to_json(cluster.consensus));
  return out;
}

Json json_of(const Hub& hub) {
  return {{"credit", hub.credit},
          {"deadline_windows", hub.deadline_windows},
          {"resend_first", lockstep::to_string(hub.resend_first)},
          {"resend_most", lockstep::to_string(hub.resend_most)},
          {"kept_versions", hub.kept_versions},
          {"report_interval", lockstep::to_string(hub.report_interval)},
          {"retention", lockstep::to_string(hub.retention)},
          {"retention_interval", lockstep::to_string(hub.retention_interval)},
          {"retention_step", hub.retention_step}};
}

Json json_of(const Token& token) {
  Json out{{"name", token.name}, {"role", to_string(token.role)}};
  out[token.sha256.empty() ? "token" : "sha256"] = token.sha256.empty() ? token.token : token.sha256;
  if (!token.edges.empty()) out["edges"] = token.edges;
  return out;
}

}  // namespace

std::string to_json_text(const NodeSettings& settings) {
  Json out{{"about", settings.about},
           {"data", settings.data},
           {"database", settings.database},
           {"engine", to_string(settings.engine)},
           {"listen",
            {{"native", to_text(settings.listen.native)},
             {"grpc", json_of(settings.listen.grpc)},
             {"http", json_of(settings.listen.http)}}},
           {"insecure_listen", settings.insecure_listen}};
  if (settings.cluster) out["cluster"] = json_of(*settings.cluster);
  if (settings.hub) out["hub"] = json_of(*settings.hub);
  if (settings.tls) {
    const Tls& tls = *settings.tls;
    out["tls"] = {
        {"ca", tls.ca}, {"certificate", tls.certificate}, {"key", tls.key}, {"client_ca", tls.client_ca}};
  }
  out["tokens"] = settings.token_file.empty() ? Json::array() : Json(settings.token_file);
  if (settings.token_file.empty()) {
    for (const Token& token : settings.tokens) out["tokens"].push_back(json_of(token));
  }
  out["limits"] = {{"max_connections", settings.limits.max_connections},
                   {"session_timeout", lockstep::to_string(settings.limits.session_timeout)}};
  out["log"] = {{"level", to_string(settings.log.level)},
                {"file", settings.log.file.empty() ? Json(nullptr) : Json(settings.log.file)}};
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace lockstep::config
