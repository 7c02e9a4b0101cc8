// A mirror of two tables.
#include "hub/catalogue.h"

namespace lockstep::hub {

const PackageRow* Catalogue::find(PackageKey key) const {
  const auto found = packages_.find(key);
  return found == packages_.end() ? nullptr : &found->second;
}

const InForceRow* Catalogue::active(wire::PackageKind kind) const {
  const auto found = active_.find(kind);
  return found == active_.end() ? nullptr : &found->second;
}

void Catalogue::on_row(const sql::RowChange& change) {
  if (change.table == kPackages) {
    const PackageRow row(change.after.empty() ? change.before : change.after);
    packages_[{row.kind, row.version}] = row;
    if (change.after.empty()) packages_.erase({row.kind, row.version});
  } else if (change.table == kActive) {
    const ActiveRow row(change.after.empty() ? change.before : change.after);
    active_.insert_or_assign(row.kind, InForceRow{row, change.index});
    if (change.after.empty()) active_.erase(row.kind);
  }
}

}  // namespace lockstep::hub
