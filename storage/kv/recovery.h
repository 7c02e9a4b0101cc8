// Opening a store: checks every segment, replays it, and decides about the end of the newest one.
#pragma once

#include <memory>

#include "base/env/disk.h"
#include "base/result.h"
#include "storage/kv/contents.h"
#include "storage/kv/log.h"
#include "storage/kv/options.h"

namespace lockstep::kv {

// After OK everything replayed is durable, nothing else is on the disk, and the log can be appended to.
// kCorrupt: see Store::open; the files are left as they were found.
Result<Log> recover(env::Disk& disk, const Options& options, Contents& contents, Recovery& recovery);

}  // namespace lockstep::kv
