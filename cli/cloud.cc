// Packages there, reports back; what is kept is read from the hub's tables.
#include "cli/cloud.h"

#include <ctime>
#include <nlohmann/json.hpp>
#include <ostream>
#include <sstream>

#include "base/text.h"
#include "cli/cloud_program.h"
#include "cli/files.h"
#include "cli/hub_silence.h"
#include "cli/hub_tables.h"
#include "cli/last_resort.h"
#include "cli/node_log.h"
#include "cli/package_form.h"
#include "cli/package_kind.h"
#include "cli/settings_package.h"
#include "cli/table.h"
#include "reports/escape.h"
#include "reports/render.h"

namespace lockstep::cli {
namespace {

using reports::counted;

constexpr int kWorldRefused = 1;
constexpr int kBadInput = 2;
constexpr Duration kPatienceWithReports = std::chrono::seconds(5);
constexpr std::string_view kStates[] = {"unknown", "receiving", "staged", "active",
                                        "kept",    "refused",   "dropped"};

int complain(const Error& error, std::ostream& err) {
  err << "lockstep cloud: " << error.message << '\n';
  const bool input = error.code == ErrorCode::kInvalidArgument || error.code == ErrorCode::kRefused ||
                     error.code == ErrorCode::kNotFound;
  return input ? kBadInput : kWorldRefused;
}

std::string_view name_of_state(std::int64_t state) {
  return state >= 0 && state < std::ssize(kStates) ? kStates[static_cast<std::size_t>(state)] : "?";
}

Result<wire::Rows> ask(ClusterClient& client, std::string_view whose_command_needs, std::string sql,
                       std::vector<std::int64_t> parameters = {}) {
  wire::Statement statement = statement_of(sql);
  for (const std::int64_t parameter : parameters) statement.add_parameters()->set_integer(parameter);
  return ask_hub(client, std::move(statement), kPatienceWithReports, whose_command_needs);
}

// Nobody else may send one under the same number meanwhile: the hub refuses the second.
Result<std::uint64_t> next_version(const ConnectArguments& connect_with, wire::PackageKind kind) {
  LOCKSTEP_TRY(client, connect(connect_with));
  LOCKSTEP_TRY(rows, ask(*client, "; to send packages the role admin is needed",
                         "SELECT coalesce(max(version), 0) + 1 FROM hub_packages WHERE kind = ?1", {kind}));
  return static_cast<std::uint64_t>(rows.rows(0).values(0).integer());
}

// Of what is active.
std::string title_of(wire::PackageKind kind, std::uint64_t version) {
  if (version != 0) return cat(name_of(kind), " ", version);
  return kind == wire::POLICY ? "the built-in policy" : "the rules alone";
}

std::string describe(const wire::PackageStatus& status) {
  std::string out =
      cat(name_of(status.kind()), " version ", status.version(), " is ", name_of_state(status.state()));
  if (status.version() == 0 && status.state() == wire::ACTIVE)
    out = cat(name_of(status.kind()), ": ", title_of(status.kind(), 0));
  if (status.state() == wire::ACTIVE && status.active_index() != 0)
    append_text(out, cat(" since log index ", status.active_index()));
  if (!status.reason().empty()) append_text(out, cat(": ", status.reason()));
  if (status.kind() == wire::SETTINGS && status.state() == wire::ACTIVE)
    append_text(out, "; each edge tries them for itself, and may refuse: `lockstep cloud status` tells");
  return out;
}

nlohmann::ordered_json json_of(const wire::PackageStatus& status) {
  return {{"kind", name_of(status.kind())},
          {"version", status.version()},
          {"state", name_of_state(status.state())},
          {"received", status.received()},
          {"reason", status.reason()},
          {"active", status.active()},
          {"active_index", status.active_index()}};
}

int carry_out(const CloudArguments& arguments, cloud::Dispatch what, std::ostream& out, std::ostream& err) {
  auto program = CloudProgram::open(arguments.connect, passing_number());
  if (!program) return complain(program.error(), err);
  const Duration patience(static_cast<std::int64_t>(arguments.patience_s * 1e9));
  const bool wanted_active = what.activate;
  const auto status = (*program)->dispatch(std::move(what), patience);
  if (!status) {
    const std::string trouble = (*program)->trouble();
    return complain({ErrorCode::kUnavailable, cat("no answer of a leading hub after ", to_string(patience),
                                                  trouble.empty() ? "" : cat(" (", trouble, ")"))},
                    err);
  }
  if (arguments.json) {
    out << json_of(*status).dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << '\n';
  } else {
    out << reports::escaped_terminal(describe(*status)) << '\n';
  }
  const bool is_over = status->state() == wire::REFUSED || status->state() == wire::DROPPED;
  const bool fine = status->state() == wire::ACTIVE || (!wanted_active && !is_over);
  return fine ? 0 : kWorldRefused;
}

// "12 instructions: 9 done, 1 expired, 2 open; 1 missed its deadline": the parts are the whole, but for the
// last, which is about some of them. A hub of an older version does not say all of it.
std::string instructions_of(const wire::StatusReport& report) {
  const wire::StatusReport::Outcomes& outcomes = report.outcomes();
  std::string out = cat(counted(report.instructions(), "instructions"), ": ", report.done(), " done");
  const std::pair<std::uint64_t, std::string_view> parts[] = {
      {outcomes.failed(), "failed"},           {outcomes.expired(), "expired"},
      {outcomes.cancelled(), "cancelled"},     {outcomes.refused(), "refused"},
      {outcomes.interrupted(), "interrupted"}, {outcomes.unknown(), "of unknown outcome"}};
  for (const auto& [count, name] : parts)
    if (count > 0) append_text(out, cat(", ", count, " ", name));
  if (report.has_outcomes()) append_text(out, cat(", ", outcomes.open(), " open"));
  if (report.missed() > 0)
    append_text(out,
                cat("; ", report.missed(), " missed ", report.missed() == 1 ? "its" : "their", " deadline"));
  return out;
}

std::string line_of(const wire::StatusReport& report) {
  std::uint64_t connected = 0, not_heard = 0, readings = 0, dropped = 0;
  for (const auto& edge : report.edges()) {
    connected += edge.connected() ? 1 : 0;
    not_heard += edge.not_heard_yet() ? 1 : 0;
    readings += edge.readings();
    dropped += edge.dropped();
  }
  std::string active;
  for (const wire::PackageStatus& one : report.active())
    append_text(active, cat(", ", title_of(one.kind(), one.version())));
  std::string troubles;
  if (report.refused() > 0)
    append_text(troubles, cat("; ", counted(report.refused(), "messages"),
                              " refused, the last: ", report.last_refusal()));
  if (report.failed_statements() > 0)
    append_text(troubles, cat("; ", counted(report.failed_statements(), "statements"),
                              " of the hub failed, the last: ", report.last_failure(),
                              " (somebody has changed its tables)"));
  return cat("node ", report.leader(), " leads in term ", report.term(), " at index ", report.applied(), "; ",
             connected, " of ", counted(static_cast<std::uint64_t>(report.edges_size()), "edges"),
             not_heard == 0 ? "" : cat(" (", not_heard, " not heard yet: the leader is new)"), ", ",
             counted(readings, "readings"), dropped == 0 ? "" : cat(", ", dropped, " dropped"), "; ",
             instructions_of(report), active, troubles);
}

// Who reads warnings only has seen the trouble and should see its end.
void tell_of_silence(const CloudProgram& program, HubSilence& silence, spdlog::logger& log) {
  const auto now = std::chrono::steady_clock::now();
  if (const NodeId leader = program.leader(); !leader.is_none()) {
    const auto silent = silence.ends(now);
    if (silent)
      log.warn(cat("node ", leader, " leads and reports again, after ",
                   to_string(std::chrono::round<std::chrono::seconds>(*silent))));
  } else if (silence.begins(now)) {
    const std::string trouble = program.trouble();
    log.warn(cat("no hub answers", trouble.empty() ? ": no node says that it leads" : cat(": ", trouble)));
  }
}

struct HubView {
  wire::StatusReport report;
  wire::Rows packages;  // kind, version, bytes, state, reason, note
};

Result<HubView> look_at_hub(const CloudArguments& arguments) {
  LOCKSTEP_TRY(client, connect(arguments.connect));
  LOCKSTEP_TRY(packages,
               ask(*client, "",
                   "SELECT p.kind, p.version, p.bytes, CASE WHEN a.version IS NULL THEN p.state ELSE 3 END, "
                   "p.reason, p.note FROM hub_packages p LEFT JOIN hub_active a ON a.kind = p.kind AND "
                   "a.version = p.version ORDER BY p.kind, p.version"));
  LOCKSTEP_TRY(program, CloudProgram::open(arguments.connect, passing_number()));
  auto report = program->report(kPatienceWithReports);
  if (!report) return fail(ErrorCode::kUnavailable, cat("no hub reports: ", program->trouble()));
  return HubView{std::move(*report), std::move(packages)};
}

std::string_view state_of(const wire::StatusReport::Edge& edge) {
  return edge.connected() ? "connected" : edge.not_heard_yet() ? "not heard yet" : "silent";
}

// "2026-01-31 12:00:00", of an edge that was ever heard.
std::string time_of(std::int64_t ns) {
  if (ns <= 0) return {};
  const std::time_t seconds = ns / 1'000'000'000;
  std::tm utc{};
  char text[32];
  if (::gmtime_r(&seconds, &utc) == nullptr || std::strftime(text, sizeof text, "%F %T", &utc) == 0)
    return {};
  return text;
}

// The entry of the log since which it is active, as the leader knows it; empty: it is not.
std::string index_of(const wire::StatusReport& report, std::int64_t kind, std::int64_t version) {
  for (const wire::PackageStatus& one : report.active())
    if (one.kind() == kind && static_cast<std::int64_t>(one.version()) == version)
      return cat(one.active_index());
  return {};
}

// The notes and refusals in it are words of anybody who may write.
std::string to_text(const HubView& view) {
  std::ostringstream out;
  out << line_of(view.report) << "\n\n";
  std::vector<TextRow> edges;
  for (const auto& edge : view.report.edges())
    edges.push_back({edge.name(), std::string(state_of(edge)), time_of(edge.seen_ns()), cat(edge.readings()),
                     cat(edge.dropped()), cat(edge.open_instructions()), cat(edge.settings_version())});
  out << to_table({"edge", "state", "heard", "readings", "dropped", "open", "settings"}, edges) << '\n';
  for (const auto& edge : view.report.edges())
    if (edge.refused_settings() != 0)
      out << edge.name() << " refuses settings " << edge.refused_settings() << ": " << edge.refusal() << '\n';
  for (const wire::PackageStatus& one : view.report.active())
    if (one.version() == 0 || !one.reason().empty()) out << describe(one) << '\n';
  std::vector<TextRow> packages;
  for (const wire::Row& row : view.packages.rows())
    packages.push_back({std::string(name_of(static_cast<wire::PackageKind>(row.values(0).integer()))),
                        cat(row.values(1).integer()), cat(row.values(2).integer()),
                        std::string(name_of_state(row.values(3).integer())),
                        index_of(view.report, row.values(0).integer(), row.values(1).integer()),
                        row.values(4).text(), row.values(5).text()});
  if (packages.empty()) {
    out << "no packages: decisions are those of the built-in rules\n";
  } else {
    out << to_table({"package", "version", "bytes", "state", "since index", "reason", "note"}, packages);
  }
  return reports::escaped_terminal_lines(out.str());
}

void print_json(const HubView& view, std::ostream& out) {
  using Json = nlohmann::ordered_json;
  Json edges = Json::array(), packages = Json::array(), active = Json::array();
  for (const wire::PackageStatus& one : view.report.active())
    active.push_back({{"kind", name_of(one.kind())},
                      {"version", one.version()},
                      {"index", one.active_index()},
                      {"reason", one.reason()}});
  for (const auto& edge : view.report.edges())
    edges.push_back({{"edge", edge.name()},
                     {"connected", edge.connected()},
                     {"not_heard_yet", edge.not_heard_yet()},
                     {"seen_ns", edge.seen_ns()},
                     {"readings", edge.readings()},
                     {"dropped", edge.dropped()},
                     {"open_instructions", edge.open_instructions()},
                     {"settings", edge.settings_version()},
                     {"refused_settings", edge.refused_settings()},
                     {"refusal", edge.refusal()}});
  for (const wire::Row& row : view.packages.rows())
    packages.push_back({{"kind", name_of(static_cast<wire::PackageKind>(row.values(0).integer()))},
                        {"version", row.values(1).integer()},
                        {"bytes", row.values(2).integer()},
                        {"state", name_of_state(row.values(3).integer())},
                        {"reason", row.values(4).text()},
                        {"note", row.values(5).text()}});
  const wire::StatusReport::Outcomes& outcomes = view.report.outcomes();
  const Json document{{"leader", view.report.leader()},
                      {"term", view.report.term()},
                      {"applied", view.report.applied()},
                      {"instructions", view.report.instructions()},
                      {"done", view.report.done()},
                      {"missed", view.report.missed()},
                      {"failed", outcomes.failed()},
                      {"expired", outcomes.expired()},
                      {"cancelled", outcomes.cancelled()},
                      {"refused_instructions", outcomes.refused()},
                      {"interrupted", outcomes.interrupted()},
                      {"unknown", outcomes.unknown()},
                      {"open", outcomes.open()},
                      {"refused", view.report.refused()},
                      {"last_refusal", view.report.last_refusal()},
                      {"failed_statements", view.report.failed_statements()},
                      {"last_failure", view.report.last_failure()},
                      {"active", active},
                      {"edges", edges},
                      {"packages", packages}};
  out << document.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
}

}  // namespace

int run_cloud(const CloudArguments& arguments, std::ostream& out, std::ostream& err) {
  const auto log = open_log({});
  if (!log) return complain(log.error(), err);
  auto program = CloudProgram::open(
      arguments.connect, kCloudNumber, [log = *log](net::Tone tone, const std::string& line) {
        log->log(tone == net::Tone::kWarning ? spdlog::level::warn : spdlog::level::info, line);
      });
  if (!program) return complain(program.error(), err);
  out << "lockstep: the cloud of the hub at " << to_text((*program)->hub().nodes.front().address)
      << std::endl;
  std::string said;
  const auto show = [&](const wire::StatusReport& report) {
    const std::string line = line_of(report);
    if (line != said) (*log)->info(line);
    said = line;
  };
  HubSilence silence(std::chrono::steady_clock::now(), kPatienceWithReports);
  (*program)->run(show, [&] { tell_of_silence(**program, silence, **log); });
  (*log)->info("told to stop");
  (*log)->flush();
  end_within(kPatienceAtTheEnd, 0);
  return 0;
}

int send_package(const CloudArguments& arguments, std::ostream& out, std::ostream& err) {
  auto bytes = read_whole_file(arguments.file);
  if (!bytes) return complain({ErrorCode::kInvalidArgument, bytes.error().message}, err);
  if (bytes->empty())
    return complain({ErrorCode::kInvalidArgument, cat(arguments.file, ": it is empty")}, err);
  const wire::PackageKind kind = kind_of(arguments.kind);
  if (kind == wire::SETTINGS) {
    bytes = settings_package(*bytes);
    if (!bytes)
      return complain({ErrorCode::kInvalidArgument, cat(arguments.file, ": ", bytes.error().message)}, err);
  }
  if (const Status form = check_form(kind, *bytes); !form)
    return complain({ErrorCode::kInvalidArgument, cat(arguments.file, ": ", form.error().message)}, err);
  const auto version =
      arguments.version ? Result<std::uint64_t>(*arguments.version) : next_version(arguments.connect, kind);
  if (!version) return complain(version.error(), err);
  return carry_out(arguments,
                   {.kind = kind,
                    .version = *version,
                    .bytes = std::move(*bytes),
                    .note = arguments.note,
                    .activate = !arguments.stage},
                   out, err);
}

int activate_package(const CloudArguments& arguments, std::ostream& out, std::ostream& err) {
  const wire::PackageKind kind = kind_of(arguments.kind);
  if (arguments.rules == arguments.version.has_value())
    return complain({ErrorCode::kInvalidArgument, "expected --version N, or --rules for none"}, err);
  if (arguments.rules && kind == wire::SETTINGS)
    return complain({ErrorCode::kInvalidArgument,
                     "expected --kind model or policy with --rules: an edge keeps the settings that it has"},
                    err);
  return carry_out(
      arguments, {.kind = kind, .version = arguments.version.value_or(0), .bytes = {}, .note = {}}, out, err);
}

int show_cloud_status(const CloudArguments& arguments, std::ostream& out, std::ostream& err) {
  const auto view = look_at_hub(arguments);
  if (!view) return complain(view.error(), err);
  if (arguments.json) {
    print_json(*view, out);
  } else {
    out << to_text(*view);
  }
  return 0;
}

}  // namespace lockstep::cli
