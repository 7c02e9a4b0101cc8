// Checks are made one after another; each is a line of the result, whatever came of those before.
#include "cli/verify.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <ostream>
#include <random>
#include <set>
#include <thread>

#include "base/join.h"
#include "base/text.h"
#include "cli/check_list.h"
#include "cli/files.h"
#include "cli/table_state.h"
#include "cli/value_text.h"
#include "storage/sql/value.h"

namespace lockstep::cli {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kTable = "verification";
constexpr Duration kGreeting = 2s;  // a node that does not answer within it is not asked anything else
constexpr Duration kReading = 5s;
constexpr int kBadInput = 2;

bool is(const wire::BatchResult& result, sql::Outcome outcome) {
  return result.outcome() == static_cast<std::uint32_t>(outcome);
}

// The new version of the table as the answer tells it; 0: it does not.
std::uint64_t version_in(const wire::BatchResult& result) {
  for (const wire::TableVersion& version : result.versions())
    if (version.table() == kTable) return version.version();
  return 0;
}

// "ok, version 7", "constraint: NOT NULL ...".
std::string text_of(const wire::BatchResult& result) {
  const std::string out(to_string(static_cast<sql::Outcome>(result.outcome())));
  return is(result, sql::Outcome::kOk) ? cat(out, ", version ", version_in(result))
                                       : cat(out, ": ", result.message());
}

class Verifier {
 public:
  Verifier(ClusterClient& client, const VerifyArguments& arguments, CheckList& checks)
      : client_(client), checks_(checks), attempt_(arguments.connect.options.attempt_timeout) {
    options_.mode = arguments.mode == "strong" ? wire::STRONG : wire::QUORUM;
    const std::chrono::milliseconds pause(arguments.pause_before_commit_ms);
    if (pause.count() > 0) options_.pause_before_commit = pause;
    attempt_ += 2 * pause;
    timeout_ = 15s + 2 * pause;
    std::random_device device;
    run_ = hex16(device()).substr(8);
  }

  // Who answers; the others are not asked anything else.
  void greet() {
    for (const AbsentNode& absent : client_.absent()) {
      if (absent.node.id.is_none())
        checks_.unknown(cat(to_text(absent.node.address), " answers"), "an answer", absent.trouble);
    }
    for (const NodeAddress& node : client_.nodes()) {
      const auto status = client_.status(node.id, kGreeting);
      const std::string what = cat("n", node.id, " answers");
      if (!status) checks_.unknown(what, "an answer", status.error().message);
      if (!status) continue;
      checks_.holds(what, cat("term ", status->term(), ", applied ", status->applied_index()));
      present_.push_back(node.id);
    }
  }

  // What the table must be afterwards; nullopt: it could not even be read. Error: it is somebody else's. Nothing
  // more is written once it is not known what became of a write: what follows could not be judged.
  Result<std::optional<TableState>> full() {
    if (!create_table()) return std::nullopt;
    LOCKSTEP_TRY(is_read, read_state());
    if (!is_read) return std::nullopt;
    using Step = void (Verifier::*)();
    for (const Step step : {&Verifier::single_writes, &Verifier::stale_write, &Verifier::batch,
                            &Verifier::rolled_back_batch, &Verifier::retry})
      if (doubtful_.empty()) (this->*step)();
    everywhere(expected_, expected_.version + doubtful_.size());
    return std::optional(expected_);
  }

  // After a full run somebody may have written to the table: then there may be more in it.
  void since(const TableState& recorded) { everywhere(recorded, std::numeric_limits<std::uint64_t>::max()); }

 private:
  // The table at every node and level. `highest`: the version that it may have by now.
  void everywhere(const TableState& wanted, std::uint64_t highest) {
    for (const NodeId node : present_) {
      // Whoever has answered a linearizable query has applied everything that was acknowledged before it.
      const auto linearizable = contents_at(node, wire::LINEARIZABLE);
      const auto local = contents_at(node, wire::LOCAL);
      const auto version = client_.version(std::string(kTable), node, kReading);
      const bool is_newer = version && *version > wanted.version && *version <= highest;
      compare(cat("n", node, ": linearizable contents"), wanted, linearizable, is_newer);
      compare(cat("n", node, ": local contents"), wanted, local, is_newer);
      judge_version(cat("n", node, ": version"), wanted.version, highest, version);
    }
  }

  void expect(bool holds, std::string what, std::string expected, std::string found) {
    if (holds) return checks_.holds(std::move(what), std::move(found));
    checks_.fails(std::move(what), std::move(expected), std::move(found));
  }

  // No answer says nothing; another one than rows does.
  void note_error(std::string what, std::string expected, const Error& error) {
    if (error.code == ErrorCode::kUnavailable)
      return checks_.unknown(std::move(what), std::move(expected), error.message);
    checks_.fails(std::move(what), std::move(expected), error.message);
  }

  // `is_newer`: the table was written since, so rows may have come. What was acknowledged is still there.
  void compare(std::string what, const TableState& wanted, const Result<TableRows>& found, bool is_newer) {
    std::string expected = cat(wanted.rows.size(), " rows");
    if (!found) return note_error(std::move(what), std::move(expected), found.error());
    auto different = differences(wanted.rows, *found);
    const auto may_be = [&](const RowDifference& one) {
      return !one.expected && (doubtful_.empty() ? is_newer : doubtful_.contains(*one.found));
    };
    const auto more = std::erase_if(different, may_be);
    std::string seen = cat(found->size(), " rows");
    if (more > 0)
      append_text(seen,
                  cat(", ", more, doubtful_.empty() ? " written since" : " of a write without an answer"));
    if (!different.empty())
      append_text(seen, cat(", ", different.size(), different.size() == 1 ? " differs" : " differ"));
    const Finding finding = different.empty() ? Finding::kHolds : Finding::kFails;
    checks_.note({std::move(what), finding, std::move(seen), std::move(expected), std::move(different)});
  }

  void judge_version(std::string what, std::uint64_t wanted, std::uint64_t highest,
                     const Result<std::uint64_t>& found) {
    if (!found) return note_error(std::move(what), cat(wanted), found.error());
    const bool is_newer = *found > wanted;
    expect(*found >= wanted && *found <= highest, std::move(what), cat(wanted),
           is_newer && *found <= highest ? cat(*found, ", written since ", wanted) : cat(*found));
  }

  // What the executed write says; nullopt, and a check of which nothing is known, if there is no answer or it
  // was given up. `rows`: those that it adds.
  std::optional<wire::BatchResult> write(const std::string& what, const std::vector<std::string>& batch,
                                         const std::vector<int>& rows = {},
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
    const bool answered = done.conclusion == client::Conclusion::kDone;
    if (answered && done.reply.write().kind() == wire::WriteOutcome::EXECUTED)
      return done.reply.write().result();
    checks_.unknown(what, "an answer",
                    cat(answered ? "the write was given up" : client_.trouble_of(done), who_is_needed()));
    if (done.conclusion == client::Conclusion::kUnknown)
      for (const int n : rows) doubtful_.insert(row_of(n));
    return std::nullopt;
  }

  // In mode `strong` one silent voter is enough to stop every write.
  std::string who_is_needed() const {
    if (options_.mode != wire::STRONG) return {};
    std::vector<std::string> silent;
    for (const NodeAddress& node : client_.nodes())
      if (std::ranges::find(present_, node.id) == present_.end()) silent.push_back(cat("n", node.id));
    for (const AbsentNode& absent : client_.absent())
      if (absent.node.id.is_none()) silent.push_back(to_text(absent.node.address));
    std::string who;
    if (!silent.empty())
      who = cat(", and ", joined(silent), silent.size() == 1 ? " does" : " do", " not answer");
    return cat("; mode strong needs every voter", who);
  }

  std::string row_of(int n) const { return cat("'", run_, "', ", n); }
  std::string insert(int n) const {
    return cat("INSERT INTO ", kTable, "(run, n) VALUES('", run_, "', ", n, ")");
  }
  // What was acknowledged must be in the table from now on.
  void acknowledged(const wire::BatchResult& result, int first_n) {
    if (!is(result, sql::Outcome::kOk)) return;
    for (const wire::StatementResult& one : result.statements())
      expected_.rows[one.last_insert_rowid()] = row_of(first_n++);
    expected_.version = version_in(result);
  }

  bool create_table() {
    const std::string what = "the table is there";
    const auto made = write(what, {cat("CREATE TABLE IF NOT EXISTS ", kTable,
                                       "(id INTEGER PRIMARY KEY, run TEXT NOT NULL, n INTEGER NOT NULL)")});
    if (!made) return false;
    const bool fine = is(*made, sql::Outcome::kOk);
    expect(fine, what, "ok", fine ? "" : text_of(*made));
    return fine;
  }

  // What all acknowledged writes have led to, at any node that is up to date.
  Result<bool> read_state() {
    std::string trouble = "no node answers";
    for (const NodeId node : present_) {
      auto rows = contents_at(node, wire::LINEARIZABLE);
      if (!rows && rows.error().code == ErrorCode::kInvalidArgument)
        return fail(ErrorCode::kInvalidArgument,
                    cat("expected the table ", kTable, " to be the one of an earlier run, with columns id, run and n, ",
                        "found another table of that name: ", rows.error().message, ". Rename or drop it"));
      const auto version = client_.version(std::string(kTable), node, kReading);
      if (rows && version) {
        expected_ = {*version, std::move(*rows)};
        return true;
      }
      trouble = rows ? version.error().message : rows.error().message;
    }
    checks_.unknown("the table can be read", "rows and version", trouble);
    return false;
  }

  void single_writes() {
    for (int n = 1; n <= 10 && doubtful_.empty(); ++n) {
      const std::uint64_t before = expected_.version;
      const std::string what = cat("write ", n, " at version ", before);
      const auto result = write(what, {insert(n)}, {n}, before);
      if (!result) continue;
      const bool fine = is(*result, sql::Outcome::kOk) && version_in(*result) == before + 1;
      expect(fine, what, cat("ok, version ", before + 1), text_of(*result));
      acknowledged(*result, n);
    }
  }

  void stale_write() {
    const std::string what = "a write at an old version is refused";
    const auto result = write(what, {insert(100)}, {100}, expected_.version - 1);
    if (result)
      expect(is(*result, sql::Outcome::kVersionConflict), what, "a version conflict", text_of(*result));
    if (result) acknowledged(*result, 100);
  }

  void batch() {
    const std::string what = "a batch of 5 adds 5";
    const auto result = write(what, {insert(11), insert(12), insert(13), insert(14), insert(15)},
                              {11, 12, 13, 14, 15});
    if (!result) return;
    const std::uint64_t wanted = expected_.version + 5;
    expect(version_in(*result) == wanted, what, cat("version ", wanted), text_of(*result));
    acknowledged(*result, 11);
  }

  void rolled_back_batch() {
    const std::string what = "a batch that is rolled back adds nothing";
    const auto result = write(what, {insert(200), cat("INSERT INTO ", kTable, "(run, n) VALUES(NULL, 201)")});
    if (!result) return;
    if (!is(*result, sql::Outcome::kConstraint))
      return checks_.fails(what, "a constraint that says no", text_of(*result));
    compare(what, expected_, contents_at(std::nullopt, wire::LINEARIZABLE), false);
  }

  // The leader's answer, by hand: the library would hide that it asks twice.
  std::optional<wire::Reply> ask_leader(const wire::Request& request) {
    const auto end = std::chrono::steady_clock::now() + timeout_;
    while (std::chrono::steady_clock::now() < end) {
      for (const NodeId node : present_) {
        auto reply = client_.ask(node, request, attempt_);
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
    if (options_.pause_before_commit)
      write.set_pause_before_commit_ms(static_cast<std::uint32_t>(*options_.pause_before_commit / 1ms));
    if (session) write.mutable_write()->set_session(session->session());
    write.mutable_write()->set_sequence(1);
    write.mutable_write()->add_statements()->set_sql(insert(16));
    const auto first = session ? ask_leader(request) : std::nullopt;
    const auto second = first ? ask_leader(request) : std::nullopt;
    if (session && !second) doubtful_.insert(row_of(16));
    if (!second) return checks_.unknown(what, "two answers", first ? "one in time" : "none in time");
    const wire::BatchResult& one = first->write().result();
    const wire::BatchResult& other = second->write().result();
    const std::string told = text_of(one);
    const bool same = second->write().deduplicated() && text_of(other) == told && is(one, sql::Outcome::kOk);
    expect(same, what, cat("twice ", told),
           same ? cat("twice ", told)
                : cat("at first ", told, "; then ", text_of(other),
                      second->write().deduplicated() ? "" : ", executed again"));
    acknowledged(one, 16);
  }

  // kInvalidArgument: the table does not have those columns.
  Result<TableRows> contents_at(std::optional<NodeId> node, wire::ReadLevel level) {
    const auto done = client_.query(statement_of(cat("SELECT id, run, n FROM ", kTable)),
                                    {.level = level, .at = node}, kReading);
    if (done.conclusion != client::Conclusion::kDone)
      return fail(ErrorCode::kUnavailable, client_.trouble_of(done, node));
    const wire::QueryReply& reply = done.reply.query();
    const auto outcome = static_cast<sql::Outcome>(reply.outcome());
    if (outcome == sql::Outcome::kSqlError) return fail(ErrorCode::kInvalidArgument, reply.message());
    if (outcome != sql::Outcome::kOk) return fail(ErrorCode::kRefused, reply.message());
    TableRows out;
    for (const wire::Row& row : reply.rows().rows())
      out[row.values(0).integer()] = cat(literal_text(row.values(1)), ", ", literal_text(row.values(2)));
    return out;
  }

  ClusterClient& client_;
  CheckList& checks_;
  client::WriteOptions options_;
  Duration attempt_;
  Duration timeout_{};
  std::string run_;
  std::vector<NodeId> present_;
  TableState expected_;
  std::set<std::string> doubtful_;  // rows of writes without an answer: they may be there, or come
};

Result<TableState> read_record(const std::string& file) {
  LOCKSTEP_TRY(text, read_whole_file(file));
  return parse_record(text, file);
}

}  // namespace

int run_client(const VerifyArguments& arguments, std::ostream& out, std::ostream& err) {
  const auto complain = [&err](const Error& error) {
    err << "lockstep client: " << error.message << '\n';
    return error.code == ErrorCode::kUnavailable ? 1 : kBadInput;
  };
  const bool only_verify = arguments.scenario == "verify-only";
  TableState recorded;
  if (only_verify) {
    auto record = read_record(arguments.record);
    if (!record) return complain(record.error());
    recorded = std::move(*record);
  }
  ConnectArguments how = arguments.connect;
  how.options.attempt_timeout += 2 * std::chrono::milliseconds(arguments.pause_before_commit_ms);
  how.options.patience_with_others = kGreeting;
  const auto client = connect(how);
  if (!client) return complain(client.error());
  CheckList checks(out, {.json = arguments.json, .colours = arguments.colours});
  Verifier verifier(**client, arguments, checks);
  verifier.greet();
  if (only_verify) {
    verifier.since(recorded);
  } else {
    const auto state = verifier.full();
    if (!state) return complain(state.error());
    if (*state)
      if (const Status written = write_whole_file(arguments.record, record_of(**state)); !written)
        return complain(written.error());
  }
  return checks.conclude() ? 0 : 1;
}

}  // namespace lockstep::cli
