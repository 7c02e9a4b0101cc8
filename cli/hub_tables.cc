// One query, and what its refusal means.
#include "cli/hub_tables.h"

#include <utility>

#include "base/text.h"
#include "storage/sql/value.h"

namespace lockstep::cli {

Result<wire::Rows> ask_hub(ClusterClient& client, wire::Statement query, Duration patience) {
  client::Completion done = client.query(std::move(query), {}, patience);
  if (done.conclusion != client::Conclusion::kDone)
    return fail(ErrorCode::kUnavailable, client.trouble_of(done, {}));
  wire::QueryReply& answer = *done.reply.mutable_query();
  switch (static_cast<sql::Outcome>(answer.outcome())) {
    case sql::Outcome::kOk: return std::move(*answer.mutable_rows());
    case sql::Outcome::kSqlError:
      return fail(ErrorCode::kNotFound,
                  cat("expected nodes with a hub, found none there: ", answer.message()));
    default: return fail(ErrorCode::kUnavailable, cat("the hub says: ", answer.message()));
  }
}

}  // namespace lockstep::cli
