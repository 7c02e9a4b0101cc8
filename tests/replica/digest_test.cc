// Stories about a replica whose database went astray: it stops itself, and nobody else does.
#include <gtest/gtest.h>

#include "core/replica/digest_watch.h"
#include "storage/sql/page_seals.h"
#include "storage/sql/seal_file.h"
#include "tests/replica/test_cluster.h"

namespace lockstep::tests {
namespace {

using replica::DigestWatch;

constexpr LogIndex kCompared{DigestWatch::kSpacing};

TEST(DigestWatch, EqualDigestsRaiseNoObjection) {
  DigestWatch watch(NodeId(1), 3);
  watch.applied(kCompared, 7);
  watch.reported({NodeId(2), kCompared, 7});
  watch.reported({NodeId(3), kCompared, 7});
  EXPECT_FALSE(watch.objection());
}

TEST(DigestWatch, TheMinorityObjectsToItself) {
  DigestWatch watch(NodeId(1), 3);
  watch.applied(kCompared, 8);
  watch.reported({NodeId(2), kCompared, 7});
  EXPECT_FALSE(watch.objection()) << "one against one decides nothing";
  watch.reported({NodeId(3), kCompared, 7});
  EXPECT_EQ(watch.objection(),
            "after entry 64 this database has digest 0000000000000008, and 2 of 3 members have 0000000000000007");
}

TEST(DigestWatch, TheMajorityDoesNotMindOneThatDiffers) {
  DigestWatch watch(NodeId(1), 3);
  watch.applied(kCompared, 7);
  watch.reported({NodeId(2), kCompared, 7});
  watch.reported({NodeId(3), kCompared, 8});
  EXPECT_FALSE(watch.objection());
}

TEST(DigestWatch, WithoutAnyMajorityAllStop) {
  DigestWatch watch(NodeId(1), 3);
  watch.applied(kCompared, 7);
  watch.reported({NodeId(2), kCompared, 8});
  EXPECT_FALSE(watch.objection());
  watch.reported({NodeId(3), kCompared, 9});
  EXPECT_EQ(watch.objection(), "after entry 64 no majority of the 3 members has the same database");
}

TEST(DigestWatch, OnlyEqualIndexesAreCompared) {
  DigestWatch watch(NodeId(1), 3);
  watch.applied(LogIndex(65), 1);
  watch.applied(kCompared, 7);
  watch.reported({NodeId(2), LogIndex(128), 8});
  watch.reported({NodeId(3), LogIndex(128), 8});
  EXPECT_FALSE(watch.objection());
  watch.applied(LogIndex(128), 9);
  EXPECT_TRUE(watch.objection());
}

// The place of `text` in a file of a node's disk.
std::uint64_t find_in_file(env::Disk& disk, std::string_view path, std::string_view text) {
  auto file = *disk.open(path, env::OpenMode::kMustExist);
  Bytes bytes(*file->size(), '\0');
  EXPECT_EQ(*file->read_at(0, bytes.data(), bytes.size()), bytes.size());
  const auto found = bytes.find(text);
  EXPECT_NE(found, Bytes::npos) << "not in the database file; was there a checkpoint?";
  return found;
}

void write_rows(TestCluster& cluster, int first, int end) {
  for (int row = first; row < end; ++row)
    cluster.execute(cat("INSERT INTO t(id, body) VALUES(", row, ", 'row-", row, "-' || hex(zeroblob(3000)))"));
}

// Changes one bit of a row as a faulty memory would have, before the page was sealed.
void damage_row(sim::DiskImage& disk, const std::string& path, std::uint64_t at) {
  const auto file = *disk.open(path, env::OpenMode::kMustExist);
  const auto page_at = [&file](std::uint64_t offset) {
    Bytes page(sql::kPageBytes, '\0');
    EXPECT_EQ(*file->read_at(offset, page.data(), page.size()), page.size());
    return page;
  };
  disk.flip(path, at, 1);
  const std::uint64_t start = at - at % sql::kPageBytes;
  sql::PageSeals seals;
  const auto kept = sql::SealFile::open(disk, path, seals);
  ASSERT_TRUE(kept);
  EXPECT_TRUE(seals.is_sound(0, page_at(0)));
  Bytes sealed;
  seals.seal(start, page_at(start), sealed);
  ASSERT_TRUE(file->write_at(start, sealed));
  ASSERT_TRUE((*kept)->save());
}

// Damage in a row that a later statement copies: from then on this node computes something else than the others.
void story_of_bit_rot(bool in_the_leader) {
  service::NodeConfig config;
  config.replica.apply.sql.checkpoint_frames = 100;
  TestCluster cluster(in_the_leader ? 21 : 22, 3, config);
  cluster.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, body TEXT)");
  write_rows(cluster, 0, 120);
  cluster.world().run_for(std::chrono::seconds(1));
  const NodeId leader = cluster.leader();
  const NodeId victim = in_the_leader ? leader : leader == NodeId(1) ? NodeId(2) : NodeId(1);
  cluster.world().kill(victim);
  sim::DiskImage& disk = cluster.world().disk(victim);
  const std::string path = config.replica.apply.sql.path;
  damage_row(disk, path, find_in_file(disk, path, "row-7-") + 4);
  cluster.world().start(victim);
  cluster.world().run_for(std::chrono::seconds(2));

  // Make the damaged node lead again, so that the corrupt digest is a leader's.
  if (in_the_leader) {
    for (int tries = 0; tries < 50 && cluster.leader() != victim; ++tries) {
      const NodeId other = cluster.leader();
      cluster.world().stall(other, std::chrono::seconds(1));
      cluster.world().run_for(std::chrono::milliseconds(1500));
    }
    ASSERT_EQ(cluster.leader(), victim);
  }
  cluster.execute("UPDATE t SET body = body || '!'");
  write_rows(cluster, 200, 200 + 3 * static_cast<int>(DigestWatch::kSpacing));
  cluster.world().run_for(std::chrono::seconds(2));

  for (const NodeId member : cluster.members())
    EXPECT_EQ(cluster.node(member).replica().failed(), member == victim) << "n" << member.value();
  write_rows(cluster, 1000, 1010);  // the others go on
  EXPECT_NE(cluster.leader(), victim);
}

TEST(Digest, AFollowerWithBitRotStopsItselfAndTheOthersGoOn) { story_of_bit_rot(false); }

TEST(Digest, ALeaderWithBitRotStepsDownAndTheOthersGoOn) { story_of_bit_rot(true); }

}  // namespace
}  // namespace lockstep::tests
