// Checks are made one after another; each is a line of the result, whatever came of those before.
#include "cli/verify.h"

#include <chrono>
#include <nlohmann/json.hpp>
#include <ostream>
#include <random>
#include <sstream>
#include <thread>

#include "base/hash.h"
#include "base/text.h"
#include "cli/files.h"
#include "cli/shell_text.h"
#include "cli/table.h"
#include "json/text.h"
#include "storage/sql/value.h"

namespace lockstep::cli {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kTable = "verification";
constexpr Duration kCatchUp = 15s;  // a node that is behind has so long
constexpr int kBadInput = 2;

struct Check {
  std::string what;
  bool holds = false;
  std::string detail;
};

// What the table must be, everywhere.
struct Expected {
  std::uint64_t version = 0;
  std::string contents;  // a hash of all rows in order
};

class Verifier {
 public:
  Verifier(ClusterClient& client, const VerifyArguments& arguments) : client_(client) {
    options_.mode = arguments.mode == "strong" ? wire::STRONG : wire::QUORUM;
    const std::chrono::milliseconds pause(arguments.pause_before_commit_ms);
    if (pause.count() > 0) options_.pause_before_commit = pause;
    timeout_ = 15s + 2 * pause;
    std::random_device device;
    run_ = hex16(device()).substr(8);
  }

  const std::vector<Check>& checks() const { return checks_; }
  const Expected& expected() const { return expected_; }

  void full() {
    if (!create_table()) return;
    single_writes();
    stale_write();
    batch();
    rolled_back_batch();
    retry();
    if (const auto rows = contents_at(std::nullopt, wire::LINEARIZABLE)) expected_.contents = *rows;
    everywhere(expected_);
  }

  // The table at every node and level.
  void everywhere(const Expected& wanted) {
    for (const NodeAddress& node : client_.nodes()) {
      const std::string name = cat("n", node.id);
      const auto linearizable = contents_at(node.id, wire::LINEARIZABLE);
      note(cat(name, ": linearizable contents"), linearizable == wanted.contents,
           linearizable.value_or(trouble_));
      eventually(cat(name, ": local contents"), [&](std::string& found) {
        const auto local = contents_at(node.id, wire::LOCAL);
        found = local.value_or(trouble_);
        return local == wanted.contents;
      });
      eventually(cat(name, ": version ", wanted.version), [&](std::string& found) {
        const auto version = client_.version(std::string(kTable), node.id, 2s);
        found = version ? cat(*version) : version.error().message;
        return version && *version == wanted.version;
      });
    }
  }

  void note(std::string what, bool holds, std::string detail = {}) {
    checks_.push_back({std::move(what), holds, std::move(detail)});
  }

 private:
  // What the executed write says; nullopt, and a failed check, if it was not executed.
  std::optional<wire::BatchResult> write(const std::string& what, const std::vector<std::string>& batch,
                                         std::optional<std::uint64_t> version = {}) {
    std::vector<wire::Statement> statements;
    for (const std::string& sql : batch) statements.push_back(statement_of(sql));
    client::WriteOptions options = options_;
    if (version) {
      wire::TableVersion& wanted = options.expected.emplace_back();
      wanted.set_table(std::string(kTable));
      wanted.set_version(*version);
    }
    const auto done = client_.write(std::move(statements), std::move(options), timeout_);
    if (done.conclusion == client::Conclusion::kDone &&
        done.reply.write().kind() == wire::WriteOutcome::EXECUTED) {
      return done.reply.write().result();
    }
    note(what, false,
         done.conclusion == client::Conclusion::kDone ? "the write was given up" : trouble_of(done));
    return std::nullopt;
  }

  static bool is(const wire::BatchResult& result, sql::Outcome outcome) {
    return result.outcome() == static_cast<std::uint32_t>(outcome);
  }
  static std::string detail_of(const wire::BatchResult& result) {
    return cat(to_string(static_cast<sql::Outcome>(result.outcome())), " ", result.message());
  }
  // The new version of the table as the answer tells it; 0: it does not.
  static std::uint64_t version_in(const wire::BatchResult& result) {
    for (const wire::TableVersion& version : result.versions())
      if (version.table() == kTable) return version.version();
    return 0;
  }

  std::string insert(int n) const {
    return cat("INSERT INTO ", kTable, "(run, n) VALUES('", run_, "', ", n, ")");
  }

  bool create_table() {
    const std::string what = "the table is there";
    const auto made = write(what, {cat("CREATE TABLE IF NOT EXISTS ", kTable,
                                       "(id INTEGER PRIMARY KEY, run TEXT NOT NULL, n INTEGER NOT NULL)")});
    if (!made) return false;
    note(what, is(*made, sql::Outcome::kOk), is(*made, sql::Outcome::kOk) ? "" : detail_of(*made));
    // At the leader, who has applied it: read behind a linearizable query.
    if (const auto version = known_version()) expected_.version = *version;
    return is(*made, sql::Outcome::kOk);
  }

  // The version that all acknowledged writes have led to.
  std::optional<std::uint64_t> known_version() {
    std::uint64_t most = 0;
    const auto end = std::chrono::steady_clock::now() + kCatchUp;
    for (const NodeAddress& node : client_.nodes()) {
      // The node has applied everything that was acknowledged once it has answered a linearizable query.
      while (!contents_at(node.id, wire::LINEARIZABLE) && std::chrono::steady_clock::now() < end) {
        std::this_thread::sleep_for(50ms);
      }
      if (const auto version = client_.version(std::string(kTable), node.id, 2s))
        most = std::max(most, *version);
    }
    return most == 0 ? std::nullopt : std::optional(most);
  }

  void single_writes() {
    for (int n = 1; n <= 10; ++n) {
      const std::string what = cat("write ", n, " at version ", expected_.version);
      const auto result = write(what, {insert(n)}, expected_.version);
      if (!result) continue;
      const bool fine = is(*result, sql::Outcome::kOk) && version_in(*result) == expected_.version + 1;
      note(what, fine, fine ? cat("version ", version_in(*result)) : detail_of(*result));
      if (is(*result, sql::Outcome::kOk)) expected_.version = version_in(*result);
    }
  }

  void stale_write() {
    const std::string what = "a write at an old version is refused";
    const auto result = write(what, {insert(100)}, expected_.version - 1);
    if (result) note(what, is(*result, sql::Outcome::kVersionConflict), detail_of(*result));
  }

  void batch() {
    const std::string what = "a batch of 5 adds 5";
    const auto result = write(what, {insert(11), insert(12), insert(13), insert(14), insert(15)});
    if (!result) return;
    note(what, version_in(*result) == expected_.version + 5,
         cat("from ", expected_.version, " to ", version_in(*result)));
    if (is(*result, sql::Outcome::kOk)) expected_.version = version_in(*result);
  }

  void rolled_back_batch() {
    const std::string what = "a batch that is rolled back adds nothing";
    const auto before = contents_at(std::nullopt, wire::LINEARIZABLE);
    const auto result = write(what, {insert(200), cat("INSERT INTO ", kTable, "(run, n) VALUES(NULL, 201)")});
    if (!result) return;
    const auto after = contents_at(std::nullopt, wire::LINEARIZABLE);
    note(what, is(*result, sql::Outcome::kConstraint) && before && before == after, detail_of(*result));
  }

  // The leader's answer, by hand: the library would hide that it asks twice.
  std::optional<wire::Reply> ask_leader(const wire::Request& request) {
    const auto end = std::chrono::steady_clock::now() + timeout_;
    while (std::chrono::steady_clock::now() < end) {
      for (const NodeAddress& node : client_.nodes()) {
        const auto reply = client_.ask(node.id, request, timeout_);
        if (reply && reply->status() == wire::DONE) return reply;
      }
      std::this_thread::sleep_for(50ms);
    }
    return std::nullopt;
  }

  void retry() {
    const std::string what = "a retry is answered, not executed again";
    wire::Request open;
    open.mutable_open_session();
    const auto session = ask_leader(open);
    wire::Request request;
    wire::WriteRequest& write = *request.mutable_write();
    write.set_mode(options_.mode);
    if (options_.pause_before_commit) {
      write.set_pause_before_commit_ms(static_cast<std::uint32_t>(*options_.pause_before_commit / 1ms));
    }
    if (session) write.mutable_write()->set_session(session->session());
    write.mutable_write()->set_sequence(1);
    write.mutable_write()->add_statements()->set_sql(insert(16));
    const auto first = session ? ask_leader(request) : std::nullopt;
    const auto second = first ? ask_leader(request) : std::nullopt;
    if (!second) return note(what, false, "no answer");
    const bool fine = second->write().deduplicated() &&
                      version_in(second->write().result()) == version_in(first->write().result());
    note(what, fine, second->write().deduplicated() ? "deduplicated" : "executed twice");
    const bool executed = first->write().kind() == wire::WriteOutcome::EXECUTED;
    if (executed) expected_.version = std::max(expected_.version, version_in(second->write().result()));
  }

  std::optional<std::string> contents_at(std::optional<NodeId> node, wire::ReadLevel level) {
    const auto done = client_.query(statement_of(cat("SELECT id, run, n FROM ", kTable, " ORDER BY id")),
                                    {.level = level, .at = node}, 5s);
    trouble_ = trouble_of(done);
    if (done.conclusion != client::Conclusion::kDone) return std::nullopt;
    const wire::QueryReply& reply = done.reply.query();
    if (reply.outcome() != static_cast<std::uint32_t>(sql::Outcome::kOk)) {
      trouble_ = reply.message();
      return std::nullopt;
    }
    return cat(reply.rows().rows_size(), " rows, ", hex16(hash64(to_text(reply.rows(), OutputMode::kCsv))));
  }

  template <class Condition>
  void eventually(std::string what, const Condition& condition) {
    const auto end = std::chrono::steady_clock::now() + kCatchUp;
    std::string found;
    bool holds = condition(found);
    while (!holds && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(50ms);
      holds = condition(found);
    }
    note(std::move(what), holds, std::move(found));
  }

  ClusterClient& client_;
  client::WriteOptions options_;
  Duration timeout_{};
  std::string run_;
  Expected expected_;
  std::string trouble_;
  std::vector<Check> checks_;
};

Result<Expected> read_record(const std::string& file) {
  LOCKSTEP_TRY(text, read_whole_file(file));
  const auto document = json::parse(text);
  const json::Node* version = document ? document->find("version") : nullptr;
  const json::Node* contents = document ? document->find("contents") : nullptr;
  if (version == nullptr || contents == nullptr || !version->is(json::Kind::kNumber)) {
    return fail(ErrorCode::kInvalidArgument,
                cat(file, ": expected the record of a full run, with version and contents"));
  }
  return Expected{static_cast<std::uint64_t>(json::scaled(version->text, 0).whole), contents->text};
}

int report(const std::vector<Check>& checks, bool as_json, std::ostream& out) {
  std::size_t failed = 0;
  for (const Check& check : checks) failed += check.holds ? 0 : 1;
  if (as_json) {
    nlohmann::ordered_json document{{"verdict", failed == 0 ? "holds" : "violated"},
                                    {"failed", failed},
                                    {"checks", nlohmann::ordered_json::array()}};
    for (const Check& check : checks)
      document["checks"].push_back({{"check", check.what}, {"holds", check.holds}, {"detail", check.detail}});
    out << document.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << '\n';
  } else {
    std::vector<TextRow> rows;
    for (const Check& check : checks)
      rows.push_back({check.what, check.holds ? "holds" : "fails", check.detail});
    out << to_table({"check", "verdict", "found"}, rows) << checks.size() - failed << " hold, " << failed
        << " fail\n";
  }
  return failed == 0 ? 0 : 1;
}

}  // namespace

int run_client(const VerifyArguments& arguments, std::ostream& out, std::ostream& err) {
  const auto complain = [&err](const Error& error) {
    err << "lockstep client: " << error.message << '\n';
    return error.code == ErrorCode::kUnavailable ? 1 : kBadInput;
  };
  const bool only_verify = arguments.scenario == "verify-only";
  Expected recorded;
  if (only_verify) {
    auto record = read_record(arguments.record);
    if (!record) return complain(record.error());
    recorded = std::move(*record);
  }
  std::ostringstream remarks;
  ConnectArguments how = arguments.connect;
  how.options.attempt_timeout += 2 * std::chrono::milliseconds(arguments.pause_before_commit_ms);
  const auto client = connect(how, remarks);
  if (!client) return complain(client.error());
  Verifier verifier(**client, arguments);
  std::istringstream lines(remarks.str());
  for (std::string line; std::getline(lines, line);) verifier.note("every node answers", false, line);
  if (only_verify) {
    verifier.everywhere(recorded);
    return report(verifier.checks(), arguments.json, out);
  }
  verifier.full();
  const nlohmann::ordered_json record{{"version", verifier.expected().version},
                                      {"contents", verifier.expected().contents}};
  if (const Status written = write_whole_file(arguments.record, record.dump(2) + "\n"); !written) {
    return complain(written.error());
  }
  return report(verifier.checks(), arguments.json, out);
}

}  // namespace lockstep::cli
