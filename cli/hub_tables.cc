// One query, and what its refusal means.
#include "cli/hub_tables.h"

#include <utility>

#include "base/text.h"
#include "storage/sql/value.h"

namespace lockstep::cli {

Result<wire::Rows> ask_hub(ClusterClient& client, wire::Statement query, Duration patience,
                           std::string_view whose_command_needs) {
  client::Completion done = client.query(std::move(query), {}, patience);
  if (done.conclusion != client::Conclusion::kDone) {
    const bool lacks_role = done.reply.status() == wire::FORBIDDEN;
    return fail(ErrorCode::kUnavailable,
                cat(client.trouble_of(done, {}), lacks_role ? whose_command_needs : ""));
  }
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
