// What one replicated write costs on this machine before there is any database: TCP and fdatasync on a
// majority of three processes, one write at a time. The floor below `./dev compare` at one outstanding.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;

constexpr int kRecordBytes = 200;  // a write of 100 bytes with what surrounds it
constexpr off_t kLogBytes = 16 << 20;
constexpr int kRounds = 5;
constexpr auto kWindow = std::chrono::seconds(2);
constexpr auto kLinger = microseconds(80);  // as the nodes do before they sleep (docs/decisions/0062)

using Record = std::array<char, kRecordBytes>;  // the number of the write comes first

void need(bool done, const char* what) {
  if (done) return;
  std::perror(what);
  std::exit(1);
}

struct Pair {
  int near, far;
};

Pair connected_pair() {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{
      .sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
  socklen_t size = sizeof address;
  need(::bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0 && ::listen(listener, 1) == 0,
       "listen");
  need(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0, "getsockname");
  const int near = ::socket(AF_INET, SOCK_STREAM, 0);
  need(::connect(near, reinterpret_cast<sockaddr*>(&address), size) == 0, "connect");
  const int far = ::accept(listener, nullptr, nullptr);
  ::close(listener);
  const int one = 1;
  for (const int end : {near, far})
    need(::setsockopt(end, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) == 0, "TCP_NODELAY");
  return {near, far};
}

// A file whose blocks are all there, so that a sync has no metadata to write.
class Log {
 public:
  explicit Log(const std::string& path)
      : file_(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)) {
    need(file_ >= 0, path.c_str());
    ::unlink(path.c_str());
    const std::vector<char> zeros(1 << 20);
    for (off_t at = 0; at < kLogBytes; at += 1 << 20)
      need(::pwrite(file_, zeros.data(), zeros.size(), at) > 0, "pwrite");
    need(::fsync(file_) == 0, "fsync");
  }
  void append(const Record& record) {
    if (end_ + kRecordBytes > kLogBytes) end_ = 0;
    need(::pwrite(file_, record.data(), record.size(), end_) == kRecordBytes && ::fdatasync(file_) == 0,
         "fdatasync");
    end_ += kRecordBytes;
  }

 private:
  int file_;
  off_t end_ = 0;
};

void send(int socket, const Record& record) {
  need(::send(socket, record.data(), record.size(), 0) == kRecordBytes, "send");
}

// False: the other side has gone.
bool receive(int socket, Record& record) {
  return ::recv(socket, record.data(), record.size(), MSG_WAITALL) == kRecordBytes;
}

void wait_for_any(std::vector<pollfd>& sockets) {
  const auto began = Clock::now();
  while (::poll(sockets.data(), sockets.size(), 0) == 0) {
    if (Clock::now() - began > kLinger) {
      ::poll(sockets.data(), sockets.size(), -1);
      return;
    }
    ::sched_yield();
  }
}

// Stands for what a database does with a write.
void work(microseconds duration) {
  for (const auto end = Clock::now() + duration; Clock::now() < end;) {
  }
}

void follow(int leader, Log log, microseconds own_work) {
  std::vector<pollfd> sockets{{leader, POLLIN, 0}};
  for (Record record; wait_for_any(sockets), receive(leader, record);) {
    log.append(record);
    send(leader, record);
    work(own_work);
  }
}

void lead(int client, std::array<int, 2> followers, Log log, microseconds own_work) {
  std::vector<pollfd> sockets{{client, POLLIN, 0}, {followers[0], POLLIN, 0}, {followers[1], POLLIN, 0}};
  Record newest{};
  int synced = 0;
  while (true) {
    wait_for_any(sockets);
    for (const pollfd& socket : sockets) {
      if (socket.revents == 0) continue;
      Record record;
      if (!receive(socket.fd, record)) return;
      if (socket.fd == client) {
        newest = record;
        for (const int follower : followers) send(follower, record);
        log.append(record);
        synced = 1;
      } else if (std::memcmp(record.data(), newest.data(), sizeof(std::uint64_t)) == 0 && ++synced == 2) {
        work(own_work);
        send(client, newest);
      }
    }
  }
}

template <class Function>
pid_t in_a_process(Function function) {
  if (const pid_t child = ::fork(); child != 0) return child;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  function();
  ::_exit(0);
}

// The times of all writes of one window, sorted.
std::vector<double> measure(const std::string& directory, microseconds own_work) {
  const Pair client = connected_pair(), first = connected_pair(), second = connected_pair();
  const std::array children{
      in_a_process([&] { follow(first.far, Log(directory + "/first"), own_work); }),
      in_a_process([&] { follow(second.far, Log(directory + "/second"), own_work); }), in_a_process([&] {
        lead(client.far, {first.near, second.near}, Log(directory + "/leader"), own_work);
      })};
  std::vector<double> times;
  Record record{};
  std::uint64_t number = 0;
  for (const auto end = Clock::now() + kWindow; Clock::now() < end;) {
    ++number;
    std::memcpy(record.data(), &number, sizeof number);
    const auto began = Clock::now();
    send(client.near, record);
    need(receive(client.near, record), "the leader");
    if (number > 100)
      times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - began).count());
  }
  for (const pid_t child : children) {
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }
  for (const Pair& pair : {client, first, second}) {
    ::close(pair.near);
    ::close(pair.far);
  }
  std::ranges::sort(times);
  return times;
}

}  // namespace

int main(int count, char** words) {
  if (count != 2) {
    std::fprintf(stderr, "usage: majority_round DIRECTORY: on the disk to measure; takes half a minute\n");
    return 2;
  }
  for (const int own_work : {0, 20, 40}) {
    std::vector<double> rates, medians;
    for (int round = 0; round < kRounds; ++round) {
      const auto times = measure(words[1], microseconds(own_work));
      double sum = 0;
      for (const double time : times) sum += time;
      rates.push_back(1e6 * static_cast<double>(times.size()) / sum);
      medians.push_back(times[times.size() / 2]);
    }
    std::ranges::sort(rates);
    std::ranges::sort(medians);
    std::printf("%2d us of work on each node: %.0f writes/s (%.0f - %.0f), p50 %.0f us\n", own_work,
                rates[kRounds / 2], rates.front(), rates.back(), medians[kRounds / 2]);
    std::fflush(stdout);
  }
}
