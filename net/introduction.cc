// One connection: hello, welcome or refusal, good-bye.
#include "net/introduction.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "base/text.h"
#include "net/connection.h"
#include "net/handshake.h"

namespace lockstep::net {
namespace {

constexpr NodeId kStranger{~0ull - 1};

// Kept alive by what it waits for.
struct Question : std::enable_shared_from_this<Question> {
  Question(EventLoop& the_loop, const Endpoint& to, std::string the_token, Security* the_security)
      : loop(the_loop),
        endpoint(to),
        token(std::move(the_token)),
        security(the_security != nullptr ? *the_security : in_the_clear),
        resolver(loop.context()),
        socket(loop.context()) {}

  void begin() {
    resolver.async_resolve(endpoint.host, std::to_string(endpoint.port),
                           [self = shared_from_this()](const IoError& error, const auto& found) {
                             if (error) return self->fail_with(error.message());
                             self->connect(found);
                           });
  }

  void connect(const Tcp::resolver::results_type& found) {
    asio::async_connect(socket, found, [self = shared_from_this()](const IoError& error, const auto&) {
      if (error) return self->fail_with(error.message());
      tune(self->socket);
      self->security.connect(std::move(self->socket), self->endpoint,
                             [self](Result<std::unique_ptr<Stream>> stream) {
                               if (!stream) return self->fail_with(stream.error().message);
                               self->greet(std::move(*stream));
                             });
    });
  }

  void greet(std::unique_ptr<Stream> stream) {
    if (answer) return stream->close();
    connection = std::make_shared<Connection>(std::move(stream), kMaxHandshakeBytes * 2);
    Hello hello;
    hello.from = kStranger;
    hello.token = token;
    const FrameHeader header{.cluster = {}, .from = kStranger, .to = {}, .channel = Channel::kHandshake};
    connection->queue(header, encode(hello));
    connection->start([self = shared_from_this()](const Frame& frame) { self->on_frame(frame); },
                      [self = shared_from_this()](const std::string& why) { self->on_closed(why); },
                      [self = shared_from_this()](const std::string& why) { self->fail_with(why); });
    connection->flush();
  }

  // One that expects TLS cannot tell us so: it does not understand us.
  void on_closed(const std::string& why) {
    const bool unheard = &security == &in_the_clear;
    fail_with(unheard ? cat("expected a welcome, ", why, ": does it want TLS?") : why);
  }

  void on_frame(const Frame& frame) {
    const auto message = decode_handshake(frame.payload);
    if (!message) return fail_with(message.error().message);
    if (const auto* refusal = std::get_if<Refusal>(&*message)) return fail_with(printable(refusal->reason));
    const auto* welcome = std::get_if<Welcome>(&*message);
    if (welcome == nullptr) return fail_with("expected a welcome, found another message");
    if (!answer) answer = Introduction{.node = welcome->from, .cluster = welcome->cluster};
  }

  void fail_with(const std::string& why) {
    if (!answer) answer = fail(ErrorCode::kUnavailable, why);
  }

  void end() {
    resolver.cancel();
    IoError ignored;
    socket.close(ignored);
    if (connection) connection->close();
    connection.reset();
  }

  EventLoop& loop;
  Endpoint endpoint;
  std::string token;
  NoSecurity in_the_clear;
  Security& security;
  Tcp::resolver resolver;
  Tcp::socket socket;
  std::shared_ptr<Connection> connection;
  std::optional<Result<Introduction>> answer;
};

}  // namespace

std::vector<Result<Introduction>> ask_who(EventLoop& loop, const std::vector<Endpoint>& endpoints,
                                          const std::string& token, Security* security, const Patience& patience) {
  std::vector<std::shared_ptr<Question>> questions;
  for (const Endpoint& endpoint : endpoints) {
    questions.push_back(std::make_shared<Question>(loop, endpoint, token, security));
    questions.back()->begin();
  }
  const auto introduced = [](const auto& question) { return question->answer && question->answer->has_value(); };
  const auto answered = [](const auto& question) { return question->answer.has_value(); };
  const auto all_answered = [&] { return std::ranges::all_of(questions, answered); };
  loop.run_until([&] { return all_answered() || std::ranges::any_of(questions, introduced); }, patience.at_most);
  if (std::ranges::any_of(questions, introduced)) loop.run_until(all_answered, patience.with_the_others);
  std::vector<Result<Introduction>> out;
  for (const auto& question : questions) {
    question->fail_with("no answer");
    question->end();
    out.push_back(std::move(*question->answer));
  }
  return out;
}

}  // namespace lockstep::net
