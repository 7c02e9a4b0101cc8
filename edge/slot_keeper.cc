// What happens to versions of settings: received, verified, switched to, tried, kept or rolled back, cleaned
// up.
#include "edge/slot_keeper.h"

#include <algorithm>

#include "base/text.h"
#include "edge/events.h"
#include "edge/pacing.h"
#include "edge/slot_rows.h"
#include "edge/trees.h"

namespace lockstep::edge {
namespace {

constexpr Duration kPinnedPause = std::chrono::milliseconds(100);  // until a pinned slot is looked at again

// Between what a slot should hold and what was read in it; empty: none.
std::string difference(const SlotFacts& facts, const SlotWalk& walked) {
  const std::uint64_t hash = walked.hash.value();
  if (walked.keys == facts.keys && hash == facts.hash) return {};
  return cat("expected ", facts.keys, " keys with hash ", hex16(facts.hash), ", found ", walked.keys,
             " with ", hex16(hash));
}

// Why settings that were confirmed once are not in use, or not all of them; empty: they are. There is nothing
// better to go back to: a device of theirs may be gone since.
std::string unread(const std::string& damage, const std::string& problem) {
  if (!damage.empty()) return cat("not in use: ", damage);
  return problem.empty() ? problem : cat(problem, "; the rest is in use");
}

}  // namespace

SlotKeeper::SlotKeeper(const env::Env& env, SlotOptions options, SlotContents contents,
                       const Description& description, StoreLane& lane, Listener listener)
    : env_(env),
      options_(options),
      slots_(std::move(contents)),
      description_(description),
      lane_(lane),
      listener_(std::move(listener)),
      durable_version_(slots_.version()) {}

void SlotKeeper::start() {
  clean_at_ = now() + options_.clean_up_delay;
  if (slots_.is_on_trial()) {
    // Settings with which the edge cannot live are not tried for ever.
    if (slots_.starts() >= options_.most_starts)
      return roll_back(cat("the edge stopped ", slots_.starts(), " times with it"));
    lane_.commit(slots_.count_start());
  }
  if (slots_.is_received()) verify({.slot = slots_.inactive(), .version = inactive()->version});
  read_active();
  tend();
}

// ---- answers ----------------------------------------------------------------------------------------

wire::PackageState SlotKeeper::state_of(std::uint64_t version) const {
  if (version != 0 && version == durable_version_) return wire::ACTIVE;
  if (version == refused_.version) return wire::REFUSED;
  const std::optional<SlotFacts>& facts = inactive();
  if (!facts || facts->version != version || facts->state == SlotState::kCleaning) return wire::STATE_UNKNOWN;
  if (facts->state == SlotState::kReceiving) return wire::RECEIVING;
  return slots_.is_former(version) ? wire::KEPT : wire::STAGED;
}

void SlotKeeper::send_status(std::uint64_t version, std::string reason) {
  wire::FieldMessage message;
  wire::PackageStatus& status = *message.mutable_package_status();
  status.set_kind(wire::SETTINGS);
  status.set_version(version);
  status.set_state(state_of(version));
  status.set_active(durable_version_);
  if (version != 0 && version == durable_version_ && !unread_.empty()) {
    status.set_state(wire::REFUSED);
    reason = unread_;
  }
  if (status.state() == wire::RECEIVING) status.set_received(inactive()->received);
  if (status.state() == wire::REFUSED && reason.empty()) reason = refused_.reason;
  status.set_reason(std::move(reason));
  listener_.send(message);
}

void SlotKeeper::on_found() {
  if (!unread_.empty()) send_status(durable_version_);
}

void SlotKeeper::refuse(std::uint64_t version, std::string reason) {
  refused_ = {version, std::move(reason)};
  send_status(version);
}

// ---- receiving --------------------------------------------------------------------------------------

void SlotKeeper::on_package(const wire::Package& package) {
  if (package.kind() != wire::SETTINGS) return;
  const std::uint64_t version = package.version();
  if (version == 0 || package.bytes() > kMostPackageBytes)
    return refuse(version, cat("expected a version above 0 of at most ", kMostPackageBytes,
                               " bytes, found version ", version, " of ", package.bytes()));
  if (state_of(version) != wire::STATE_UNKNOWN) return send_status(version);
  if (slots_.is_on_trial()) return send_status(version, cat("version ", slots_.version(), " is on trial"));
  if (inactive()) {
    // Its slot has to be emptied first, and that may begin at once.
    wanted_ = package;
    send_status(version, "its slot is being cleaned up");
    return tend();
  }
  receive(package);
}

void SlotKeeper::receive(const wire::Package& package) {
  write_part(slots_.receive(package), package.version());
}

void SlotKeeper::write_part(Commit commit, std::uint64_t version) {
  commit.then = [this, version] {
    send_status(version);
    if (slots_.is_received()) verify({.slot = slots_.inactive(), .version = version});
  };
  lane_.commit(std::move(commit));
}

// What came into the inactive slot is of no use.
void SlotKeeper::give_up(std::uint64_t version, std::string reason) {
  lane_.commit(slots_.condemn());
  refuse(version, std::move(reason));
  tend();
}

void SlotKeeper::on_chunk(const wire::PackageChunk& chunk) {
  if (chunk.kind() != wire::SETTINGS) return;
  const std::uint64_t version = chunk.version();
  if (state_of(version) != wire::RECEIVING || chunk.offset() != inactive()->received)
    return send_status(version);
  Result<Commit> commit = slots_.stage(chunk);
  if (!commit) return give_up(version, commit.error().message);
  write_part(std::move(*commit), version);
}

// Reads back what was written, part by part.
void SlotKeeper::verify(SlotWalk so_far) {
  if (is_verifying_) return;
  is_verifying_ = true;
  lane_.work([walk_so_far = std::move(so_far), keys = options_.read_keys](
                 kv::Store& store) mutable { return walk(store, std::move(walk_so_far), keys); },
             [this](SlotWalk walked) {
               is_verifying_ = false;
               if (!slots_.is_received() || inactive()->version != walked.version)
                 return tend();  // given up meanwhile
               if (!walked.is_done) return verify(std::move(walked));
               verified(walked);
             });
}

void SlotKeeper::verified(const SlotWalk& walked) {
  const std::uint64_t version = walked.version;
  const std::string problem = difference(*inactive(), walked);
  if (!problem.empty()) return give_up(version, problem);
  Commit commit = slots_.staged();
  commit.then = [this, version] { send_status(version); };
  lane_.commit(std::move(commit));
}

// ---- the switch -------------------------------------------------------------------------------------

void SlotKeeper::on_activate(const wire::Activate& activate) {
  if (activate.kind() != wire::SETTINGS) return;
  const wire::PackageState state = state_of(activate.version());
  const bool is_there = state == wire::STAGED || state == wire::KEPT;
  if (is_there && slots_.version() == durable_version_) return switch_over();
  send_status(activate.version());
}

void SlotKeeper::switch_over() {
  wanted_.reset();
  unread_.clear();
  Commit commit = slots_.switch_over();
  commit.then = [this, version = slots_.version()] {
    durable_version_ = version;
    send_status(version);
    read_active();
  };
  lane_.commit(std::move(commit));
}

SlotPin SlotKeeper::pin() {
  const auto active = slots_.active();
  return active ? pins_[number(*active)] : nullptr;
}

void SlotKeeper::get(SlotPin pinned, BytesView key, std::function<void(std::optional<Bytes>)> then) {
  lane_.work(
      [where = settings_key(*pinned, key)](kv::Store& store) { return store.get(kSettingsTree, where); },
      [pinned, then = std::move(then)](std::optional<Bytes> value) { then(std::move(value)); });
}

void SlotKeeper::read_active() {
  probation_ends_ = kNever;
  const auto active = slots_.active();
  if (!active) {
    listener_.apply({});
    return;
  }
  auto reading = std::make_shared<Reading>();
  reading->walk.slot = *active;
  reading->walk.version = slots_.version();
  reading->pin = pin();
  read_on(std::move(reading));
}

void SlotKeeper::read_on(std::shared_ptr<Reading> reading) {
  lane_.work(
      [&description = description_, reading, keys = options_.read_keys](kv::Store& store) -> Result<bool> {
        LOCKSTEP_TRY(walked, walk(store, std::move(reading->walk), keys, [&](BytesView key, BytesView value) {
                       std::string problem = reading->settings.take(key, value, description);
                       if (reading->problem.empty()) reading->problem = std::move(problem);
                     }));
        reading->walk = std::move(walked);
        return reading->walk.is_done;
      },
      [this, reading](bool is_done) {
        if (!is_done) return read_on(reading);
        finish(*reading);
      });
}

void SlotKeeper::finish(const Reading& reading) {
  const SlotWalk& walked = reading.walk;
  const bool is_in_use = walked.version == slots_.version();  // else another one is being read
  const std::string damage = is_in_use ? difference(*slots_.facts(walked.slot), walked) : std::string();
  const bool is_confirmed = is_in_use && !slots_.is_on_trial();
  if (is_confirmed) unread_ = unread(damage, reading.problem);
  env_.trace.emit({kSlotRead,
                   {number(walked.slot), walked.version, walked.keys, walked.hash.value()},
                   is_confirmed ? unread_ : std::string()});
  if (!is_in_use) return;
  std::string problem = damage.empty() ? reading.problem : damage;
  if (problem.empty() || (is_confirmed && damage.empty())) listener_.apply(reading.settings);
  if (is_confirmed) return on_found();
  if (!problem.empty()) return roll_back(std::move(problem));
  probation_ends_ = now() + options_.probation;
}

void SlotKeeper::end_probation() {
  probation_ends_ = kNever;
  if (const std::string ailment = listener_.ailment(); !ailment.empty())
    return roll_back(cat("not in good health after ", to_string(options_.probation), ": ", ailment));
  lane_.commit(slots_.confirm());
  clean_at_ = now() + options_.clean_up_delay;
}

void SlotKeeper::roll_back(std::string reason) {
  const std::uint64_t failed = slots_.version();
  probation_ends_ = kNever;
  Commit commit = slots_.roll_back();
  commit.then = [this, failed, reason = std::move(reason), version = slots_.version()] {
    durable_version_ = version;
    refuse(failed, reason);
    read_active();
    tend();
  };
  lane_.commit(std::move(commit));
}

// ---- clean-up ---------------------------------------------------------------------------------------

// Gives up the version before the confirmed one when its time has come, or its slot is wanted.
void SlotKeeper::tend() {
  if (is_cleaning_ || is_verifying_) return;
  if (!inactive()) {
    if (wanted_) receive(*std::exchange(wanted_, std::nullopt));
    return;
  }
  const bool is_due = now() >= clean_at_ || wanted_;
  if (!is_due || slots_.is_on_trial()) return;
  if (inactive()->state != SlotState::kCleaning) {
    const bool was_in_use = slots_.is_former(inactive()->version);
    if (!was_in_use && !wanted_) {
      clean_at_ = kNever;  // it waits to be switched to
      return;
    }
    lane_.commit(slots_.condemn());
    cleaned_keys_ = 0;
  }
  if (is_pinned(slots_.inactive())) {
    clean_at_ = now() + kPinnedPause;
    return;
  }
  clean_step();
}

void SlotKeeper::clean_step() {
  is_cleaning_ = true;
  lane_.work([slot = slots_.inactive(),
              keys = options_.clean_up_keys](kv::Store& store) { return erase_some(store, slot, keys); },
             [this, began = now()](std::uint64_t keys) {
               is_cleaning_ = false;
               cleaned_keys_ += keys;
               clean_at_ = wanted_ ? now() : now() + pause_after(now() - began, options_.clean_up_ratio);
               if (keys > 0) return;
               Commit commit = slots_.cleaned(cleaned_keys_);
               cleaned_keys_ = 0;
               commit.then = [this] {
                 lane_.tidy();
                 tend();
               };
               lane_.commit(std::move(commit));
             });
}

Instant SlotKeeper::deadline() const {
  const bool has_to_clean = inactive() && !is_cleaning_ && !is_verifying_ && !slots_.is_on_trial();
  return std::min(probation_ends_, has_to_clean ? clean_at_ : kNever);
}

void SlotKeeper::on_deadline() {
  if (probation_ends_ <= now()) end_probation();
  if (clean_at_ <= now()) tend();
}

}  // namespace lockstep::edge
