// The hub as a client of the node in its own process: requests of no session, answers as later steps.
//
// There is no retry here and no exactly-once record: each statement of the hub is guarded, so that executing
// it again changes nothing, and whoever asks looks at the rows and asks again.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "core/proto/client.pb.h"

namespace lockstep::hub {

// Not done: refused, or nobody can say whether it was executed or will be. Whoever guards its statements need
// not know which.
struct Written {
  bool done;
  wire::BatchResult result;  // of what is done; the statements' own outcome
  bool ok() const;           // executed, and SQL has nothing against it
};

struct Read {
  bool done;
  wire::QueryReply reply;  // as above
  bool ok() const;
};

class LocalDatabase {
 public:
  using ThenWritten = std::function<void(const Written&)>;
  using ThenRead = std::function<void(const Read&)>;
  // Takes a wire::Request; the wire::Reply comes through on_reply(), from outside this call.
  using Ask = std::function<void(BytesView request)>;

  explicit LocalDatabase(Ask ask) : ask_(std::move(ask)) {}

  // A statement was carried out and failed: the tables are not as the hub made them. `words` are SQLite's.
  void on_failure(std::function<void(BytesView words)> tell) { tell_ = std::move(tell); }

  // All of them or none, as one entry of the log.
  void write(std::vector<wire::Statement> statements, ThenWritten then);
  void query(wire::Statement statement, wire::ReadLevel level, ThenRead then);
  void on_reply(BytesView payload);

 private:
  void ask(wire::Request& request);

  Ask ask_;
  std::function<void(BytesView)> tell_{};
  std::uint64_t calls_ = 0;
  std::map<std::uint64_t, ThenWritten> writes_{};  // waiting for their answers, by call
  std::map<std::uint64_t, ThenRead> reads_{};
};

}  // namespace lockstep::hub
