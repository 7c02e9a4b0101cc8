// The active settings on their way to the edges that have other ones.
#pragma once

#include <map>
#include <memory>
#include <set>

#include "hub/catalogue.h"
#include "hub/edges.h"
#include "hub/part.h"

namespace lockstep::hub {

class SettingsForwarding final : public Part {
 public:
  SettingsForwarding(const Surroundings& surroundings, const Catalogue& catalogue, const Edges& edges)
      : surroundings_(surroundings), catalogue_(catalogue), edges_(edges) {}

  // Settings that an edge could use in part only it may use as a whole by now: it is asked again.
  void on_hello(const wire::Hello& hello);
  // An edge says how far it is: the next step follows.
  void on_status(NodeId from, const wire::PackageStatus& status);

  void on_follow() override;
  void act(Instant now, bool leads) override;
  Instant deadline() const override { return loading_ ? kNever : next_; }

 private:
  struct Settings {
    PackageRow package;
    Bytes bytes;
  };

  void load(const PackageRow& package);
  void begin(NodeId edge);
  void send_chunk(NodeId edge, std::uint64_t offset);
  void activate(NodeId edge);
  // It has them: known before its next hello.
  void note(NodeId edge);
  void note_refusal(NodeId edge, const wire::PackageStatus& status);
  bool refused(NodeId edge) const;
  // It uses a part of them, and says what its row says already.
  bool is_noted(NodeId edge, const wire::PackageStatus& status) const;
  bool wants_them(const EdgeRow& edge) const;

  const Surroundings& surroundings_;
  const Catalogue& catalogue_;
  const Edges& edges_;
  std::unique_ptr<Settings> settings_;  // what is being forwarded
  std::uint64_t begun_ = 0;             // the version that was last looked at: a newer one need not wait
  bool loading_ = false;
  std::set<std::pair<NodeId, std::uint64_t>> refused_;  // by these edges, of these versions
  Instant next_ = kNever;
};

}  // namespace lockstep::hub
