// A node or an edge of a real run over all its lives: its process, the line to its admin interface, its trace.
#pragma once

#include <signal.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/faults/admin.h"
#include "net/trace_ring.h"
#include "scenarios/real/child_process.h"

namespace lockstep::real {

class RealProcess {
 public:
  struct Options {
    NodeId id;
    std::string program;
    std::vector<std::string> arguments;  // with which the program is it, and obeys orders
    std::string directory;               // of its data; exists
    std::string log;
  };
  struct Callbacks {
    std::function<void(const faults::Greeting&)> on_greeting;  // it lives, and hears orders
    std::function<void(const faults::ProbeNote&)> on_hit;
    std::function<void(std::uint64_t rule, std::uint64_t frames)> on_struck;  // so many more
  };
  // The loop outlives it.
  RealProcess(net::EventLoop& loop, Options options, Callbacks callbacks)
      : loop_(loop), options_(std::move(options)), callbacks_(std::move(callbacks)) {}
  ~RealProcess() { kill(); }
  RealProcess(const RealProcess&) = delete;
  RealProcess& operator=(const RealProcess&) = delete;

  NodeId id() const { return options_.id; }
  const std::string& log() const { return options_.log; }
  // From start() until it is killed or has ended by itself.
  bool is_running() const { return process_.has_value(); }
  // Which life this is, or was last.
  Incarnation incarnation() const { return incarnation_; }

  // With orders that it obeys before it does anything.
  Status start(const faults::Orders& orders);
  void kill();
  // SIGTERM.
  void leave();
  bool is_leaving() const { return is_leaving_; }
  void stop() { process_->signal(SIGSTOP); }
  void go_on() { process_->signal(SIGCONT); }
  // Lost if it does not hear yet; it obeys what it was started with, and tells when it hears.
  void order(const faults::Orders& orders);

  // To be called every few milliseconds: connects, and looks whether it has ended by itself. Then, how.
  std::optional<std::string> look();
  // Appends what it did since the last call; also after its death. A sentence, if something is missing.
  std::string read_trace(std::vector<net::RingRecord>& into);

 private:
  void connect();
  void on_line(std::string_view line);
  void hang_up();
  void open_trace();

  net::EventLoop& loop_;
  Options options_;
  Callbacks callbacks_;
  std::optional<ChildProcess> process_;
  bool is_leaving_ = false;
  std::shared_ptr<faults::LineSocket> line_;
  std::map<std::uint64_t, std::uint64_t> struck_;  // of this life
  std::optional<net::TraceRingReader> trace_;
  Incarnation incarnation_;
};

}  // namespace lockstep::real
