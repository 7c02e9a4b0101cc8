// Throughput of a standalone node beside plain SQLite on the same disk: one INSERT of 100 bytes per write, each durable
// before it is answered (synchronous=FULL), 1 and 64 writers. Usage: bench_standalone [DIRECTORY [SECONDS [ROUNDS]]]
//
// Each measurement has a process and a directory of its own: our SQLite is configured for a whole process.
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/check.h"
#include "core/client/client.h"
#include "core/service/standalone.h"
#include "net/host.h"
#include "storage/sql/database.h"

namespace lockstep {
namespace {

constexpr const char* kInsert = "INSERT INTO written(body) VALUES(?1)";
constexpr const char* kCreate = "CREATE TABLE written(id INTEGER PRIMARY KEY, body TEXT NOT NULL)";
const std::string kBody(100, 'x');

struct Setting {
  std::filesystem::path directory;  // empty, and the measurement's own
  unsigned writers = 1;
  Duration duration{};
};

struct Figures {
  std::uint64_t writes = 0;
  std::uint64_t locked = 0;  // "database is locked", after a minute's patience or at once
  double seconds = 0;
};

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// ---- plain SQLite -----------------------------------------------------------------------------------------------

sqlite3* open_plain(const std::filesystem::path& directory) {
  sqlite3* db = nullptr;
  CHECK(sqlite3_open((directory / "plain.sqlite").c_str(), &db) == SQLITE_OK);
  sqlite3_busy_timeout(db, 60'000);
  CHECK(sqlite3_exec(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL", nullptr, nullptr, nullptr) == SQLITE_OK);
  return db;
}

// A connection per writer, as SQLite's own locking has them; or one for all behind a mutex.
Figures measure_plain(const Setting& setting, bool shared) {
  sqlite3* first = open_plain(setting.directory);
  CHECK(sqlite3_exec(first, kCreate, nullptr, nullptr, nullptr) == SQLITE_OK);
  std::atomic<std::uint64_t> writes{0};
  std::atomic<std::uint64_t> locked{0};
  std::mutex mutex;
  const auto begin = std::chrono::steady_clock::now();
  const auto end = begin + setting.duration;
  std::vector<std::thread> threads;
  for (unsigned writer = 0; writer < setting.writers; ++writer)
    threads.emplace_back([&] {
      sqlite3* db = shared ? first : open_plain(setting.directory);
      sqlite3_stmt* insert = nullptr;
      CHECK(sqlite3_prepare_v2(db, kInsert, -1, &insert, nullptr) == SQLITE_OK);
      while (std::chrono::steady_clock::now() < end) {
        std::unique_lock lock(mutex, std::defer_lock);
        if (shared) lock.lock();
        sqlite3_bind_text(insert, 1, kBody.data(), static_cast<int>(kBody.size()), SQLITE_STATIC);
        const int done = sqlite3_step(insert);
        sqlite3_reset(insert);
        CHECK(done == SQLITE_DONE || done == SQLITE_BUSY, sqlite3_errmsg(db));
        ++(done == SQLITE_DONE ? writes : locked);
      }
      sqlite3_finalize(insert);
      if (!shared) sqlite3_close(db);
    });
  for (std::thread& thread : threads) thread.join();
  return {.writes = writes, .locked = locked, .seconds = seconds_since(begin)};
}

// ---- a standalone node --------------------------------------------------------------------------------------------

// Writers in the node's process, each with a session of its own and one write under way.
class Writers {
 public:
  Writers(const Setting& setting)
      : host_(loop_,
              {.place = {.self = NodeId(1), .cluster = ClusterId(1)},
               .incarnation = Incarnation(1),
               .seed = 1,
               .data_directory = setting.directory.string(),
               .transport = {},
               .trace = nullptr,
               .log = {}},
              [](const env::Env& env) { return std::make_unique<service::StandaloneNode>(env, service::StandaloneConfig{}); }) {
    host_.start();
    const auto& node = static_cast<service::StandaloneNode&>(host_.actor());
    CHECK(loop_.run_until([&node] { return node.database().is_open(); }, std::chrono::seconds(30)), "no database");
    for (unsigned writer = 0; writer < setting.writers; ++writer) add(NodeId(1000 + writer), writer);
  }

  Figures measure(Duration duration) {
    write(clients_.front(), kCreate, false);
    CHECK(loop_.run_until([this] { return figures_.writes == 1; }, std::chrono::seconds(30)), "no table");
    figures_ = {};
    running_ = true;
    const auto begin = std::chrono::steady_clock::now();
    for (auto& client : clients_) write(client, kInsert, true);
    loop_.run_for(duration);
    running_ = false;
    figures_.seconds = seconds_since(begin);
    return figures_;
  }

 private:
  struct Writer {
    NodeId name;
    std::unique_ptr<client::Client> client;
  };

  Instant now() { return host_.env().clock.monotonic_now(); }

  void add(NodeId name, std::uint64_t seed) {
    clients_.push_back({name, std::make_unique<client::Client>(
                                  client::Config{.nodes = {NodeId(1)}, .seed = seed}, now())});
    host_.attach_local(name, [this, at = clients_.size() - 1](Channel, BytesView payload) {
      clients_[at].client->on_reply(NodeId(1), payload, now());
      for (const client::Completion& done : clients_[at].client->take_completions()) completed(at, done);
      send(clients_[at]);
    });
  }
  void completed(std::size_t at, const client::Completion& done) {
    const bool executed = done.conclusion == client::Conclusion::kDone && done.reply.write().result().outcome() == 1;
    CHECK(executed, done.reply.ShortDebugString());
    ++figures_.writes;
    if (running_) write(clients_[at], kInsert, true);
  }
  void write(Writer& writer, const char* sql, bool with_body) {
    wire::Statement statement;
    statement.set_sql(sql);
    if (with_body) statement.add_parameters()->set_text(kBody);
    writer.client->write({std::move(statement)}, {}, now(), now() + std::chrono::seconds(60));
    send(writer);
  }
  void send(Writer& writer) {
    for (client::Outgoing& out : writer.client->take_outgoing())
      loop_.post([this, name = writer.name, payload = std::move(out.payload)] {
        host_.deliver(name, Channel::kRequest, payload);
      });
  }

  net::EventLoop loop_;
  net::Host host_;
  std::vector<Writer> clients_;
  Figures figures_;
  bool running_ = false;
};

Figures measure_standalone(const Setting& setting) {
  sql::initialise_sqlite(1);
  return Writers(setting).measure(setting.duration);
}

// ---- rows -------------------------------------------------------------------------------------------------------

using Measure = std::function<Figures(const Setting&)>;

// In a child process, whose memory and settings end with it.
Figures in_child(const Measure& measure, const Setting& setting) {
  std::filesystem::create_directories(setting.directory);
  int ends[2];
  CHECK(pipe(ends) == 0);
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    const Figures figures = measure(setting);
    CHECK(::write(ends[1], &figures, sizeof(figures)) == sizeof(figures));
    _exit(0);
  }
  Figures figures;
  close(ends[1]);
  CHECK(::read(ends[0], &figures, sizeof(figures)) == sizeof(figures), "a measurement died");
  close(ends[0]);
  waitpid(child, nullptr, 0);
  std::filesystem::remove_all(setting.directory);
  return figures;
}

struct Row {
  const char* name;
  unsigned writers;
  Measure measure;
  std::vector<double> rates;
  std::uint64_t locked = 0;
};

void run(const std::filesystem::path& directory, Duration duration, int rounds) {
  const Measure alone = measure_standalone;
  const Measure plain = [](const Setting& setting) { return measure_plain(setting, false); };
  const Measure shared = [](const Setting& setting) { return measure_plain(setting, true); };
  std::vector<Row> rows = {{"plain SQLite", 1, plain, {}},
                           {"standalone", 1, alone, {}},
                           {"plain SQLite, a connection each", 64, plain, {}},
                           {"plain SQLite, one connection", 64, shared, {}},
                           {"standalone", 64, alone, {}}};
  for (int round = 0; round < rounds; ++round)
    for (Row& row : rows) {
      const Figures figures = in_child(row.measure, {directory, row.writers, duration});
      row.rates.push_back(static_cast<double>(figures.writes) / figures.seconds);
      row.locked += figures.locked;
    }
  std::printf("%-34s %8s %12s %24s %8s\n", "", "writers", "writes/s", "least - most", "locked");
  for (Row& row : rows) {
    std::sort(row.rates.begin(), row.rates.end());
    std::printf("%-34s %8u %12.0f %12.0f - %9.0f %8llu\n", row.name, row.writers, row.rates[row.rates.size() / 2],
                row.rates.front(), row.rates.back(), static_cast<unsigned long long>(row.locked));
  }
}

}  // namespace
}  // namespace lockstep

int main(int count, char** arguments) {
  // ./dev bench gives all programs the same arguments; those of Google Benchmark mean nothing here.
  if (count > 1 && std::string_view(arguments[1]).starts_with("--")) count = 1;
  const std::filesystem::path parent = count > 1 ? arguments[1] : std::filesystem::temp_directory_path();
  const double seconds = count > 2 ? std::atof(arguments[2]) : 2;
  const int rounds = count > 3 ? std::atoi(arguments[3]) : 5;
  if (!std::filesystem::is_directory(parent) || seconds <= 0 || rounds < 1) {
    std::fprintf(stderr, "usage: bench_standalone [DIRECTORY [SECONDS [ROUNDS]]]\n");
    return 2;
  }
  const auto duration = std::chrono::duration_cast<lockstep::Duration>(std::chrono::duration<double>(seconds));
  lockstep::run(parent / lockstep::cat("lockstep-bench-", getpid()), duration, rounds);
  return 0;
}
