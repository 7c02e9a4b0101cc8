// Host, Origin and Content-Type: what a browser says truly, whatever the page that leads it.
#include "net/api/browsers.h"

#include "net/endpoint.h"

namespace lockstep::api {
namespace {

std::string host_without_port(std::string_view host) {
  if (host.starts_with('[')) return std::string(host.substr(1, host.find(']') - 1));
  return std::string(host.substr(0, host.find(':')));
}

// "http://localhost:8001" for "http://127.0.0.1:8001": to a person they are one place, to a browser two.
std::string by_name(std::string origin) {
  constexpr std::string_view kNumber = "//127.0.0.1:";
  const std::size_t number = origin.find(kNumber);
  if (number != std::string::npos) origin.replace(number, kNumber.size(), "//localhost:");
  return origin;
}

}  // namespace

Browsers::Browsers(bool is_loopback, const HttpOrigins& members) : is_loopback_(is_loopback) {
  for (const auto& [id, origin] : members) {
    origins_.insert(origin);
    origins_.insert(by_name(origin));
  }
}

bool Browsers::are_led_here(const HttpRequest& request) const {
  if (!is_loopback_ || request.host.empty()) return false;
  return !net::is_loopback({.host = host_without_port(request.host), .port = 0});
}

void share_with(const std::string& origin, HttpResponse& response) {
  response.headers.emplace_back("Access-Control-Allow-Origin", origin);
  response.headers.emplace_back("Vary", "Origin");
}

bool is_asked_before(const HttpRequest& request) {
  const std::string_view whole = request.content_type;
  const std::string_view type = whole.substr(0, whole.find(';'));
  return type.substr(0, type.find_last_not_of(' ') + 1) == "application/json";
}

}  // namespace lockstep::api
