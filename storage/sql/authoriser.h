// Decides what user SQL may do, with a reason for what it may not, and notes what a statement writes.
#pragma once

#include <sqlite3.h>

#include <string>
#include <string_view>
#include <vector>

namespace lockstep::sql {

// What SQLite reports while it compiles a statement, triggers and foreign key actions included. Names are
// folded.
struct StatementFacts {
  std::vector<std::string> written;  // tables it may change, unique; DDL: the table it is about
  std::vector<std::string> altered;  // tables whose rows may look different afterwards
  bool changes_schema = false;
  bool creates_trigger = false;
  bool alters = false;         // ALTER TABLE, which also looks at temporary objects
  bool calls_changes = false;  // changes() somewhere in it

  bool writes_rows() const { return !written.empty() && !changes_schema; }
};

class Authoriser {
 public:
  // SQLite asks this object for every statement compiled on `db` from now on.
  void install(sqlite3* db);

  // While one lives, the statements compiled are our own and everything is allowed.
  class Trusted {
   public:
    explicit Trusted(Authoriser& authoriser) : authoriser_(authoriser) { ++authoriser_.trusted_; }
    ~Trusted() { --authoriser_.trusted_; }
    Trusted(const Trusted&) = delete;
    Trusted& operator=(const Trusted&) = delete;

   private:
    Authoriser& authoriser_;
  };

  // Facts of the statement compiled next go into `facts`, until stop_noting().
  void note_into(StatementFacts& facts) { facts_ = &facts, reason_.clear(); }
  void stop_noting() { facts_ = nullptr; }
  // Why something was refused since note_into(); empty if nothing was.
  const std::string& reason() const { return reason_; }

 private:
  static int callback(void* self, int action, const char* first, const char* second, const char* database,
                      const char* trigger);
  int decide(int action, std::string_view first, std::string_view second);
  int decide_read(std::string_view table, std::string_view column);
  int decide_write(std::string_view table);
  int decide_schema(int action, std::string_view first, std::string_view second);
  int decide_function(std::string_view name);
  int decide_pragma(std::string_view name);
  int refuse(std::string reason);

  int trusted_ = 0;
  StatementFacts* facts_ = nullptr;
  std::string reason_;
};

}  // namespace lockstep::sql
