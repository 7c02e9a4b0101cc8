// Orders become rules and armed points; hits and counts become notes.
#include "net/faults/admin.h"

#include <unistd.h>

#include <fstream>

#include "base/text.h"

namespace lockstep::faults {
namespace {

// How often the operator hears about new victims of link rules.
constexpr Duration kLookAtLinks = std::chrono::milliseconds(20);

Result<LocalSocket::acceptor> listen_at(net::asio::io_context& context, const std::string& path) {
  constexpr std::size_t kMostPathBytes = 107;  // sockaddr_un
  if (path.size() > kMostPathBytes)
    return fail(ErrorCode::kInvalidArgument, cat("expected a path of at most ", kMostPathBytes,
                                                 " bytes for the socket of faults, found ", path));
  ::unlink(path.c_str());  // of an earlier life
  LocalSocket::acceptor acceptor(context);
  net::IoError error;
  acceptor.open(LocalSocket(), error);
  if (!error) acceptor.bind(LocalSocket::endpoint(path), error);
  if (!error) acceptor.listen(net::asio::socket_base::max_listen_connections, error);
  if (error) return fail(ErrorCode::kIo, cat("cannot listen at ", path, ": ", error.message()));
  return acceptor;
}

}  // namespace

Result<std::unique_ptr<Admin>> Admin::open(net::EventLoop& loop, net::Host& host,
                                           const std::string& data_directory, net::Log log) {
  LOCKSTEP_TRY(acceptor, listen_at(loop.context(), cat(data_directory, '/', kSocketFile)));
  std::unique_ptr<Admin> admin(new Admin(loop, host, std::move(acceptor), std::move(log)));
  LOCKSTEP_TRY_STATUS(admin->obey_file(cat(data_directory, '/', kOrdersFile)));
  admin->accept();
  admin->watch_links();
  return admin;
}

Admin::Admin(net::EventLoop& loop, net::Host& host, LocalSocket::acceptor acceptor, net::Log log)
    : host_(host), acceptor_(std::move(acceptor)), log_(std::move(log)), look_(loop.context()) {
  host_.probes().on_hit([this](const net::ProbeSwitch::Hit& hit) { on_hit(hit); });
}

Admin::~Admin() {
  host_.probes().on_hit({});
  if (operator_) operator_->close();
}

// No file: no orders.
Status Admin::obey_file(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  for (std::uint64_t number = 1; std::getline(file, line); ++number) {
    const auto orders = parse_orders(line);
    if (!orders)
      return fail(ErrorCode::kInvalidArgument, cat(path, ", line ", number, ": ", orders.error().message));
    obey(*orders);
  }
  return {};
}

void Admin::accept() {
  acceptor_.async_accept([this](const net::IoError& error, LocalSocket::socket socket) {
    if (error == net::asio::error::operation_aborted) return;
    if (!error) welcome(std::move(socket));
    accept();
  });
}

void Admin::welcome(LocalSocket::socket socket) {
  if (operator_) operator_->close();
  operator_ = std::make_shared<LineSocket>(
      std::move(socket), LineSocket::Callbacks{.on_line = [this](std::string_view line) { on_line(line); },
                                               .on_end =
                                                   [this] {
                                                     operator_ = nullptr;
                                                     replace_probes({});
                                                     host_.probes().release_all();
                                                   }});
  operator_->start();
  tell(Greeting{.node = host_.env().self, .incarnation = host_.env().incarnation});
  for (const ProbeNote& note : std::exchange(unheard_, {})) tell(note);
  told_struck_.clear();
}

void Admin::on_line(std::string_view line) {
  const auto orders = parse_orders(line);
  if (!orders) return tell(ComplaintNote{orders.error().message});
  obey(*orders);
}

void Admin::obey(const Orders& orders) {
  if (orders.latency) host_.links().set_latency(*orders.latency);
  if (orders.links) replace_links(*orders.links);
  if (orders.probes) replace_probes(*orders.probes);
  for (const std::uint64_t ticket : orders.release) host_.probes().release(ticket);
  if (orders.release_all) host_.probes().release_all();
}

void Admin::replace_links(const std::vector<net::LinkRule>& links) {
  struck_before_ = struck();
  host_.links().clear();
  links_.clear();
  for (const net::LinkRule& rule : links) {
    links_.push_back(rule.id);
    host_.links().add(rule);
  }
  if (log_) log_(net::Tone::kRemark, cat("faults: ", links.size(), " link rules in force"));
}

void Admin::replace_probes(const std::vector<std::string>& points) {
  for (const std::string& point : std::exchange(probes_, points)) host_.probes().disarm(point);
  for (const std::string& point : probes_) host_.probes().arm(point);
}

void Admin::on_hit(const net::ProbeSwitch::Hit& hit) {
  ProbeNote note{.ticket = hit.ticket, .point = hit.point, .object = hit.object};
  if (operator_ == nullptr) return unheard_.push_back(std::move(note));
  tell(note);
}

void Admin::tell(const Note& note) {
  if (operator_) operator_->send(to_line(note));
}

std::map<std::uint64_t, std::uint64_t> Admin::struck() const {
  auto all = struck_before_;
  for (const std::uint64_t id : links_) all[id] += host_.links().struck(id);
  return all;
}

void Admin::watch_links() {
  look_.expires_after(kLookAtLinks);
  look_.async_wait([this](const net::IoError& error) {
    if (error) return;
    if (auto now = struck(); operator_ != nullptr && now != told_struck_) {
      tell(StruckNote{now});
      told_struck_ = std::move(now);
    }
    watch_links();
  });
}

}  // namespace lockstep::faults
