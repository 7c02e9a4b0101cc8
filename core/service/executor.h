// Who carries out what clients ask: a member of a Raft group, or a node with nothing behind it.
#pragma once

#include <optional>
#include <string>

#include "base/text.h"
#include "base/result.h"
#include "base/time.h"
#include "core/proto/client.pb.h"
#include "storage/sql/database.h"

namespace lockstep::service {

// Who asked, and under which number.
struct Caller {
  NodeId client;  // none: the node itself, which needs no answer
  std::uint64_t call = 0;
  wire::Request::WhatCase what = wire::Request::WHAT_NOT_SET;
  Instant since{};  // when it asked
};

struct Refusal {
  wire::ReplyStatus status = wire::STATUS_NONE;
  std::string message;
};

// Of a node that has stopped itself.
inline Refusal stopped(const Error& why) {
  if (why.code == ErrorCode::kNoSpace)
    return {wire::STOPPED, cat("this node has stopped for want of room: ", why.message,
                               "; what was acknowledged is safe, and it serves again when there is room")};
  return {wire::STOPPED, cat("this node has stopped: ", why.message)};
}

// How a write is to be committed. Of other commands it says nothing.
struct WriteTerms {
  wire::WriteMode mode = wire::DEFAULT_MODE;
  std::optional<Duration> pause_before_commit{};  // none: as configured
};

// Behind the front desk, which has checked the form of what it hands over. Each execute() and query() is
// answered once, through the desk, at once or later.
class Executor {
 public:
  virtual ~Executor() = default;

  // Why nothing at all is taken now.
  virtual std::optional<Refusal> refusal() const = 0;
  // Whom to send commands to; none: not known.
  virtual NodeId leader() const = 0;
  // Answered when the command's outcome is decided.
  virtual void execute(const Caller& caller, wire::Command& command, const WriteTerms& terms) = 0;
  // `patience`: how long its client waits; zero: it has not said.
  virtual void query(const Caller& caller, sql::Statement statement, wire::ReadLevel level,
                     Duration patience) = 0;
  // Its client does not wait for this query any more, if it is under way.
  virtual void withdraw(NodeId client, std::uint64_t call) = 0;
  // Of a table, as applied here.
  virtual std::uint64_t version(const std::string& table) const = 0;
  virtual void describe(wire::StatusReply& status) const = 0;
};

}  // namespace lockstep::service
