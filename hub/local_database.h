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

enum class Asked : std::uint8_t {
  kDone,     // executed; the statement's own outcome is in the answer
  kRefused,  // certainly not executed: no leader here, overloaded, still recovering
  kUnknown,  // may have been executed, or may be later
};

struct Written {
  Asked asked;
  wire::BatchResult result;  // kDone only
  bool ok() const;           // executed, and SQL has nothing against it
};

struct Read {
  Asked asked;
  wire::QueryReply reply;  // kDone only
  bool ok() const;
};

class LocalDatabase {
 public:
  using ThenWritten = std::function<void(const Written&)>;
  using ThenRead = std::function<void(const Read&)>;
  // Takes a wire::Request; the wire::Reply comes through on_reply(), from outside this call.
  using Ask = std::function<void(BytesView request)>;

  explicit LocalDatabase(Ask ask) : ask_(std::move(ask)) {}

  // All of them or none, as one entry of the log.
  void write(std::vector<wire::Statement> statements, ThenWritten then);
  void query(wire::Statement statement, wire::ReadLevel level, ThenRead then);
  void on_reply(BytesView payload);

 private:
  void ask(wire::Request& request);

  Ask ask_;
  std::uint64_t calls_ = 0;
  std::map<std::uint64_t, ThenWritten> writes_{};  // waiting for their answers, by call
  std::map<std::uint64_t, ThenRead> reads_{};
};

}  // namespace lockstep::hub
