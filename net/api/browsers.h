// What pages of other sites may make browsers do at a node's HTTP port: nothing, but for the dashboards of
// the cluster's members.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "net/api/http_message.h"
#include "net/api/json_replies.h"

namespace lockstep::api {

class Browsers {
 public:
  // `is_loopback`: nobody beyond this machine reaches the port.
  Browsers(bool is_loopback, const HttpOrigins& members);

  // Where no token is needed, a page of any site could have its own name resolved to this machine, and ask as
  // if it were ours ("DNS rebinding").
  bool are_led_here(const HttpRequest& request) const;
  // Whether a page from there is a dashboard of a member, which may read what this node says of itself.
  bool may_read_from(const std::string& origin) const { return origins_.contains(origin); }

 private:
  bool is_loopback_;
  std::set<std::string> origins_;  // by number and by name
};

// Lets the browser show the response to a page from `origin` ("CORS").
void share_with(const std::string& origin, HttpResponse& response);

// A form of another site may send text, but not JSON without asking first ("CSRF").
bool is_asked_before(const HttpRequest& request);

}  // namespace lockstep::api
