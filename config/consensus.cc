// Read and written side by side, so that neither forgets what the other knows.
#include "config/consensus.h"

#include <array>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace lockstep::config {
namespace {

using json::Cursor;
using json::read_duration;
using json::read_member;
using lockstep::to_string;

constexpr Duration kShortest = std::chrono::microseconds(1);

void read(const Cursor& at, WriteMode& out) {
  read_choice(at, std::array{WriteMode::kQuorum, WriteMode::kStrong}, out);
}

}  // namespace

std::string_view to_string(WriteMode mode) { return mode == WriteMode::kQuorum ? "quorum" : "strong"; }

void read(const Cursor& cluster, Consensus& out) {
  read_duration(cluster, "election_timeout", std::chrono::milliseconds(1), out.election_timeout);
  out.heartbeat_interval = out.election_timeout / 6;
  read_duration(cluster, "heartbeat_interval", kShortest, out.heartbeat_interval);
  if (3 * out.heartbeat_interval >= out.election_timeout) {
    cluster.nearest("heartbeat_interval")
        .refuse(cat("less than a third of the election timeout, ", to_string(out.election_timeout)),
                "one lost heartbeat must not cost the leader its office");
  }
  if (const auto mode = cluster.member("write_mode")) read(*mode, out.write_mode);
  read_member(cluster, "pause_before_commit", out.pause_before_commit);
  read_duration(cluster, "prepare_timeout", kShortest, out.prepare_timeout);
  if (const auto batch = cluster.member("batch")) {
    read_member(*batch, "max_entries", out.batch.max_entries);
    read_member(*batch, "max_bytes", out.batch.max_bytes);
    read_member(*batch, "max_delay", out.batch.max_delay);
  }
  read_member(cluster, "drop_prefix_entries", out.drop_prefix_entries);
}

nlohmann::ordered_json to_json(const Consensus& consensus) {
  return {{"election_timeout", to_string(consensus.election_timeout)},
          {"heartbeat_interval", to_string(consensus.heartbeat_interval)},
          {"write_mode", to_string(consensus.write_mode)},
          {"pause_before_commit", to_string(consensus.pause_before_commit)},
          {"prepare_timeout", to_string(consensus.prepare_timeout)},
          {"batch",
           {{"max_entries", consensus.batch.max_entries},
            {"max_bytes", consensus.batch.max_bytes},
            {"max_delay", to_string(consensus.batch.max_delay)}}},
          {"drop_prefix_entries", consensus.drop_prefix_entries}};
}

}  // namespace lockstep::config
