// What concerns SQLite in the whole process: its configuration, its default VFS, its random generator, its
// identity.
#include <sqlite3.h>

#include <cfloat>

#include "base/check.h"
#include "base/hash.h"
#include "storage/sql/allocations.h"
#include "storage/sql/database.h"
#include "storage/sql/page_walks.h"
#include "storage/sql/vfs.h"

namespace lockstep::sql {
namespace {

bool configure_once() {
  sqlite3_shutdown();  // in case somebody was faster: settings are taken only before the first use
  CHECK(sqlite3_config(SQLITE_CONFIG_MULTITHREAD) == SQLITE_OK);
  install_counting_allocator();
  install_walk_counter();
  CHECK(sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) == SQLITE_OK);
  CHECK(sqlite3_config(SQLITE_CONFIG_URI, 0) == SQLITE_OK);
  CHECK(sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, -1) == SQLITE_OK);  // statement journals are never files
  CHECK(sqlite3_initialize() == SQLITE_OK);
  install_default_vfs();
  // 'localtime' and 'utc' would ask the operating system for its time zone: they fail instead.
  CHECK(sqlite3_test_control(SQLITE_TESTCTRL_LOCALTIME_FAULT, 1) == SQLITE_OK);
  return true;
}

}  // namespace

void initialise_sqlite(std::uint64_t seed) {
  static const bool configured = configure_once();
  CHECK(configured);
  seed_randomness(seed);
}

std::string sqlite_identity() {
  std::uint64_t options = 0;
  for (int i = 0; const char* option = sqlite3_compileoption_get(i); ++i) options = hash64(option, options);
  // The width of long double decides the last digit when numbers are read and printed.
  return cat(sqlite3_libversion(), " ", sqlite3_sourceid(), " options ", options, " long double ",
             LDBL_MANT_DIG);
}

}  // namespace lockstep::sql
