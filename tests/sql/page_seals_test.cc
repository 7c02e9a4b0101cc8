// Stories about pages that are not what was written there: the node stops before anybody is told what they
// hold.
#include "storage/sql/page_seals.h"

#include <gtest/gtest.h>

#include "base/prng.h"
#include "tests/sql/fixture.h"

namespace lockstep::sql {
namespace {

Bytes header_page(char reserved) {
  Bytes page(kPageBytes, 'x');
  page.replace(0, 16, BytesView("SQLite format 3\0", 16));
  page[20] = reserved;
  return page;
}

TEST(PageSeals, ASealedPageIsKnownInItsPlaceOnly) {
  PageSeals seals;
  Bytes scratch;
  seals.seal(0, header_page(8), scratch);
  const Bytes page(kPageBytes, 'p');
  const Bytes sealed(seals.seal(3 * kPageBytes, page, scratch));
  EXPECT_EQ(sealed.substr(0, kPageBytes - kSealBytes), page.substr(kSealBytes));
  EXPECT_TRUE(seals.is_sound(3 * kPageBytes, sealed));
  EXPECT_FALSE(seals.is_sound(4 * kPageBytes, sealed)) << "a misdirected page";
  for (const std::size_t at : {std::size_t{0}, kPageBytes / 2, kPageBytes - 1}) {
    Bytes rotten = sealed;
    rotten[at] ^= 1;
    EXPECT_FALSE(seals.is_sound(3 * kPageBytes, rotten)) << at;
  }
  EXPECT_TRUE(seals.is_sound(5 * kPageBytes, Bytes(kPageBytes, '\0'))) << "space that was never written";
}

TEST(PageSeals, AnOlderPageIsKnownByTheSealThatItShouldHave) {
  PageSeals seals;
  Bytes scratch;
  seals.seal(0, header_page(8), scratch);
  const std::uint64_t place = 600 * kPageBytes;
  const Bytes older(seals.seal(place, Bytes(kPageBytes, 'a'), scratch));
  const Bytes newer(seals.seal(place, Bytes(kPageBytes, 'b'), scratch));
  EXPECT_EQ(seals.judge(place, newer), PageSeals::Page::kSound);
  EXPECT_EQ(seals.judge(place, older), PageSeals::Page::kAnother);
  EXPECT_EQ(seals.judge(place, Bytes(kPageBytes, '\0')), PageSeals::Page::kDamaged);
  EXPECT_EQ(seals.take_changed(), (std::vector<std::uint64_t>{0, 1}));
  seals.forget_from(600);
  EXPECT_EQ(seals.judge(place, Bytes(kPageBytes, '\0')), PageSeals::Page::kSound) << "the file was cut before it";
  EXPECT_EQ(seals.known_pages(), 600u);
  EXPECT_EQ(seals.take_changed(), (std::vector<std::uint64_t>{1}));
}

TEST(PageSeals, ABitOfTheHeaderDoesNotTurnThemOff) {
  Bytes scratch;
  PageSeals before;
  const Bytes header(before.seal(0, header_page(8), scratch));
  Bytes rotten = header;
  rotten[20] = 0;
  EXPECT_FALSE(before.is_sound(0, rotten)) << "decided once";
  PageSeals after;
  after.expect(0, before.expected(0));
  EXPECT_FALSE(after.is_sound(0, rotten)) << "it has a seal beside it";
  EXPECT_FALSE(after.is_sound(kPageBytes, Bytes(kPageBytes, 'p')));
}

TEST(PageSeals, AFileMadeWithoutSealsIsReadAsItIs) {
  PageSeals seals;
  Bytes scratch;
  const Bytes page(kPageBytes, 'p');
  EXPECT_TRUE(seals.is_sound(0, header_page(0)));
  EXPECT_EQ(seals.seal(kPageBytes, page, scratch), page);
  EXPECT_TRUE(seals.is_sound(kPageBytes, page));
}

TEST(PageSeals, APageOfTheWalIsComparedWithWhatWasWrittenOrRecovered) {
  PageSeals seals;
  const Bytes frame(24 + kPageBytes, 'f');
  const BytesView page = BytesView(frame).substr(24);
  const std::uint64_t second = 32 + frame.size();
  EXPECT_TRUE(seals.note_wal_read(second + 24, page)) << "nothing is known of it";
  seals.note_wal_write(second, BytesView(frame).substr(0, 24));
  seals.note_wal_write(second + 24, page);
  EXPECT_TRUE(seals.note_wal_read(second + 24, page));
  EXPECT_FALSE(seals.note_wal_read(second + 24, Bytes(kPageBytes, 'g')));
  seals.note_wal_write(second, BytesView(frame).substr(0, 24));
  EXPECT_FALSE(seals.note_wal_read(second + 24, Bytes(kPageBytes, 'g')))
      << "a header says nothing of the page";
  EXPECT_TRUE(seals.note_wal_read(32, frame)) << "recovery reads whole frames";
  EXPECT_FALSE(seals.note_wal_read(32 + 24, Bytes(kPageBytes, 'g')));
}

constexpr std::string_view kDatabase = "db/main.sqlite";
constexpr std::string_view kWal = "db/main.sqlite-wal";
constexpr std::string_view kSeals = "db/main.sqlite-seals";
constexpr Purpose kWhere{"test.page_seals.where"};

// One write to the main file goes elsewhere, or nowhere.
class LosesAWrite final : public sim::DiskFaults {
 public:
  LosesAWrite(sim::DiskFault how, std::uint64_t which) : how_(how), left_(which) {}
  sim::DiskFault on_call(const sim::DiskCall& call) override {
    if (call.operation != sim::DiskOperation::kWrite || call.path != kDatabase || fired_) return sim::DiskFault::kNone;
    if (left_-- > 0) return sim::DiskFault::kNone;
    fired_ = true;
    return how_ == sim::DiskFault::kMisdirect && !call.can_misdirect ? sim::DiskFault::kPhantom : how_;
  }
  bool fired() const { return fired_; }

 private:
  sim::DiskFault how_;
  std::uint64_t left_;
  bool fired_ = false;
};

std::uint64_t size_of_file(sim::DiskImage& disk, std::string_view path) {
  return *(*disk.open(path, env::OpenMode::kMustExist))->size();
}

void fill(Node& node) {
  node.must("CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT)");
  for (int i = 0; i < 120; ++i)
    node.must("INSERT INTO t(v) VALUES(?1)", {std::string(200, static_cast<char>('a' + i % 26))});
}

// Everything there is in the table, or nothing if the node refuses.
std::optional<std::vector<std::vector<Value>>> rows_of(Node& node) {
  auto opened = node.database().open_reader();
  if (!opened) return std::nullopt;
  auto result = (*opened)->query(stmt("SELECT id, v FROM t ORDER BY id"), QueryLimits{});
  if (!result || result->outcome != Outcome::kOk) return std::nullopt;
  return std::move(result->rows.rows);
}

TEST(PageSeals, ADatabaseFileThatRottedIsNeverServed) {
  initialise_sqlite(1);
  sim::DiskImage disk(1);
  std::optional<std::vector<std::vector<Value>>> right;
  {
    Node node(disk, {.checkpoint_frames = 1});
    ASSERT_TRUE(node.open());
    fill(node);
    ASSERT_TRUE(node.machine().checkpoint_if_due());
    right = rows_of(node);
    ASSERT_TRUE(right);
  }
  ASSERT_TRUE(disk.remove(kWal));  // it holds all the pages too
  const std::uint64_t size = size_of_file(disk, kDatabase);
  EXPECT_GT(size, 5 * kPageBytes);
  int refused = 0;
  for (std::uint64_t i = 0; i < 100; ++i) {
    const std::uint64_t at = below(draw(1, kWhere, 0, i), size);
    disk.flip(kDatabase, at, 0x10);
    {
      Node node(disk);
      const auto found = node.open() ? rows_of(node) : std::nullopt;
      refused += found ? 0 : 1;
      if (found) {
        EXPECT_EQ(*found, *right) << "offset " << at;
      }
    }
    disk.flip(kDatabase, at, 0x10);
  }
  EXPECT_GT(refused, 80);
}

void change(Node& node) {
  node.must("UPDATE t SET v = v || 'x' WHERE id % 3 = 0");
  node.must("INSERT INTO t(v) VALUES('new')");
}

// What the page held before is whole, and sealed: SQLite reads it, and the row that it had then.
TEST(PageSeals, AWriteOfTheDatabaseFileThatNeverHappenedIsNeverServed) {
  initialise_sqlite(1);
  for (const sim::DiskFault how : {sim::DiskFault::kPhantom, sim::DiskFault::kMisdirect}) {
    int refused = 0;
    bool fired = true;
    for (std::uint64_t which = 0; fired; ++which) {
      SCOPED_TRACE(which);
      sim::DiskImage disk(which);
      std::optional<std::vector<std::vector<Value>>> right;
      {
        Node node(disk, {.checkpoint_frames = 1});
        ASSERT_TRUE(node.open());
        fill(node);
        ASSERT_TRUE(node.machine().checkpoint_if_due());
        change(node);
        right = rows_of(node);
        ASSERT_TRUE(right);
        LosesAWrite strike(how, which);
        disk.set_faults(&strike);
        ASSERT_TRUE(node.machine().checkpoint_if_due());
        disk.set_faults(nullptr);
        fired = strike.fired();
        const auto found = rows_of(node);
        refused += found ? 0 : 1;
        if (found) {
          EXPECT_TRUE(*found == *right) << "the same incarnation";
        }
        node.must("CREATE TABLE u(id INTEGER PRIMARY KEY)");  // begins the WAL anew
        ASSERT_TRUE(node.machine().sync());
      }
      disk.power_loss();
      Node node(disk);
      const auto found = node.open() ? rows_of(node) : std::nullopt;
      refused += found ? 0 : 1;
      if (found) {
        EXPECT_TRUE(*found == *right) << found->size() << " rows, not " << right->size();
      }
    }
    EXPECT_GT(refused, 10);
  }
}

TEST(PageSeals, AnOlderFileIsRefusedUntilItsSealsAreRemoved) {
  initialise_sqlite(1);
  sim::DiskImage disk(1);
  const auto copy_of = [&](std::string_view path) {
    Bytes bytes(size_of_file(disk, path), '\0');
    EXPECT_TRUE((*disk.open(path, env::OpenMode::kMustExist))->read_at(0, bytes.data(), bytes.size()));
    return bytes;
  };
  Bytes older;
  {
    Node node(disk, {.checkpoint_frames = 1, .sync_commits = true});
    ASSERT_TRUE(node.open());
    fill(node);
    ASSERT_TRUE(node.machine().checkpoint_if_due());
    older = copy_of(kDatabase);
    node.must("UPDATE t SET v = 'y' WHERE id = 1");
    ASSERT_TRUE(node.machine().put_away());
  }
  ASSERT_EQ(older.size(), size_of_file(disk, kDatabase));
  ASSERT_TRUE((*disk.open(kDatabase, env::OpenMode::kMustExist))->write_at(0, older));
  {
    Node node(disk, {.sync_commits = true});
    const Status opened = node.open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::kCorrupt);
    EXPECT_NE(opened.error().message.find("remove db/main.sqlite-seals"), std::string::npos) << opened.error().message;
  }
  ASSERT_TRUE(disk.remove(kSeals));
  Node node(disk, {.sync_commits = true});
  ASSERT_TRUE(node.open());
  EXPECT_EQ(node.number("SELECT count(*) FROM t WHERE v = 'y'"), 0);
}

TEST(PageSeals, PagesBeyondTheFirstBlockOfSealsAreKnownToo) {
  initialise_sqlite(1);
  sim::DiskImage disk(1);
  Bytes older(kPageBytes, '\0');
  std::uint64_t last = 0;
  {
    Node node(disk, {.checkpoint_frames = 1, .sync_commits = true});
    ASSERT_TRUE(node.open());
    node.must("CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT)");
    for (int i = 0; i < 700; ++i) node.must("INSERT INTO t(v) VALUES(?1)", {std::string(3000, 'a')});  // a page each
    ASSERT_TRUE(node.machine().checkpoint_if_due());
    last = size_of_file(disk, kDatabase) - kPageBytes;
    ASSERT_GT(last / kPageBytes, PageSeals::kSealsInBlock);
    ASSERT_TRUE((*disk.open(kDatabase, env::OpenMode::kMustExist))->read_at(last, older.data(), older.size()));
    node.must("UPDATE t SET v = ?1 WHERE id = 700", {std::string(3000, 'b')});
    ASSERT_TRUE(node.machine().put_away());
  }
  EXPECT_EQ(size_of_file(disk, kSeals), (last / kPageBytes + 1) * kSealBytes);
  {
    Node node(disk);
    ASSERT_TRUE(node.open());
    EXPECT_EQ(node.number("SELECT count(*) FROM t WHERE v > 'b'"), 1);
  }
  ASSERT_TRUE((*disk.open(kDatabase, env::OpenMode::kMustExist))->write_at(last, older));
  Node node(disk);
  EXPECT_FALSE(node.open() && rows_of(node)) << "the last page is an older one";
}

// A checkpoint had cut the main file when the node died, and had not come to the seals. What grows there again may be
// pages that nobody writes.
TEST(PageSeals, SealsBehindTheEndOfTheFileAreForgottenForGood) {
  initialise_sqlite(1);
  sim::DiskImage disk(1);
  for (const std::uint64_t longer : {std::uint64_t{5}, std::uint64_t{8}, std::uint64_t{100'000}}) {
    {
      Node node(disk, {.checkpoint_frames = 1});
      ASSERT_TRUE(node.open()) << longer;
      if (longer == 5) fill(node);
      ASSERT_TRUE(node.machine().put_away());
    }
    const std::uint64_t right = size_of_file(disk, kDatabase) / kPageBytes * kSealBytes;
    EXPECT_EQ(size_of_file(disk, kSeals), right);
    ASSERT_TRUE((*disk.open(kSeals, env::OpenMode::kMustExist))->write_at(right, Bytes(longer, 's')));
    Node node(disk);
    ASSERT_TRUE(node.open()) << longer;
    disk.power_loss();
    EXPECT_EQ(size_of_file(disk, kSeals), right) << longer;
  }
}

TEST(PageSeals, SealsOfAFileThatIsGoneGoToo) {
  initialise_sqlite(1);
  sim::DiskImage disk(1);
  for (int life = 0; life < 2; ++life) {
    {
      Node node(disk, {.checkpoint_frames = 1});
      ASSERT_TRUE(node.open()) << life;
      fill(node);
      if (life == 1) change(node);
      ASSERT_TRUE(node.machine().checkpoint_if_due());
    }
    disk.process_crash();
    EXPECT_TRUE(*disk.exists(kSeals));
    ASSERT_TRUE(disk.remove(kDatabase));
    ASSERT_TRUE(disk.remove(kWal));
  }
}

TEST(PageSeals, APageOfTheWalThatRotsUnderARunningNodeIsNotServed) {
  initialise_sqlite(1);
  sim::DiskImage disk(1);
  Node node(disk);
  ASSERT_TRUE(node.open());
  fill(node);
  const auto right = rows_of(node);
  ASSERT_TRUE(right);
  const std::uint64_t size = size_of_file(disk, kWal);
  int refused = 0;
  for (std::uint64_t i = 0; i < 200; ++i) {
    const std::uint64_t at = below(draw(2, kWhere, 0, i), size);
    disk.flip(kWal, at, 0x10);
    const auto found = rows_of(node);
    refused += found ? 0 : 1;
    if (found) {
      EXPECT_EQ(*found, *right) << "offset " << at;
    }
    disk.flip(kWal, at, 0x10);
  }
  EXPECT_GT(refused, 2) << "most pages of a WAL are old ones";
}

}  // namespace
}  // namespace lockstep::sql
