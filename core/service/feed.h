// The applied feed: row changes and role changes for parts that live in the same process.
#pragma once

#include <span>
#include <vector>

#include "core/raft/types.h"
#include "storage/sql/database.h"

namespace lockstep::service {

// This life has opened its stores, they are durable, and nothing has been promised yet.
struct Recovered {
  bool fenced = false;  // of a member: see raft::Restored::commit
};

// Every change once per incarnation, in log order, after it was applied here. A subscriber that must not miss a change
// across restarts keeps the index it has processed and reads the rest from the database.
class FeedSubscriber {
 public:
  virtual ~FeedSubscriber() = default;
  virtual void on_recovered(const Recovered&) {}
  virtual void on_rows(std::span<const sql::RowChange> changes) = 0;
  virtual void on_role(const raft::RoleChanged& change) = 0;
  virtual void on_left_behind(const raft::LeftBehind&) {}
};

class AppliedFeed {
 public:
  // The subscriber outlives the feed.
  void subscribe(FeedSubscriber& subscriber) { subscribers_.push_back(&subscriber); }

  void publish(const Recovered& recovered) const {
    for (FeedSubscriber* subscriber : subscribers_) subscriber->on_recovered(recovered);
  }
  void publish(std::span<const sql::RowChange> changes) const {
    if (changes.empty()) return;
    for (FeedSubscriber* subscriber : subscribers_) subscriber->on_rows(changes);
  }
  void publish(const raft::RoleChanged& change) const {
    for (FeedSubscriber* subscriber : subscribers_) subscriber->on_role(change);
  }
  void publish(const raft::LeftBehind& behind) const {
    for (FeedSubscriber* subscriber : subscribers_) subscriber->on_left_behind(behind);
  }

 private:
  std::vector<FeedSubscriber*> subscribers_;
};

}  // namespace lockstep::service
