// The edge's store on its lane: what waits for the disk is written together, and what depends on it follows.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/check.h"
#include "base/env/actor.h"
#include "base/env/function_job.h"
#include "storage/kv/store.h"

namespace lockstep::edge {

// Changes that become durable together, and what may be said and done once they are.
struct Commit {
  kv::Batch changes{};
  std::vector<env::Event> events{};  // emitted at the moment of durability, before anything else can happen
  std::function<void()> then{};      // on the actor; may be empty
  bool patient = false;              // may wait for company for a while: nothing depends on it
};

// Commits are executed in the order in which they were given, also with regard to work(). After a failure
// nothing given before is answered any more; open() makes a new beginning.
class StoreLane {
 public:
  static constexpr Duration kPatience = std::chrono::milliseconds(100);
  using OnFailure = std::function<void(const Error&)>;

  // `on_failure` is called once for each open(), on the actor.
  StoreLane(const env::Env& env, kv::Options options, OnFailure on_failure)
      : env_(env), options_(std::move(options)), on_failure_(std::move(on_failure)) {}

  // `restore(store)` on the lane reads (and may write) what `then` gets on the actor: Result<T> and T.
  template <class Restore, class Then>
  void open(Restore restore, Then then) {
    using Restored = typename decltype(restore(std::declval<kv::Store&>()))::value_type;
    using Opened = std::pair<std::unique_ptr<kv::Store>, Restored>;
    ++life_;
    waiting_.clear();
    writes_ = 0;
    cleaning_ = false;
    clean_at_ = kNever;
    is_open_ = false;
    auto run = [this, former = std::move(store_), restore = std::move(restore)]() mutable -> Result<Opened> {
      former.reset();
      LOCKSTEP_TRY(store, kv::Store::open(env_.disk, options_));
      LOCKSTEP_TRY(restored, restore(*store));
      return Opened(std::move(store), std::move(restored));
    };
    submit(std::move(run), [this, then = std::move(then)](Opened opened) mutable {
      store_ = std::move(opened.first);
      is_open_ = true;
      then(std::move(opened.second));
    });
  }
  bool is_open() const { return is_open_; }

  // Open only (checked), as everything below. Goes to the lane at flush().
  void commit(Commit commit);
  // At the end of a turn: begins the next write if none is under way and something is due.
  void flush();
  // Much has been erased: looks whether segments of the store can go.
  void tidy();
  // When flush() has something to do although nothing happens.
  Instant deadline() const;

  // `run(store)` on the lane gives a Result<T>, `then` gets the T on the actor.
  template <class Run, class Then>
  void work(Run run, Then then) {
    CHECK(is_open_);
    write_waiting();  // in order
    submit([store = store_.get(), run = std::move(run)]() mutable { return run(*store); }, std::move(then));
  }

 private:
  static constexpr std::size_t kMostBriefBytes = 64 << 10;
  static constexpr std::size_t kCleanEveryBytes = 256 << 10;
  static constexpr std::size_t kCleanStepBytes = 64 << 10;
  static constexpr unsigned kCleanPercent = 20;  // of the lane's time

  // A job whose answer counts only if no other life of the store has begun meanwhile.
  template <class Run, class Then>
  void submit(Run run, Then then, bool briefly = false) {
    using Answer = decltype(run());
    auto done = [this, life = life_, then = std::move(then)](Answer answer) mutable {
      if (life != life_) return;
      if (!answer) return failed(answer.error());
      if constexpr (std::is_void_v<typename Answer::value_type>) {
        then();
      } else {
        then(std::move(*answer));
      }
    };
    env_.lanes.submit(env::LaneId{0}, briefly ? env::make_brief_job(std::move(run), std::move(done))
                                              : env::make_job(std::move(run), std::move(done)));
  }
  void write_waiting();
  void written(std::vector<std::function<void()>> thens);
  void clean_step();
  void failed(const Error& error);

  env::Env env_;
  kv::Options options_;
  OnFailure on_failure_;
  std::unique_ptr<kv::Store>
      store_;  // its calls are the lane's; after a failure it goes with the next open()
  bool is_open_ = false;
  std::uint64_t life_ = 0;
  std::vector<Commit> waiting_;
  Instant oldest_since_{};  // of those that wait
  bool anybody_hurries_ = false;
  int writes_ = 0;             // under way
  bool cleaning_ = false;      // a step is under way
  Instant clean_at_ = kNever;  // the next step
  std::size_t written_since_clean_ = 0;
};

}  // namespace lockstep::edge
