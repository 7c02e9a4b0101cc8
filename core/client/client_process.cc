// Carries frames and deadlines between the ports and the client.
#include "core/client/client_process.h"

#include <utility>

namespace lockstep::client {

void ClientProcess::write(std::vector<wire::Statement> statements, WriteOptions options, Duration timeout,
                          Then then) {
  const Instant start = now();
  expect(client_.write(std::move(statements), std::move(options), start, start + timeout), std::move(then));
}

void ClientProcess::query(wire::Statement statement, ReadOptions options, Duration timeout, Then then) {
  const Instant start = now();
  expect(client_.query(std::move(statement), options, start, start + timeout), std::move(then));
}

void ClientProcess::get_version(std::string table, std::optional<NodeId> at, Duration timeout, Then then) {
  const Instant start = now();
  expect(client_.get_version(std::move(table), at, start, start + timeout), std::move(then));
}

void ClientProcess::status(NodeId node, Duration timeout, Then then) {
  const Instant start = now();
  expect(client_.status(node, start, start + timeout), std::move(then));
}

void ClientProcess::maintain(wire::Maintain::What what, Duration timeout, Then then) {
  const Instant start = now();
  expect(client_.maintain(what, start, start + timeout), std::move(then));
}

void ClientProcess::close_session(Duration timeout, Then then) {
  const Instant start = now();
  expect(client_.close_session(start, start + timeout), std::move(then));
}

void ClientProcess::on_unreachable(NodeId node, bool may_have_arrived) {
  client_.on_unreachable(node, may_have_arrived, now());
}

void ClientProcess::give_up() { client_.give_up(); }

void ClientProcess::on_message(NodeId from, Channel channel, BytesView payload) {
  if (channel == Channel::kReply) client_.on_reply(from, payload, now());
}

void ClientProcess::on_alarm() { client_.on_deadline(now()); }

void ClientProcess::expect(CallId id, Then then) {
  waiting_[id] = std::move(then);
  if (!concluding_) on_turn_end();
}

void ClientProcess::on_turn_end() {
  concluding_ = true;
  for (auto done = client_.take_completions(); !done.empty(); done = client_.take_completions())
    for (const Completion& completion : done) {
      auto then = waiting_.extract(completion.id);
      if (!then.empty()) then.mapped()(completion);
    }
  concluding_ = false;
  for (const Outgoing& out : client_.take_outgoing()) env_.transport.send(out.to, Channel::kRequest, out.payload);
  env_.alarm.set(client_.deadline());
}

}  // namespace lockstep::client
