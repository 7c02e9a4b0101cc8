// Clients whose operations are one call each, a question or a write, told to the history with what came of them.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "scenarios/workload_client.h"

namespace lockstep::scenarios {

// A question to the database, and how its answer stands in a history.
struct Read {
  std::string f = "read";
  reports::Value key;
  reports::Value argument;
  wire::Statement statement;
  std::function<reports::Value(const wire::Rows&)> result;
};

struct Write {
  std::string f;
  reports::Value key;
  reports::Value argument;
  std::vector<wire::Statement> statements;                         // above one: all or nothing
  std::function<reports::Value(const wire::BatchResult&)> result;  // none: only the outcome counts
};

// VACUUM or ANALYZE on every replica.
struct Upkeep {
  wire::Maintain::What what;
};

using Demand = std::variant<Read, Write, Upkeep>;

class ReadWriteClient : public WorkloadClient {
 public:
  // At level local, a read is called "local-" and its f.
  ReadWriteClient(const env::Env& env, client::Config config, const Load& load, ReadLevel level, Place place,
                  RunBook& book)
      : WorkloadClient(env, std::move(config), load, place, book), level_(level) {}

 protected:
  virtual Demand next() = 0;
  // A number that no other operation of the run has.
  std::int64_t unique_number() const {
    return static_cast<std::int64_t>(std::uint64_t{place().number} * 100'000'000 + operation_number());
  }

 private:
  client::CallId begin() final;
  client::CallId begin_read(Read read);
  client::CallId begin_write(Write write);
  client::CallId begin_upkeep(const Upkeep& upkeep);
  void end(const client::Completion& done) final;

  ReadLevel level_;
  std::map<client::CallId, Demand> open_;  // without their statements
};

}  // namespace lockstep::scenarios
