// A four-ary heap of small events.
#include "sim/scheduler.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace lockstep::sim {
namespace {

constexpr std::size_t kChildren = 4;

}  // namespace

void Scheduler::schedule(SimTime at, Receiver& receiver, std::uint64_t token) {
  const SimTime soonest = standstill_ ? now_ + kLeastStep : now_;
  const Entry entry{std::max(at, soonest), next_sequence_++, &receiver, token};
  std::size_t hole = heap_.size();
  heap_.push_back(entry);
  while (hole > 0) {
    const std::size_t parent = (hole - 1) / kChildren;
    if (!entry.is_before(heap_[parent])) break;
    heap_[hole] = heap_[parent];
    hole = parent;
  }
  heap_[hole] = entry;
}

void Scheduler::call(SimTime at, std::function<void()> callback) {
  std::size_t slot = callbacks_.size();
  if (free_callbacks_.empty()) {
    callbacks_.push_back(std::move(callback));
  } else {
    slot = free_callbacks_.back();
    free_callbacks_.pop_back();
    callbacks_[slot] = std::move(callback);
  }
  schedule(at, *this, slot);
}

void Scheduler::on_event(std::uint64_t token) {
  const auto callback = std::exchange(callbacks_[token], nullptr);
  free_callbacks_.push_back(token);
  callback();
}

bool Scheduler::step() {
  if (heap_.empty()) return false;
  const Entry entry = pop();
  now_ = entry.time;
  note_delivery(*entry.receiver);
  entry.receiver->on_event(entry.token);
  return true;
}

void Scheduler::note_delivery(const Receiver& receiver) {
  ++delivered_;
  if (now_ > instant_ + kAtOnce) {
    instant_ = now_;
    at_instant_ = 0;
  }
  if (++at_instant_ > kMostAtOnce && !standstill_) standstill_ = {now_, &receiver};
}

void Scheduler::advance(SimTime at) {
  CHECK(next_time() >= at && at >= now_);
  now_ = at;
}

Scheduler::Entry Scheduler::pop() {
  const Entry top = heap_.front();
  const Entry last = heap_.back();
  heap_.pop_back();
  const std::size_t size = heap_.size();
  if (size == 0) return top;
  std::size_t hole = 0;
  while (true) {
    const std::size_t first = hole * kChildren + 1;
    if (first >= size) break;
    std::size_t least = first;
    const std::size_t end = std::min(first + kChildren, size);
    for (std::size_t child = first + 1; child < end; ++child)
      if (heap_[child].is_before(heap_[least])) least = child;
    if (!heap_[least].is_before(last)) break;
    heap_[hole] = heap_[least];
    hole = least;
  }
  heap_[hole] = last;
  return top;
}

}  // namespace lockstep::sim
