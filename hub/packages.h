// Weights, policies and settings on their way through the log: received in chunks, verified when whole, made
// active by one entry, dropped when newer ones are kept.
#pragma once

#include <map>
#include <set>

#include "hub/catalogue.h"
#include "hub/edges.h"
#include "hub/part.h"

namespace lockstep::hub {

inline constexpr std::uint64_t kMostPackageBytes = std::uint64_t{64} << 20;
inline constexpr std::uint64_t kMostChunkBytes = std::uint64_t{256} << 10;
// Versions only go up: one far above the others would leave no room.
inline constexpr std::uint64_t kMostVersion = 1'000'000'000'000;

class Packages final : public Part {
 public:
  // The others outlive this; `catalogue` is told of rows before it.
  Packages(const Surroundings& surroundings, const Catalogue& catalogue, const Edges& edges)
      : surroundings_(surroundings), catalogue_(catalogue), edges_(edges) {}

  // On the leader. Each is answered with a PackageStatus: at once if nothing is to be done, else when it is
  // committed. What cannot be written now is not answered: ask again.
  void on_package(NodeId from, const wire::Package& package);
  void on_chunk(NodeId from, const wire::PackageChunk& chunk);
  void on_activate(NodeId from, const wire::Activate& activate);

  // What is known of it, here and now.
  wire::PackageStatus status(PackageKey key) const;

  void on_row(const sql::RowChange& change) override;
  void on_follow() override;
  void act(Instant now, bool leads) override;
  Instant deadline() const override { return again_; }

 private:
  // While chunks are under way, and no longer.
  struct Arriving {
    std::uint64_t taken = 0;    // bytes that are committed or on their way into the log
    std::size_t under_way = 0;  // chunks
  };

  void answer(NodeId to, PackageKey key, std::string reason = {}) const;
  void write_then_answer(std::vector<wire::Statement> statements, NodeId to, PackageKey key);
  void verify(const PackageRow& package);
  void verified(PackageKey key, const Status& verdict);
  void verification_failed(PackageKey key);
  void clean_up();
  void clean(std::vector<wire::Statement> statements);
  void drop(PackageKey key);
  void delete_chunks(PackageKey key);
  void delete_row(PackageKey key);
  const PackageRow* oldest_beyond(std::size_t most, wire::PackageKind kind, wire::PackageState state) const;
  bool runs_at_an_edge(PackageKey key) const;
  void count_running(const std::vector<sql::Value>& edge, int change);

  const Surroundings& surroundings_;
  const Catalogue& catalogue_;
  const Edges& edges_;
  std::map<PackageKey, Arriving> arriving_;
  std::set<PackageKey> verifying_;
  std::set<PackageKey> news_;             // the cloud is to be told
  std::map<std::uint64_t, int> running_;  // versions of settings: at how many edges
  bool cleaning_ = false;
  Instant again_ = kNever;
};

}  // namespace lockstep::hub
