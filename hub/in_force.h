// The model and the policy with which this node decides: those of the last entries that made any active.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "hub/catalogue.h"
#include "hub/part.h"
#include "hub/policy/decider.h"

namespace lockstep::hub {

// Above the lanes of readers, of which a node has a handful. A decider is made and used there only.
inline constexpr env::LaneId kModelLane{200};

// Versions; 0: none, the rules alone.
struct DecidingPair {
  std::uint64_t model = 0;
  std::uint64_t policy = 0;
  bool operator==(const DecidingPair&) const = default;
};

class InForce final : public Part {
 public:
  // `catalogue` outlives this and is told of rows before it.
  InForce(const Surroundings& surroundings, const Catalogue& catalogue)
      : surroundings_(surroundings), catalogue_(catalogue) {}

  // Null: other versions than these are loaded here so far.
  std::shared_ptr<Decider> decider(DecidingPair wanted) const {
    return ready_ == wanted ? decider_ : nullptr;
  }
  // What decides in the name of ready versions: 0 in place of one whose bytes are damaged.
  DecidingPair in_use() const;
  // Why the active version of this kind is not in use; empty: it is, or nothing is known yet.
  const std::string& damage(wire::PackageKind kind) const;

  void on_known() override { known_ = true; }
  void on_row(const sql::RowChange& change) override;
  void act(Instant now, bool leads) override;
  Instant deadline() const override { return is_busy() ? kNever : again_; }

 private:
  using Damages = std::map<wire::PackageKind, std::string>;
  // What a decider is made of, as far as it has come.
  struct Loading {
    DecidingPair pair;
    Bytes model{}, policy{};
    Damages damages{};
  };
  struct Made {
    DecidingPair pair;
    std::shared_ptr<Decider> decider;
    Damages damages;
  };

  static Made made_of(Loading loaded);

  DecidingPair wanted() const;
  bool is_busy() const { return loading_.has_value() || making_; }
  void load();
  // Nothing comes if no version of the kind is active.
  void load_one(wire::PackageKind kind, std::uint64_t version, Bytes& into, std::function<void()> then);
  void make();
  void use(Made made);

  const Surroundings& surroundings_;
  const Catalogue& catalogue_;
  bool known_ = false;
  std::optional<DecidingPair> ready_;  // what decider_ was made of
  std::shared_ptr<Decider> decider_;
  Damages damages_;  // of what decider_ was made of
  std::optional<Loading> loading_;
  bool making_ = false;
  Instant again_ = kNever;
};

}  // namespace lockstep::hub
