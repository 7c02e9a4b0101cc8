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
constexpr Purpose kWhere{"test.page_seals.where"};

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
