// One package on its way to the hub: announced, sent in chunks, activated; goes on where the hub says it is.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/time.h"
#include "core/proto/field.pb.h"

namespace lockstep::cloud {

struct Dispatch {
  wire::PackageKind kind = wire::PACKAGE_NONE;
  std::uint64_t version = 0;
  // Empty: the hub has the package; only make it active (rollback).
  Bytes bytes{};
  // As it is announced; not given: that of the bytes.
  std::optional<std::uint64_t> hash{};
  std::string note{};
  bool activate = true;
};

// What is to be said next, sans-I/O.
class DispatchInProgress {
 public:
  explicit DispatchInProgress(Dispatch what);

  const Dispatch& what() const { return what_; }
  bool done() const { return done_; }
  const wire::PackageStatus& last() const { return last_; }

  // The hub said something about this package. Packages that have been active already are not made active
  // again, unless that is the order.
  void on_status(const wire::PackageStatus& status);
  // The hub may have forgotten what was under way, or has never heard of it.
  void begin_again();
  // False: nothing to say until on_status() or begin_again().
  bool next(wire::FieldMessage& message);

 private:
  enum class Say : std::uint8_t { kNothing, kAnnounce, kChunks, kActivate };

  void say_chunk(wire::PackageChunk& chunk);
  void lose_number();
  bool is_rollback() const { return what_.bytes.empty(); }

  Dispatch what_;
  std::uint64_t hash_;  // of all its bytes, as it is announced
  wire::PackageStatus last_;
  Say say_ = Say::kAnnounce;
  std::uint64_t received_ = 0;  // by the hub, committed
  std::uint64_t sent_ = 0;
  bool done_ = false;
};

}  // namespace lockstep::cloud
