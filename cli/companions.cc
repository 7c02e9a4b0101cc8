// Processes by their files, like nodes.
#include "cli/companions.h"

#include <ostream>
#include <thread>

#include "base/text.h"
#include "cli/table.h"

namespace lockstep::cli {
namespace {

constexpr Duration kFirstLine = std::chrono::seconds(10);
constexpr Duration kLook = std::chrono::milliseconds(20);

// Until it has said who it is.
Status start(const LocalCluster& cluster, const Companion& companion) {
  LOCKSTEP_TRY(started, start_process(companion, companion.arguments(cluster.directory())));
  const auto end = std::chrono::steady_clock::now() + kFirstLine;
  while (!started.words().contains("lockstep: ")) {
    if (started.has_ended())
      return fail(ErrorCode::kUnavailable,
                  cat(companion.name, " has ended: ", why_it_ended(started.last_words())));
    if (std::chrono::steady_clock::now() > end)
      return fail(ErrorCode::kUnavailable,
                  cat(companion.name, " says nothing; its log is ", companion.log_file()));
    std::this_thread::sleep_for(kLook);
  }
  return {};
}

std::string_view role_of(const Companion& companion) { return companion.is_cloud() ? "cloud" : "edge"; }

}  // namespace

CompanionsStarted start_companions(const LocalCluster& cluster) {
  CompanionsStarted out;
  std::string troubles;
  for (const Companion& companion : cluster.companions()) {
    if (companion.process()) continue;
    if (const Status begun = start(cluster, companion); begun) {
      out.names.push_back(companion.name);
    } else {
      append_text(troubles, cat(troubles.empty() ? "" : "\n", begun.error().message));
    }
  }
  if (!troubles.empty()) out.status = fail(ErrorCode::kUnavailable, std::move(troubles));
  return out;
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
  for (const Companion& companion : cluster.companions())
    if (const std::string why = companion.why_it_ended(); !why.empty())
      out << companion.name << " has ended: " << why << '\n';
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
                   {"log", companion.log_file()},
                   {"ended", companion.why_it_ended()}});
  }
  return out;
}

bool stop_companions(const LocalCluster& cluster, bool kill, Duration patience, std::ostream& out,
                     std::ostream& err) {
  const auto& companions = cluster.companions();
  return stop_processes({companions.begin(), companions.end()}, kill, patience, out, err);
}

}  // namespace lockstep::cli
