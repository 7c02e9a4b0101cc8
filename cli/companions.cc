// Processes by their files, like nodes.
#include "cli/companions.h"

#include <signal.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <ostream>
#include <thread>

#include "base/text.h"
#include "cli/table.h"

namespace lockstep::cli {
namespace {

namespace fs = std::filesystem;

constexpr Duration kFirstLine = std::chrono::seconds(10);
constexpr Duration kLook = std::chrono::milliseconds(20);

std::string log_since(const Companion& companion, std::uintmax_t offset) {
  std::ifstream in(companion.log_file(), std::ios::binary);
  in.seekg(static_cast<std::streamoff>(offset));
  std::string text(std::istreambuf_iterator<char>(in), {});
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

// Until it has said who it is.
Status start(const LocalCluster& cluster, const Companion& companion) {
  std::error_code error;
  std::vector<std::string> arguments = companion.arguments(cluster.directory());
  arguments.insert(arguments.begin(), fs::read_symlink("/proc/self/exe", error).string());
  const auto size = fs::file_size(companion.log_file(), error);
  const std::uintmax_t offset = error ? 0 : size;
  LOCKSTEP_TRY(pid, spawn_daemon(arguments, companion.log_file()));
  if (const auto process = Process::find(pid)) LOCKSTEP_TRY_STATUS(process->save(companion.process_file()));
  const auto end = std::chrono::steady_clock::now() + kFirstLine;
  for (;;) {
    const std::string said = log_since(companion, offset);
    if (said.find("lockstep: ") != std::string::npos) return {};
    if (!Process::find(pid)) {
      const std::size_t last = said.rfind('\n');
      return fail(
          ErrorCode::kUnavailable,
          cat(companion.name, " has ended: ", last == std::string::npos ? said : said.substr(last + 1)));
    }
    if (std::chrono::steady_clock::now() > end)
      return fail(ErrorCode::kUnavailable,
                  cat(companion.name, " says nothing; its log is ", companion.log_file()));
    std::this_thread::sleep_for(kLook);
  }
}

std::string_view role_of(const Companion& companion) { return companion.is_cloud() ? "cloud" : "edge"; }

}  // namespace

Status start_companions(const LocalCluster& cluster) {
  for (const Companion& companion : cluster.companions())
    if (!companion.process()) LOCKSTEP_TRY_STATUS(start(cluster, companion));
  return {};
}

void print_companions(const LocalCluster& cluster, std::ostream& out) {
  if (cluster.companions().empty()) return;
  std::vector<TextRow> rows;
  for (const Companion& companion : cluster.companions()) {
    const auto process = companion.process();
    rows.push_back({companion.name, std::string(role_of(companion)), process ? "running" : "stopped",
                    process ? cat(process->pid()) : "", companion.log_file()});
  }
  out << '\n' << to_table({"beside", "role", "state", "process", "log"}, rows);
}

nlohmann::ordered_json companions_json(const LocalCluster& cluster) {
  using Json = nlohmann::ordered_json;
  Json out = Json::array();
  for (const Companion& companion : cluster.companions()) {
    const auto process = companion.process();
    out.push_back({{"name", companion.name},
                   {"role", role_of(companion)},
                   {"state", process ? "running" : "stopped"},
                   {"process", process ? Json(process->pid()) : Json()},
                   {"log", companion.log_file()}});
  }
  return out;
}

bool stop_companions(const LocalCluster& cluster, bool kill, Duration patience, std::ostream& out,
                     std::ostream& err) {
  bool all = true;
  std::vector<std::pair<const Companion*, std::optional<Process>>> running;
  for (const Companion& companion : cluster.companions()) {
    running.emplace_back(&companion, companion.process());
    if (running.back().second) running.back().second->signal(kill ? SIGKILL : SIGTERM);
  }
  for (const auto& [companion, process] : running) {
    if (!process) {
      out << companion->name << " was not running\n";
    } else if (process->wait(patience)) {
      out << companion->name << (kill ? " killed" : " stopped") << " (process " << process->pid() << ")\n";
      std::error_code ignored;
      fs::remove(companion->process_file(), ignored);
    } else {
      err << "lockstep cluster: " << companion->name << " (process " << process->pid()
          << ") still runs after " << to_string(patience) << "; --kill ends it\n";
      all = false;
    }
  }
  return all;
}

}  // namespace lockstep::cli
