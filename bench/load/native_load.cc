// The loops of the native load generator: one thread, epoll, one write to a connection for all that is due.
#include "bench/load/native_load.h"

#include <unistd.h>

#include <cstdio>

#include "base/check.h"

namespace lockstep::bench {
namespace {

constexpr Duration kPatience = std::chrono::seconds(30);
constexpr std::chrono::milliseconds kLook{50};
constexpr std::chrono::milliseconds kProbeInterval{2};

int give_up(const Error& error) {
  std::fprintf(stderr, "load: %s\n", error.message.c_str());
  return 1;
}

Result<std::uint64_t> open_session(NativeConnection& connection) {
  wire::Request request;
  request.mutable_open_session();
  LOCKSTEP_TRY(reply, connection.ask(request));
  if (reply.status() != wire::DONE) return fail(ErrorCode::kRefused, problem_with(reply));
  return reply.session();
}

void wait_for(int epoll, Moment until, const std::function<void(std::uint32_t line)>& ready) {
  const auto left = std::max(Moment::duration::zero(), until - now());
  const timespec wait{.tv_sec = 0, .tv_nsec = std::min<long>(left.count(), 999'999'999)};
  epoll_event events[64];
  const int count = epoll_pwait2(epoll, events, 64, &wait, nullptr);
  for (int n = 0; n < count; ++n) ready(events[n].data.u32);
}

void watch(int epoll, const NativeConnection& connection, std::uint32_t number) {
  epoll_event event{.events = EPOLLIN, .data = {.u32 = number}};
  CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, connection.descriptor(), &event) == 0);
}

}  // namespace

Result<NativeLoad> NativeLoad::open(const std::string& endpoint, Workload workload,
                                    std::uint32_t connections) {
  std::vector<Line> lines;
  for (std::uint32_t n = 0; n < connections; ++n) {
    LOCKSTEP_TRY(connection, NativeConnection::open(endpoint));
    lines.push_back({.connection = std::move(connection)});
    if (!workload.writes()) continue;
    LOCKSTEP_TRY(session, open_session(lines.back().connection));
    lines.back().session = session;
  }
  return NativeLoad(workload, std::move(lines));
}

NativeLoad::NativeLoad(Workload workload, std::vector<Line> lines)
    : workload_(workload), lines_(std::move(lines)), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  for (std::uint32_t n = 0; n < lines_.size(); ++n) watch(epoll_, lines_[n].connection, n);
}

NativeLoad::NativeLoad(NativeLoad&& other) noexcept
    : workload_(other.workload_), lines_(std::move(other.lines_)), epoll_(std::exchange(other.epoll_, -1)) {}

NativeLoad::~NativeLoad() {
  if (epoll_ >= 0) close(epoll_);
}

void NativeLoad::begin(Line& line, Moment due) {
  const std::uint64_t number = line.first_call + line.calls.size();
  line.calls.push_back({.begun = due});
  workload_.compose(request_);
  request_.set_call(number);
  if (workload_.writes()) {
    wire::Write& write = *request_.mutable_write()->mutable_write();
    write.set_session(line.session);
    write.set_sequence(number);
    write.set_first_incomplete(line.first_call);
  }
  line.connection.queue(request_);
  line.dirty = true;
}

Status NativeLoad::flush() {
  for (Line& line : lines_)
    if (std::exchange(line.dirty, false)) LOCKSTEP_TRY_STATUS(line.connection.flush());
  return {};
}

Status NativeLoad::receive(Moment until, const Answered& answered) {
  Status status;
  wait_for(epoll_, until, [&](std::uint32_t number) {
    Line& line = lines_[number];
    const auto received =
        line.connection.receive([&](const wire::Reply& reply) { settle(line, reply, answered); });
    if (!received) status = received;
  });
  return status;
}

void NativeLoad::settle(Line& line, const wire::Reply& reply, const Answered& answered) {
  const std::uint64_t position = reply.call() - line.first_call;
  CHECK(position < line.calls.size() && !line.calls[position].ended, "an answer to call ", reply.call());
  const Moment begun = line.calls[position].begun;
  line.calls[position].ended = true;
  for (; !line.calls.empty() && line.calls.front().ended; ++line.first_call) line.calls.pop_front();
  answered(line, begun, problem_with(reply));
}

int NativeLoad::run(const Shape& shape) {
  Meter meter(shape);
  std::size_t next_line = 0;
  Arrivals arrivals(shape.open_loop() ? shape.per_second : 1, now());
  if (!shape.open_loop())
    for (std::uint32_t n = 0; n < shape.outstanding; ++n) begin(lines_[n % lines_.size()], now());
  while (meter.advance(now())) {
    for (; shape.open_loop() && arrivals.next() <= now(); arrivals.take())
      begin(lines_[next_line++ % lines_.size()], arrivals.next());
    if (const auto flushed = flush(); !flushed) return give_up(flushed.error());
    const Moment until = shape.open_loop() ? arrivals.next() : now() + kLook;
    const auto received = receive(until, [&](Line& line, Moment begun, const std::string& problem) {
      const Moment at = now();
      problem.empty() ? meter.succeeded(begun, at) : meter.failed(problem);
      if (!shape.open_loop()) begin(line, at);
    });
    if (!received) return give_up(received.error());
  }
  return meter.report();
}

int NativeLoad::run_count(std::uint64_t count, std::uint32_t outstanding) {
  std::uint64_t begun = 0;
  for (; begun < std::min<std::uint64_t>(count, outstanding); ++begun)
    begin(lines_[begun % lines_.size()], now());
  std::uint64_t ended = 0;
  std::string trouble;
  while (ended < count && trouble.empty()) {
    if (const auto flushed = flush(); !flushed) return give_up(flushed.error());
    const auto received = receive(now() + kLook, [&](Line& line, Moment, const std::string& problem) {
      ++ended;
      if (!problem.empty()) trouble = problem;
      if (begun++ < count) begin(line, now());
    });
    if (!received) return give_up(received.error());
  }
  return trouble.empty() ? 0 : give_up({ErrorCode::kRefused, trouble});
}

int run_native_outage(const std::vector<std::string>& endpoints, int signal, int process) {
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  std::vector<NativeConnection> connections;
  for (const std::string& endpoint : endpoints) {
    auto connection = NativeConnection::open(endpoint);
    if (!connection) return give_up(connection.error());
    connections.push_back(std::move(*connection));
  }
  for (std::uint32_t n = 0; n < connections.size(); ++n) watch(epoll, connections[n], n);

  Workload workload(Operation::kInsert);
  wire::Request request;
  std::uint64_t probes = 0;
  std::uint64_t failed = 0;
  Status status;
  const Moment begin = strike(signal, process);
  for (Moment next = begin, at = begin; at - begin < kPatience && status; at = now()) {
    for (std::size_t n = 0; next <= at && n < connections.size(); ++n) {
      workload.compose(request);  // of no session: a probe is not repeated
      request.set_call(++probes);
      connections[n].queue(request);
      status = connections[n].flush();
    }
    while (next <= at) next += kProbeInterval;
    bool succeeded = false;
    wait_for(epoll, next, [&](std::uint32_t number) {
      status = connections[number].receive(
          [&](const wire::Reply& reply) { problem_with(reply).empty() ? succeeded = true : ++failed != 0; });
    });
    if (succeeded) {
      close(epoll);
      return report_outage(begin, now(), probes, failed);
    }
  }
  close(epoll);
  return give_up(status ? Error{ErrorCode::kUnavailable, "no write succeeded in 30 s"} : status.error());
}

}  // namespace lockstep::bench
