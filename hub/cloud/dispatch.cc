// A few chunks are under way at a time; a silence is answered by beginning again, which costs one small
// message.
#include "hub/cloud/dispatch.h"

#include <algorithm>

#include "base/hash.h"
#include "base/text.h"

namespace lockstep::cloud {
namespace {

constexpr std::uint64_t kChunkBytes = std::uint64_t{64} << 10;
constexpr std::uint64_t kMostUnderWay = 4 * kChunkBytes;

}  // namespace

DispatchInProgress::DispatchInProgress(Dispatch what)
    : what_(std::move(what)), hash_(what_.hash.value_or(hash64(what_.bytes))) {
  begin_again();
}

void DispatchInProgress::begin_again() {
  sent_ = received_;
  say_ = is_rollback() ? Say::kActivate : Say::kAnnounce;
}

void DispatchInProgress::on_status(const wire::PackageStatus& status) {
  last_ = status;
  if (!is_rollback() && status.hash() != 0 && status.hash() != hash_) return lose_number();
  switch (status.state()) {
    case wire::RECEIVING:
      received_ = std::max(received_, status.received());
      sent_ = std::max(sent_, received_);
      say_ = Say::kChunks;
      return;
    case wire::STAGED:
      done_ = !what_.activate;
      say_ = Say::kActivate;
      return;
    case wire::KEPT:
      done_ = !is_rollback();
      say_ = Say::kActivate;
      return;
    case wire::ACTIVE:
    case wire::REFUSED:
    case wire::DROPPED: done_ = true; return;
    default: done_ = is_rollback(); return;  // it has not heard of it, and will not by waiting
  }
}

// The hub looks before it writes, and another sender may have been between.
void DispatchInProgress::lose_number() {
  last_.set_state(wire::REFUSED);
  last_.set_reason(cat("version ", what_.version, " of this kind is another package, which somebody else has sent"));
  done_ = true;
}

bool DispatchInProgress::next(wire::FieldMessage& message) {
  if (done_) return false;
  switch (say_) {
    case Say::kNothing: return false;
    case Say::kAnnounce: {
      wire::Package& package = *message.mutable_package();
      package.set_kind(what_.kind);
      package.set_version(what_.version);
      package.set_bytes(what_.bytes.size());
      package.set_hash(hash_);
      package.set_note(what_.note);
      break;
    }
    case Say::kChunks:
      if (sent_ >= what_.bytes.size() || sent_ >= received_ + kMostUnderWay) return false;
      say_chunk(*message.mutable_chunk());
      return true;
    case Say::kActivate:
      message.mutable_activate()->set_kind(what_.kind);
      message.mutable_activate()->set_version(what_.version);
      break;
  }
  say_ = Say::kNothing;
  return true;
}

void DispatchInProgress::say_chunk(wire::PackageChunk& chunk) {
  chunk.set_kind(what_.kind);
  chunk.set_version(what_.version);
  chunk.set_offset(sent_);
  chunk.set_data(what_.bytes.substr(sent_, kChunkBytes));
  sent_ += chunk.data().size();
}

}  // namespace lockstep::cloud
