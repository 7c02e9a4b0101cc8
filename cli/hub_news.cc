// Two events become lines; all go on.
#include "cli/hub_news.h"

#include "base/text.h"
#include "core/proto/dispatch.pb.h"
#include "hub/events.h"

namespace lockstep::cli {
namespace {

constexpr std::chrono::seconds kSameLine{60};
constexpr std::chrono::seconds kAnyLine{1};

}  // namespace

// Both are of the actor's thread; others may come from lanes.
bool HubNews::wants(const env::EventType& type) const {
  return &type == &hub::kFieldRefused || &type == &hub::kPackageDamaged || &type == &hub::kStatementFailed ||
         (next_ != nullptr && next_->wants(type));
}

void HubNews::emit(const env::Event& event) {
  if (event.type == &hub::kFieldRefused)
    say(cat("the hub does not take what number ", event.fields[0], " says: ", event.text));
  if (event.type == &hub::kStatementFailed)
    say(cat("a statement of the hub failed, so its tables are not as it made them: ", event.text));
  if (event.type == &hub::kPackageDamaged)
    log_->error(cat("the active ", event.fields[0] == wire::MODEL ? "model" : "policy", ", version ", event.fields[1],
                    ", is damaged, and decisions are made without it: ", event.text,
                    " (somebody has changed the hub's tables; send it again, or activate another)"));
  if (next_ != nullptr) next_->emit(event);
}

void HubNews::say(std::string line) {
  const auto now = std::chrono::steady_clock::now();
  if (now - said_at_ < (line == said_ ? kSameLine : kAnyLine)) return;
  said_at_ = now;
  said_ = std::move(line);
  log_->warn(said_);
}

}  // namespace lockstep::cli
