// The interface by which an operator brings faults to a node: it exists only in one that was started to allow
// them.
//
// In the node's data directory: a file of orders that are obeyed before anything happens, and a socket for
// all that follows. docs/format/faults.md says what goes through both.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "net/faults/line_socket.h"
#include "net/faults/orders.h"
#include "net/host.h"

namespace lockstep::faults {

inline constexpr const char* kOrdersFile = "lockstep.faults.jsonl";
inline constexpr const char* kSocketFile = "lockstep.faults.sock";
inline constexpr const char* kTraceRingFile = "lockstep.trace";

// One operator at a time: who connects takes the place of who was there. When he leaves, links stay as they
// are; probes are disarmed and let go of what they hold, for nobody else would.
class Admin {
 public:
  // Before the host starts, which outlives it. kInvalidArgument: an order of the file is not one.
  static Result<std::unique_ptr<Admin>> open(net::EventLoop& loop, net::Host& host,
                                             const std::string& data_directory, net::Log log);
  ~Admin();

 private:
  Admin(net::EventLoop& loop, net::Host& host, LocalSocket::acceptor acceptor, net::Log log);

  Status obey_file(const std::string& path);
  void accept();
  void welcome(LocalSocket::socket socket);
  void on_line(std::string_view line);
  void obey(const Orders& orders);
  void replace_links(const std::vector<net::LinkRule>& links);
  void replace_probes(const std::vector<std::string>& points);
  void on_hit(const net::ProbeSwitch::Hit& hit);
  void tell(const Note& note);
  std::map<std::uint64_t, std::uint64_t> struck() const;
  void watch_links();

  net::Host& host_;
  LocalSocket::acceptor acceptor_;
  net::Log log_;
  net::asio::steady_timer look_;
  std::shared_ptr<LineSocket> operator_;  // none: nobody is connected
  std::vector<ProbeNote> unheard_;        // hits that nobody was told of
  std::vector<std::string> probes_;
  std::vector<std::uint64_t> links_;                      // ids of the rules in force
  std::map<std::uint64_t, std::uint64_t> struck_before_;  // by rules, in earlier orders
  std::map<std::uint64_t, std::uint64_t> told_struck_;
};

}  // namespace lockstep::faults
