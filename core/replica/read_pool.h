// Reading connections, each on a lane of its own. Clients take turns, the queries of one wait in order, and those that
// wait together share a job.
#pragma once

#include <deque>
#include <functional>
#include <map>
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

  // `then` is called on the actor; with an error if this node's disk failed. Nothing runs before start(). A
  // query that was withdrawn is not begun, or ended soon if it has begun; its result means nothing.
  void submit(NodeId client, sql::Statement statement, sql::WithdrawalPtr withdrawal, Then then);
  // Gives what waits to the readers that are free. A hop to a lane costs more than a small query: hence shared jobs.
  void start();
  // Ends those that wait and were withdrawn.
  void drop_withdrawn();

 private:
  struct Query {
    NodeId client;
    sql::Statement statement;
    sql::WithdrawalPtr withdrawal;
    Then then;
  };
  struct Asked {  // what a job answers
    NodeId client;
    sql::WithdrawalPtr withdrawal;
    Then then;
  };
  struct Answers {
    std::vector<sql::QueryResult> results;
    std::vector<sql::Statement> left_over;
  };
  static constexpr std::size_t kMostInJob = 64;
  struct Slot {
    std::unique_ptr<sql::Reader> reader;
    bool busy = false;
  };

  void run(std::size_t slot, std::size_t count);
  Query take_next();
  void put_back(Query query);
  void answer(std::vector<Asked> asked, Result<Answers> answers);

  env::Lanes& lanes_;
  sql::Database& database_;
  std::vector<Slot> slots_;
  std::map<NodeId, std::deque<Query>> waiting_;  // no empty ones
  std::deque<NodeId> turns_;                     // the clients of waiting_, the next one first
  std::size_t waiting_count_ = 0;
};

}  // namespace lockstep::replica
