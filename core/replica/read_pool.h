// Reading connections, each on a lane of its own; queries wait in order for the next free one.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "base/env/actor.h"
#include "storage/sql/database.h"

namespace lockstep::replica {

class ReadPool {
 public:
  using Then = std::function<void(Result<sql::QueryResult>)>;

  // Connections are opened at their first query. `database` outlives the pool.
  ReadPool(env::Lanes& lanes, sql::Database& database, unsigned readers);
  ~ReadPool();

  // `then` is called on the actor; with an error if this node's disk failed.
  void submit(sql::Statement statement, Then then);

 private:
  struct Query {
    sql::Statement statement;
    Then then;
  };
  struct Slot {
    std::unique_ptr<sql::Reader> reader;
    bool busy = false;
  };

  void start_next();
  void run(std::size_t slot, Query query);

  env::Lanes& lanes_;
  sql::Database& database_;
  std::vector<Slot> slots_;
  std::deque<Query> waiting_;
};

}  // namespace lockstep::replica
