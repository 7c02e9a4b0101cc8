// The page that shows a cluster to people, and the policy that keeps it to itself.
#pragma once

#include <string_view>

#include "net/api/http_message.h"
#include "net/api/json_replies.h"

namespace lockstep::api {

// net/api/dashboard.html, as it was when this program was built.
std::string_view dashboard_html();

// With a Content-Security-Policy that allows the page's own script and style by their hashes, and connections
// to `members` and to where it came from.
HttpResponse dashboard_page(const HttpOrigins& members);

}  // namespace lockstep::api
