// The openers, and what they share.
#include "storage/sql/database.h"

#include "base/check.h"
#include "storage/sql/machine.h"
#include "storage/sql/reader.h"
#include "storage/sql/wal_index.h"

namespace lockstep::sql {
namespace {

class SqliteDatabase final : public Database {
 public:
  SqliteDatabase(env::Disk& disk, Options options) : disk_(disk), options_(std::move(options)) {}

  Result<std::unique_ptr<Machine>> open_machine(Participant& participant) override {
    return SqliteMachine::open(disk_, shared_, options_, participant);
  }
  Result<std::unique_ptr<Reader>> open_reader() override {
    return SqliteReader::open(disk_, shared_, options_);
  }

 private:
  env::Disk& disk_;
  const Options options_;
  SharedFile shared_;
};

}  // namespace

std::unique_ptr<Database> Database::create(env::Disk& disk, Options options) {
  return std::make_unique<SqliteDatabase>(disk, std::move(options));
}

}  // namespace lockstep::sql
