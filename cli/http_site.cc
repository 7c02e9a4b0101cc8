// Names, addresses and origins.
#include "cli/http_site.h"

#include "base/text.h"
#include "storage/sql/database.h"

namespace lockstep::cli {

api::HttpSite http_site(const config::NodeSettings& settings) {
  const auto origin_of = [&](const config::Address& address) {
    return cat(settings.tls ? "https://" : "http://", to_text(address));
  };
  api::HttpSite site;
  site.self = settings.cluster ? settings.cluster->self : NodeId(1);
  site.version = LOCKSTEP_VERSION;
  site.sqlite = sql::sqlite_identity();
  site.is_loopback = config::is_loopback(settings.listen.http->host);
  if (settings.cluster) {
    site.cluster = settings.cluster->name;
    for (const config::Member& member : settings.cluster->members) {
      site.members[member.id].native = to_text(member.address);
      if (member.http) site.members[member.id].origin = origin_of(*member.http);
    }
  }
  api::HttpSite::Member& own = site.members[site.self];
  if (own.native.empty()) own.native = to_text(settings.listen.native);
  if (own.origin.empty()) own.origin = origin_of(*settings.listen.http);
  return site;
}

}  // namespace lockstep::cli
