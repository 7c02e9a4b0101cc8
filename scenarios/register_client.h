// Registers with compare-and-set in one SQL table; the history is judged for linearizability per key.
#pragma once

#include <map>
#include <vector>

#include "scenarios/read_write_client.h"

namespace lockstep::scenarios {

class RegisterClient final : public WorkloadClient {
 public:
  RegisterClient(const env::Env& env, client::Config config, const RegisterWorkload& workload, Place place,
                 RunBook& book);

  static std::vector<std::string> schema(const RegisterWorkload& workload, std::size_t position);
  static std::vector<Read> last_reads(const RegisterWorkload& workload, std::size_t position);
  // How the history names a register: the judge of registers takes the keys that begin so.
  static std::string key_name(std::uint64_t key) { return cat("register/", key); }

 private:
  enum class Kind { kRead, kWrite, kCas };

  client::CallId begin() override;
  void end(const client::Completion& done) override;
  void end_read(const client::Completion& done);
  void end_write(const client::Completion& done);

  RegisterWorkload workload_;
  Kind kind_ = Kind::kRead;
  std::uint64_t key_ = 0;
  std::int64_t value_ = 0;
  std::map<std::uint64_t, std::int64_t> seen_;  // the last value this client knows of a key
};

}  // namespace lockstep::scenarios
