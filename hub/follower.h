// What the hub knows of its tables: first the rows as this life found them, then every change in log order.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "hub/local_database.h"
#include "storage/sql/database.h"

namespace lockstep::hub {

class Follower {
 public:
  // Of the tables of followed_tables(): each row that was there looks inserted, then each change follows
  // exactly once.
  using Deliver = std::function<void(const sql::RowChange& change)>;

  // `database` outlives the follower.
  Follower(LocalDatabase& database, Deliver deliver);

  // The node has recovered and answers queries.
  void begin(Instant now);
  void on_rows(std::span<const sql::RowChange> changes);
  // All rows that were there are known.
  bool loaded() const { return loading_.empty(); }

  void act(Instant now);
  Instant deadline() const { return asked_ ? kNever : again_; }

 private:
  struct Table {
    std::optional<LogIndex> loaded{};     // its rows are as of this entry
    std::vector<sql::RowChange> early{};  // came before that
  };

  void look_for_tables();
  void load(const std::string& table, std::string query);
  void loaded_as_of(const std::string& table, LogIndex applied, const wire::Rows& rows);

  LocalDatabase& database_;
  Deliver deliver_;
  std::map<std::string, Table, std::less<>> tables_;
  std::set<std::string, std::less<>> loading_;
  bool asked_ = false;
  Instant again_ = kNever;
  Instant now_{};
};

}  // namespace lockstep::hub
