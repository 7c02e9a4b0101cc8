// Packages as this node knows them: what has come, what is in force.
#pragma once

#include <compare>
#include <map>

#include "hub/part.h"
#include "hub/schema.h"

namespace lockstep::hub {

struct PackageKey {
  wire::PackageKind kind = wire::PACKAGE_NONE;
  std::uint64_t version = 0;
  auto operator<=>(const PackageKey&) const = default;
};

struct InForceRow {
  ActiveRow row;
  LogIndex index;  // of the entry that made it active; of a later snapshot if this life began after it
};

class Catalogue final : public Part {
 public:
  const std::map<PackageKey, PackageRow>& packages() const { return packages_; }
  // Null: never heard of; none was ever active. A row of version 0: none is any more, the built-in rules
  // alone.
  const PackageRow* find(PackageKey key) const;
  const InForceRow* active(wire::PackageKind kind) const;
  // 0: none.
  std::uint64_t active_version(wire::PackageKind kind) const {
    const InForceRow* found = active(kind);
    return found == nullptr ? 0 : found->row.version;
  }
  const std::map<wire::PackageKind, InForceRow>& all_active() const { return active_; }

  void on_row(const sql::RowChange& change) override;

 private:
  std::map<PackageKey, PackageRow> packages_;
  std::map<wire::PackageKind, InForceRow> active_;
};

}  // namespace lockstep::hub
