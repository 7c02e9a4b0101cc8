// What the stories about SQL share: a machine on a simulated disk, and short ways to feed it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "sim/disk_image.h"
#include "storage/sql/database.h"

namespace lockstep::sql {

// Keeps nothing.
class NoParticipant final : public Participant {
 public:
  void reset() override {}
  void row(std::uint32_t, BytesView, BytesView) override {}
  void flush(StateWriter&) override {}
};

inline Statement stmt(std::string text, std::vector<Value> parameters = {}) {
  return {std::move(text), std::move(parameters)};
}

// 2026-01-02T03:04:05Z
inline constexpr std::int64_t kStartNs = 1'767'323'045'000'000'000;

// The n-th entry of every log in these tests.
inline EntryStamp stamp_of(std::uint64_t index) {
  const auto seconds = static_cast<std::int64_t>(index - 1);
  return {LogIndex(index), kStartNs + seconds * 1'000'000'000, 1000 + index};
}

using Batch = std::vector<Statement>;

// One incarnation of a database.
class Node {
 public:
  explicit Node(env::Disk& disk, Options options = {}) : database_(Database::create(disk, std::move(options))) {}

  // Machine and reader are closed before the database.
  Status open(Participant* participant = nullptr) {
    auto opened = database_->open_machine(participant != nullptr ? *participant : none_);
    if (!opened) return std::unexpected(opened.error());
    machine_ = std::move(*opened);
    return {};
  }
  Machine& machine() { return *machine_; }
  Database& database() { return *database_; }
  std::unique_ptr<Reader> reader() {
    auto reader = database_->open_reader();
    EXPECT_TRUE(reader) << reader.error().message;
    return std::move(*reader);
  }

  // One entry with one batch.
  BatchResult apply(const Batch& batch, const std::vector<ExpectedVersion>& expected = {}) {
    BatchResult result;
    const EntryStamp stamp = stamp_of(machine_->applied().value() + 1);
    const auto report = machine_->apply({&stamp, 1}, [&](std::size_t, EntryScope& scope) {
      result = scope.execute(batch, expected);
    });
    EXPECT_TRUE(report) << report.error().message;
    return result;
  }
  BatchResult apply(const std::string& text, std::vector<Value> parameters = {}) {
    return apply(Batch{stmt(text, std::move(parameters))});
  }
  // It must be accepted.
  BatchResult must(const std::string& text, std::vector<Value> parameters = {}) {
    const BatchResult result = apply(text, std::move(parameters));
    EXPECT_EQ(result.outcome, Outcome::kOk) << text << ": " << result.message;
    return result;
  }
  Rows select(const std::string& text) {
    const BatchResult result = must(text);
    return result.statements.empty() ? Rows{} : result.statements.front().rows;
  }
  // The only value of the only row.
  Value value(const std::string& text) {
    const Rows rows = select(text);
    EXPECT_EQ(rows.rows.size(), 1u) << text;
    return rows.rows.empty() ? Value() : rows.rows.front().front();
  }
  std::string text(const std::string& sql) {
    const Value value = this->value(sql);
    const auto* text = std::get_if<std::string>(&value);
    EXPECT_NE(text, nullptr) << sql;
    return text != nullptr ? *text : std::string();
  }
  std::int64_t number(const std::string& sql) {
    const Value value = this->value(sql);
    const auto* number = std::get_if<std::int64_t>(&value);
    EXPECT_NE(number, nullptr) << sql;
    return number != nullptr ? *number : -1;
  }
  void expect_digest_is_scan(const std::string& after = {}) {
    const auto scanned = machine_->scan_digest();
    ASSERT_TRUE(scanned) << scanned.error().message;
    EXPECT_EQ(machine_->digest(), *scanned) << after;
  }

 private:
  NoParticipant none_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<Machine> machine_;
};

class SqlTest : public testing::Test {
 protected:
  void SetUp() override {
    initialise_sqlite(7);
    const Status opened = node.open();
    ASSERT_TRUE(opened) << opened.error().message;
  }

  sim::DiskImage disk{1};
  Node node{disk};
};

}  // namespace lockstep::sql
