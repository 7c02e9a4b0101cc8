// Executes effects in the order of their declaration, as the contract of the core demands.
#include "tests/raft/host.h"

#include "base/check.h"
#include "core/raft/tail.h"

namespace lockstep::raft {

void TestDisk::write(const Persist& persist) {
  if (persist.hard_state) hard_state = *persist.hard_state;
  if (persist.truncate_from) entries.resize(*persist.truncate_from - first);
  for (const Entry& entry : persist.entries) {
    CHECK(entry.index == end(), "write ", entry.index, " at end ", end());
    entries.push_back(entry);
  }
  commit = std::max(commit, persist.commit);
}

void TestDisk::drop_before(LogIndex index) {
  if (index <= first) return;
  previous_term = at(index.prev()).term;
  entries.erase(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(index - first));
  first = index;
}

Restored TestDisk::restored() const {
  return {.hard_state = hard_state,
          .first_index = first,
          .previous_term = previous_term,
          .last_index = end().prev(),
          .last_term = entries.empty() ? previous_term : entries.back().term,
          .commit = commit,
          .applied = applied()};
}

void Host::start(Instant now, std::uint64_t seed) {
  config_.seed = seed;
  core_.emplace(config_, disk_.restored(), now);
}

void Host::crash() {
  core_.reset();
  lane_.clear();
  delayed_.clear();
  to_apply_.clear();
  outbox.clear();
}

const Effects& Host::input(Instant now, decltype(Input::what) what) {
  core_->step({now, std::move(what)}, effects_);
  if (effects_.persist) lane_.push_back(*effects_.persist);
  outbox.insert(outbox.end(), effects_.send_now.begin(), effects_.send_now.end());
  delayed_.insert(delayed_.end(), effects_.send_after.begin(), effects_.send_after.end());
  for (const Load& load : effects_.loads) lane_.push_back(load);
  to_apply_.insert(to_apply_.end(), effects_.apply.begin(), effects_.apply.end());
  return effects_;
}

void Host::release(Ticket durable) {
  std::vector<DelayedSend> still;
  for (DelayedSend& delayed : delayed_)
    if (delayed.after <= durable)
      outbox.push_back(std::move(delayed.message));
    else
      still.push_back(std::move(delayed));
  delayed_ = std::move(still);
}

Loaded Host::read(const Load& load) const {
  Loaded loaded{load.first, {}};
  std::size_t bytes = 0;
  for (LogIndex index = load.first; index >= disk_.first && index < std::min(load.end, disk_.end());
       index = index.next()) {
    bytes += entry_bytes(disk_.at(index));
    if (!loaded.entries.empty() && bytes > load.limit_bytes) break;
    loaded.entries.push_back(disk_.at(index));
  }
  return loaded;
}

const Effects& Host::finish_work(Instant now) {
  const auto work = lane_.front();
  lane_.pop_front();
  if (const auto* load = std::get_if<Load>(&work)) return input(now, read(*load));
  const auto& persist = std::get<Persist>(work);
  disk_.write(persist);
  release(persist.ticket);
  return input(now, Persisted{persist.ticket});
}

const Effects& Host::apply_all(Instant now) {
  for (Entry& entry : to_apply_) {
    CHECK(entry.index == disk_.applied().next(), "apply ", entry.index, " after ", disk_.applied());
    disk_.machine.push_back(std::move(entry));
  }
  to_apply_.clear();
  return input(now, Applied{disk_.applied()});
}

}  // namespace lockstep::raft
