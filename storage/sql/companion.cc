// Opened or made once; its name is synced once in each incarnation.
#include "storage/sql/companion.h"

#include "base/env/paths.h"

namespace lockstep::sql {

Result<bool> Companion::open() {
  LOCKSTEP_TRY(exists, disk_.exists(path_));
  if (!exists) return false;
  LOCKSTEP_TRY(file, disk_.open(path_, env::OpenMode::kMustExist));
  file_ = std::move(file);
  return true;
}

Status Companion::make() {
  if (file_) return {};
  LOCKSTEP_TRY(file, disk_.open(path_, env::OpenMode::kCreate));
  file_ = std::move(file);
  return {};
}

Status Companion::sync() {
  LOCKSTEP_TRY_STATUS(file_->sync());
  if (!name_synced_) LOCKSTEP_TRY_STATUS(sync_name());
  name_synced_ = true;
  return {};
}

Status Companion::remove() {
  LOCKSTEP_TRY(exists, disk_.exists(path_));
  if (!exists) return {};
  LOCKSTEP_TRY_STATUS(disk_.remove(path_));
  return sync_name();
}

Status Companion::sync_name() { return disk_.sync_dir(env::directory_of(path_)); }

}  // namespace lockstep::sql
