// Five events become lines; all go on.
#include "cli/hub_news.h"

#include <algorithm>

#include "base/text.h"
#include "cli/package_kind.h"
#include "hub/events.h"

namespace lockstep::cli {
namespace {

constexpr std::chrono::seconds kSameLine{60};
constexpr std::chrono::seconds kAnyLine{1};
constexpr std::int64_t kMostPackages = 20;  // at once; a line comes back each second

std::string in_force(wire::PackageKind kind, std::uint64_t version, std::uint64_t index) {
  const std::string what = version != 0          ? cat(name_of(kind), " ", version)
                           : kind == wire::MODEL ? std::string("no model, the rules alone,")
                                                 : cat("the built-in ", name_of(kind));
  const bool is_told_on = kind == wire::SETTINGS;  // each edge tries them for itself
  return cat(what, is_told_on ? " go to the edges" : " is in force", " from index ", index, " on");
}

}  // namespace

// All are of the actor's thread; others may come from lanes.
bool HubNews::wants(const env::EventType& type) const {
  return &type == &hub::kFieldRefused || &type == &hub::kStatementFailed || &type == &hub::kPackageActive ||
         &type == &hub::kPackageRefused || &type == &hub::kPackageDamaged ||
         (next_ != nullptr && next_->wants(type));
}

void HubNews::emit(const env::Event& event) {
  if (event.type == &hub::kFieldRefused)
    warn(cat("the hub does not take what number ", event.fields[0], " says: ", event.text));
  if (event.type == &hub::kStatementFailed)
    warn(cat("a statement of the hub failed, so its tables are not as it made them: ", event.text));
  if (event.type == &hub::kPackageDamaged)
    log_->error(cat("the active ", name_of(static_cast<wire::PackageKind>(event.fields[0])), ", version ",
                    event.fields[1], ", is damaged, and decisions are made without it: ", event.text,
                    " (somebody has changed the hub's tables; send it again, or activate another)"));
  if (event.type == &hub::kPackageActive || event.type == &hub::kPackageRefused) tell_of_package(event);
  if (next_ != nullptr) next_->emit(event);
}

void HubNews::warn(std::string line) {
  const Moment now = std::chrono::steady_clock::now();
  if (now - said_at_ < (line == said_ ? kSameLine : kAnyLine)) return;
  said_at_ = now;
  said_ = std::move(line);
  log_->warn(said_);
}

void HubNews::tell_of_package(const env::Event& event) {
  if (!may_tell_of_package()) return;
  const std::uint64_t index = event.fields[0], version = event.fields[2];
  const auto kind = static_cast<wire::PackageKind>(event.fields[1]);
  if (event.type == &hub::kPackageActive) {
    log_->info(in_force(kind, version, index));
  } else {
    log_->warn(cat(name_of(kind), " ", version, " is refused: ", event.text));
  }
}

bool HubNews::may_tell_of_package() {
  const Moment now = std::chrono::steady_clock::now();
  const auto regained = std::chrono::floor<std::chrono::seconds>(now - packages_at_);
  package_lines_ = std::min(kMostPackages, package_lines_ + regained.count());
  packages_at_ += regained;
  if (package_lines_ == 0) return false;
  --package_lines_;
  return true;
}

}  // namespace lockstep::cli
