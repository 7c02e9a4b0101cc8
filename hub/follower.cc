// A snapshot knows its log index, so that it and the feed can be joined without a gap and without an overlap.
#include "hub/follower.h"

#include "hub/schema.h"

namespace lockstep::hub {
namespace {

constexpr std::chrono::milliseconds kAskAgain{20};  // after the node could not answer

}  // namespace

Follower::Follower(LocalDatabase& database, Deliver deliver)
    : database_(database), deliver_(std::move(deliver)) {
  for (const Followed& followed : followed_tables()) {
    tables_[std::string(followed.table)];
    loading_.insert(std::string(followed.table));
  }
}

void Follower::begin(Instant now) {
  now_ = now;
  again_ = now;
}

void Follower::act(Instant now) {
  now_ = now;
  if (now < again_ || asked_) return;
  again_ = kNever;
  look_for_tables();
}

// A new database has none of them, one of an older version not all: what is not there is empty as of this
// answer.
void Follower::look_for_tables() {
  asked_ = true;
  database_.query(statement("SELECT name FROM sqlite_schema WHERE type = 'table'"), wire::LOCAL,
                  [this](const Read& read) {
                    asked_ = false;
                    if (!read.ok()) {
                      again_ = now_ + kAskAgain;
                      return;
                    }
                    std::set<std::string, std::less<>> made;
                    for (const wire::Row& row : read.reply.rows().rows()) made.insert(row.values(0).text());
                    for (const Followed& followed : followed_tables()) {
                      const std::string table(followed.table);
                      if (!loading_.contains(table)) continue;
                      if (made.contains(table)) {
                        load(table, std::string(followed.query));
                      } else {
                        loaded_as_of(table, LogIndex(read.reply.applied()), {});
                      }
                    }
                  });
}

void Follower::load(const std::string& table, std::string query) {
  database_.query(statement(query), wire::LOCAL, [this, table](const Read& read) {
    if (read.ok()) return loaded_as_of(table, LogIndex(read.reply.applied()), read.reply.rows());
    again_ = now_ + kAskAgain;
  });
}

void Follower::loaded_as_of(const std::string& name, LogIndex applied, const wire::Rows& rows) {
  Table& table = tables_[name];
  if (table.loaded) return;
  table.loaded = applied;
  loading_.erase(name);
  for (const wire::Row& row : rows.rows())
    deliver_({.index = applied, .table = name, .before = {}, .after = from_wire(row)});
  for (const sql::RowChange& change : std::exchange(table.early, {}))
    if (change.index > applied) deliver_(change);
}

void Follower::on_rows(std::span<const sql::RowChange> changes) {
  for (const sql::RowChange& change : changes) {
    const auto found = tables_.find(change.table);
    if (found == tables_.end()) continue;
    Table& table = found->second;
    if (!table.loaded) {
      table.early.push_back(change);
    } else if (change.index > *table.loaded) {
      deliver_(change);
    }
  }
}

}  // namespace lockstep::hub
