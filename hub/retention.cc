// By this node's wall clock: how old a reading is, is a question of labels.
#include "hub/retention.h"

#include <algorithm>

#include "hub/values.h"
#include "storage/series/block_table.h"

namespace lockstep::hub {
namespace {

// Not the newest of a device: it says what has been decided.
constexpr std::string_view kDeleteOldInstructions =
    "DELETE FROM hub_instructions WHERE id IN (SELECT o.id FROM hub_instructions AS o WHERE o.input_to_ns < "
    "?1 "
    "AND o.state = 3 AND EXISTS(SELECT 1 FROM hub_instructions AS n WHERE n.device = o.device AND n.window > "
    "o.window) "
    "ORDER BY o.input_to_ns LIMIT ?2)";

}  // namespace

void Retention::on_lead() {
  busy_ = false;
  const bool wanted = surroundings_.config.retention > Duration::zero();
  next_ = wanted ? surroundings_.now() + surroundings_.config.retention_interval : kNever;
}

void Retention::act(Instant now, bool leads) {
  if (!leads || busy_ || now < next_) return;
  next_ = now + surroundings_.config.retention_interval;
  delete_step();
}

// If the step was full there is more, and the next one follows at once.
void Retention::delete_step() {
  busy_ = true;
  const std::int64_t now_ns = surroundings_.env.clock.wall_now().time_since_epoch().count();
  std::vector<wire::Statement> statements;
  statements.push_back(statement(series::kDeleteOldBlocks, now_ns - surroundings_.config.retention.count(),
                                 surroundings_.config.retention_step));
  statements.push_back(statement(kDeleteOldInstructions, now_ns - surroundings_.config.retention.count(),
                                 surroundings_.config.retention_step));
  surroundings_.database.write(std::move(statements), [this](const Written& written) {
    busy_ = false;
    const auto is_whole_step = [&](const wire::StatementResult& result) {
      return result.changes() == static_cast<std::int64_t>(surroundings_.config.retention_step);
    };
    if (written.ok() && std::ranges::any_of(written.result.statements(), is_whole_step))
      next_ = surroundings_.now();
  });
}

}  // namespace lockstep::hub
