// One request, from bytes: Beast's parser with our limits and our sentences.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "net/api/http_message.h"

namespace lockstep::api {

class HttpParser {
 public:
  HttpParser(std::size_t max_header_bytes, std::size_t max_body_bytes);
  ~HttpParser();
  HttpParser(HttpParser&&) noexcept;

  // Takes what it can of `bytes` and returns how much that was; stops behind the head, once. After a failure
  // no more is taken.
  std::size_t put(std::string_view bytes);

  bool has_head() const;
  bool is_done() const;
  std::size_t body_bytes() const;
  // What the client is to be told about what it sent.
  const std::optional<HttpResponse>& failure() const { return failure_; }

  // Of the head.
  bool expects_continue() const;
  bool keep_alive() const;
  // What was read; the parser is over.
  HttpRequest take();

 private:
  void check_head();

  struct Machine;
  std::unique_ptr<Machine> machine_;
  std::optional<HttpResponse> failure_;
};

}  // namespace lockstep::api
