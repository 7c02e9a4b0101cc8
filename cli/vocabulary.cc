// Collected from those who own them.
#include "cli/vocabulary.h"

#include "core/replica/replica.h"
#include "core/service/node.h"
#include "edge/executions.h"
#include "scenarios/event_catalog.h"

namespace lockstep::cli {

scenarios::Vocabulary vocabulary() {
  scenarios::Vocabulary names;
  names.probes = {replica::kBeforePersist.name, replica::kAfterPersist.name, replica::kBeforeApply.name,
                  service::kBeforeCommit.name, edge::kBeforeExecute.name};
  for (const env::EventType* type : scenarios::all_event_types()) names.events.push_back(type->name);
  return names;
}

}  // namespace lockstep::cli
