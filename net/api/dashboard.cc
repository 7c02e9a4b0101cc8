// Hashes instead of 'unsafe-inline': what somebody smuggles into the page does not run.
#include "net/api/dashboard.h"

#include <openssl/sha.h>

#include "base/check.h"
#include "base/text.h"
#include "net/api/json_values.h"

namespace lockstep::api {
namespace {

// "'sha256-...'" of what stands between the only <TAG> and </TAG>.
std::string source_of(std::string_view page, std::string_view tag) {
  const std::string opening = cat("<", tag, ">");
  const std::size_t begin = page.find(opening);
  const std::size_t end = page.find(cat("</", tag, ">"));
  CHECK(begin != page.npos && end != page.npos, "the dashboard has no ", tag);
  const std::string_view text = page.substr(begin + opening.size(), end - begin - opening.size());
  unsigned char hash[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), hash);
  return cat("'sha256-", to_base64(BytesView(reinterpret_cast<const char*>(hash), sizeof hash)), "'");
}

}  // namespace

HttpResponse dashboard_page(const HttpOrigins& members) {
  static const std::string script = source_of(dashboard_html(), "script");
  static const std::string style = source_of(dashboard_html(), "style");
  std::string policy = cat("default-src 'none'; script-src ", script, "; style-src ", style,
                           "; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
                           "connect-src 'self'");
  for (const auto& [id, origin] : members) policy += cat(" ", origin);
  return {.content_type = "text/html; charset=utf-8",
          .body = std::string(dashboard_html()),
          .headers = {{"Content-Security-Policy", policy}, {"Referrer-Policy", "no-referrer"}}};
}

}  // namespace lockstep::api
