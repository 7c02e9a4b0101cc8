// The page that shows a cluster to people, and the policy that keeps it to itself.
#pragma once

#include <string>
#include <vector>

#include "net/api/http_message.h"

namespace lockstep::api {

// net/api/dashboard.html, as it was when this program was built.
std::string_view dashboard_html();

// With a Content-Security-Policy that allows the page's own script and style by their hashes, and connections
// to `origins` and to where it came from.
HttpResponse dashboard_page(const std::vector<std::string>& origins);

}  // namespace lockstep::api
