// A step of a walk is a page that is fetched right after the page whose first four bytes name it.
#include "storage/sql/page_walks.h"

#include <sqlite3.h>

#include "base/check.h"
#include "storage/sql/lane.h"

namespace lockstep::sql {
namespace {

sqlite3_pcache_methods2 usual{};

// Pages of a B-tree begin with their kind, at least 2, which would be the first byte of a number beyond this
// one.
constexpr unsigned kFirstAmbiguousPage = 2U << 24;

unsigned next_of(const sqlite3_pcache_page& page) {
  const auto* bytes = static_cast<const unsigned char*>(page.pBuf);
  return static_cast<unsigned>(bytes[0]) << 24 | static_cast<unsigned>(bytes[1]) << 16 |
         static_cast<unsigned>(bytes[2]) << 8 | bytes[3];
}

// A page without a use may be gone or another one at the next call, so what it says is remembered when it is
// let go.
void note_let_go(sqlite3_pcache_page* page) {
  Lane* const lane = AllocatesFor::current();
  if (lane == nullptr || lane->walk.last != page) return;
  lane->walk.next = next_of(*page);
  lane->walk.last = nullptr;
}

void forget() {
  if (Lane* const lane = AllocatesFor::current()) lane->walk = {};
}

sqlite3_pcache_page* fetch(sqlite3_pcache* cache, unsigned number, int create) {
  sqlite3_pcache_page* const page = usual.xFetch(cache, number, create);
  Lane* const lane = AllocatesFor::current();
  // Whoever only looks whether a page is here walks nowhere, and is told more or less by chance.
  if (lane == nullptr || page == nullptr || create == 0) return page;
  Walk& walk = lane->walk;
  const unsigned named = walk.last != nullptr ? next_of(*walk.last) : walk.next;
  if (walk.cache == cache && named == number && number < kFirstAmbiguousPage) lane->budget.walk();
  walk = {.cache = cache, .last = page, .next = 0};
  return page;
}

void unpin(sqlite3_pcache* cache, sqlite3_pcache_page* page, int discard) {
  note_let_go(page);
  usual.xUnpin(cache, page, discard);
}

void rekey(sqlite3_pcache* cache, sqlite3_pcache_page* page, unsigned before, unsigned after) {
  forget();
  usual.xRekey(cache, page, before, after);
}

void truncate(sqlite3_pcache* cache, unsigned first) {
  forget();
  usual.xTruncate(cache, first);
}

void destroy(sqlite3_pcache* cache) {
  forget();
  usual.xDestroy(cache);
}

}  // namespace

void install_walk_counter() {
  CHECK(sqlite3_config(SQLITE_CONFIG_GETPCACHE2, &usual) == SQLITE_OK);
  sqlite3_pcache_methods2 counting = usual;
  counting.xFetch = fetch;
  counting.xUnpin = unpin;
  counting.xRekey = rekey;
  counting.xTruncate = truncate;
  counting.xDestroy = destroy;
  CHECK(sqlite3_config(SQLITE_CONFIG_PCACHE2, &counting) == SQLITE_OK);
}

}  // namespace lockstep::sql
