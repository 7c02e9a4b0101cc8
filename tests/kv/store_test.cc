// Stories about the store: what a user sees while nothing goes wrong.
#include "storage/kv/store.h"

#include <gtest/gtest.h>

#include "base/check.h"
#include "base/text.h"
#include "sim/disk_image.h"
#include "storage/kv/transfer.h"
#include "tests/kv/dump.h"

namespace lockstep::kv {
namespace {

class StoreTest : public ::testing::Test {
 protected:
  StoreTest() { reopen(); }

  void reopen() {
    store_.reset();
    auto store = Store::open(disk_, options_);
    CHECK(store, store.error().message);  // no test can go on without it
    store_ = std::move(*store);
  }

  void put(TreeId tree, BytesView key, BytesView value) {
    Batch batch;
    batch.put(tree, key, value);
    ASSERT_TRUE(store_->write(batch));
  }

  std::string get(TreeId tree, BytesView key) {
    const auto value = store_->get(tree, key);
    if (!value) return value.error().message;
    return value->value_or("nothing");
  }

  void clean_all() {
    for (;;) {
      const auto more = store_->clean_step();
      ASSERT_TRUE(more) << more.error().message;
      if (!*more) return;
    }
  }

  sim::DiskImage disk_{1};
  Options options_{.segment_bytes = 4096};
  std::unique_ptr<Store> store_;
};

TEST_F(StoreTest, ReadsWhatWasWrittenAlsoAfterReopening) {
  put(1, "a", "apple");
  put(1, Bytes(1, '\0'), Bytes(1000, '\0'));
  put(2, "", "the empty key");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(get(1, "a"), "apple");
    EXPECT_EQ(get(1, Bytes(1, '\0')), Bytes(1000, '\0'));
    EXPECT_EQ(get(2, ""), "the empty key");
    EXPECT_EQ(get(2, "a"), "nothing");
    EXPECT_EQ(get(3, "a"), "nothing");
    EXPECT_EQ(store_->trees(), (std::vector<TreeId>{1, 2}));
    reopen();
  }
}

TEST_F(StoreTest, LaterChangesOfABatchWin) {
  Batch batch;
  batch.put(1, "k", "one");
  batch.erase(1, "k");
  batch.put(1, "k", "two");
  batch.put(1, "gone", "x");
  batch.erase_range(1, "g", "h");
  ASSERT_TRUE(store_->write(batch));
  EXPECT_EQ(dump(*store_), "1/k=two\n");
  reopen();
  EXPECT_EQ(dump(*store_), "1/k=two\n");
}

TEST_F(StoreTest, ScansStopAtTheEndOfTheRangeOrWhenTold) {
  for (const char* key : {"a", "b", "ba", "bb", "c", "\xff", "\xff\xff"}) put(1, key, key);
  const auto keys = [&](auto scan) {
    std::string found;
    EXPECT_TRUE(scan([&](BytesView key, BytesView value) {
      EXPECT_EQ(key, value);
      found.append(key).append(" ");
      return found.size() < 12;
    }));
    return found;
  };
  EXPECT_EQ(keys([&](auto visit) { return store_->scan(1, "b", "c", visit); }), "b ba bb ");
  EXPECT_EQ(keys([&](auto visit) { return store_->scan(1, "bb", "", visit); }), "bb c \xff \xff\xff ");
  EXPECT_EQ(keys([&](auto visit) { return store_->scan(1, "", "", visit); }), "a b ba bb c ");
  EXPECT_EQ(keys([&](auto visit) { return store_->scan_prefix(1, "b", visit); }), "b ba bb ");
  EXPECT_EQ(keys([&](auto visit) { return store_->scan_prefix(1, "\xff", visit); }), "\xff \xff\xff ");
  EXPECT_EQ(keys([&](auto visit) { return store_->scan(7, "", "", visit); }), "");
}

TEST_F(StoreTest, BatchesOfOneWriteTakeOneWriteAndOneSync) {
  put(1, "a", "1");
  const auto before = disk_.counters();
  std::vector<Batch> batches(3);
  batches[0].put(1, "a", "2");
  batches[1].put(1, "b", "3");
  ASSERT_TRUE(store_->write(batches));
  EXPECT_EQ(disk_.counters().writes - before.writes, 1u);
  EXPECT_EQ(disk_.counters().syncs - before.syncs, 1u);
  EXPECT_EQ(dump(*store_), "1/a=2\n1/b=3\n");
}

TEST_F(StoreTest, AWriteOfNothingTouchesNoDisk) {
  const auto before = disk_.counters();
  ASSERT_TRUE(store_->write(Batch()));
  EXPECT_EQ(disk_.counters().writes, before.writes);
}

TEST_F(StoreTest, CompareAndSwapHoldsOnlyAgainstTheExpectedValue) {
  EXPECT_TRUE(store_->compare_and_swap(1, "k", std::nullopt, "one"));
  EXPECT_EQ(store_->compare_and_swap(1, "k", std::nullopt, "x").error().code, ErrorCode::kConflict);
  EXPECT_EQ(store_->compare_and_swap(1, "k", "two", "x").error().code, ErrorCode::kConflict);
  EXPECT_EQ(get(1, "k"), "one");
  EXPECT_TRUE(store_->compare_and_swap(1, "k", "one", "two"));
  EXPECT_EQ(get(1, "k"), "two");
  EXPECT_TRUE(store_->compare_and_swap(1, "k", "two", std::nullopt));
  EXPECT_EQ(store_->compare_and_swap(1, "k", "two", "x").error().code, ErrorCode::kConflict);
  EXPECT_EQ(get(1, "k"), "nothing");
}

TEST_F(StoreTest, AWatchHearsOfDurableChangesUnderItsPrefixInOrder) {
  put(1, "a/1", "old");
  std::string heard;
  const WatchId watch = store_->watch(1, "a/", [&](const Changed& changed) {
    heard += cat(changed.key, "=", changed.value.value_or("-"), " ");
    EXPECT_EQ(get(changed.tree, "a/2"), "new");  // visible already, and reading is allowed
  });
  Batch batch;
  batch.put(1, "a/2", "new");
  batch.put(1, "b", "elsewhere");
  batch.put(2, "a/3", "another tree");
  batch.erase(1, "a/missing");
  batch.erase(1, "a/1");
  ASSERT_TRUE(store_->write(batch));
  EXPECT_EQ(heard, "a/2=new a/1=- ");
  heard.clear();
  store_->unwatch(watch);
  put(1, "a/2", "unheard");
  EXPECT_EQ(heard, "");
}

TEST_F(StoreTest, AWatchHearsEveryKeyThatARangeRemoves) {
  put(1, "a", "1");
  put(1, "b", "2");
  std::string heard;
  store_->watch(1, "", [&](const Changed& changed) { heard += cat(changed.key, changed.value ? "+" : "-"); });
  Batch batch;
  batch.erase_range(1, "", "");
  ASSERT_TRUE(store_->write(batch));
  EXPECT_EQ(heard, "a-b-");
}

TEST_F(StoreTest, AWatchThatTheDiskFailsHearsNothing) {
  std::string heard;
  store_->watch(1, "", [&](const Changed& changed) { heard += changed.key; });
  disk_.process_crash();
  Batch batch;
  batch.put(1, "k", "v");
  EXPECT_EQ(store_->write(batch).error().code, ErrorCode::kGone);
  EXPECT_EQ(store_->get(1, "k").error().code, ErrorCode::kGone);
  EXPECT_EQ(heard, "");
}

TEST_F(StoreTest, IdsAscendAndAreNeverRepeated) {
  std::uint64_t last = 0;
  for (int life = 0; life < 5; ++life) {
    for (int i = 0; i < 1500; ++i) {
      const auto id = store_->next_id();
      ASSERT_TRUE(id);
      ASSERT_GT(*id, last);
      last = *id;
    }
    // The reservation outlives the segment it was written in.
    for (int i = 0; i < 200; ++i) put(1, "k", Bytes(100, 'x'));
    clean_all();
    disk_.power_loss();
    reopen();
  }
}

TEST_F(StoreTest, TheLogOfARaftGroupStaysSmallWhenItsPrefixIsDropped) {
  const auto key = [](std::uint64_t index) {
    Bytes bytes;
    ByteWriter(bytes).ordered_u64(index);
    return bytes;
  };
  for (std::uint64_t index = 1; index <= 2000; ++index) {
    Batch batch;
    batch.put(1, key(index), Bytes(100, 'e'));
    batch.put(2, "hard state", key(index));
    if (index > 50) batch.erase_range(1, "", key(index - 50));
    ASSERT_TRUE(store_->write(batch));
    ASSERT_TRUE(store_->clean_step());
    ASSERT_LE(store_->stats().segments, 6u);
  }
  EXPECT_EQ(store_->stats().keys, 52u);
  reopen();
  EXPECT_EQ(store_->stats().keys, 52u);
  EXPECT_EQ(get(2, "hard state"), key(2000));
}

TEST_F(StoreTest, ColdKeysMoveOnAndStayReadable) {
  put(1, "cold", "value");
  for (int i = 0; i < 1000; ++i) {
    put(1, "hot", Bytes(100, 'x'));
    ASSERT_TRUE(store_->clean_step());
  }
  EXPECT_LE(store_->stats().bytes, 4 * 4096u);
  EXPECT_EQ(get(1, "cold"), "value");
  reopen();
  EXPECT_EQ(get(1, "cold"), "value");
}

TEST_F(StoreTest, WhatWasErasedStaysErasedThroughCleanUp) {
  for (int i = 0; i < 100; ++i) put(1, cat("key", i), Bytes(100, 'x'));
  for (int i = 0; i < 50; ++i) {
    Batch batch;
    batch.erase(1, cat("key", i));
    ASSERT_TRUE(store_->write(batch));
  }
  Batch batch;
  batch.erase_range(1, "key5", "key9");
  ASSERT_TRUE(store_->write(batch));
  for (int i = 0; i < 100; ++i) put(2, "filler", Bytes(100, 'x'));
  const std::string before = dump(*store_);
  for (int i = 0; i < 30; ++i) {
    ASSERT_TRUE(store_->clean_step(512));
    disk_.power_loss();
    reopen();
    ASSERT_EQ(dump(*store_), before);
  }
}

TEST_F(StoreTest, ExportAndImportCarryEverythingToAnotherStore) {
  for (int i = 0; i < 300; ++i)
    put(static_cast<TreeId>(1 + i % 3), cat("key", i), Bytes(static_cast<std::size_t>(i), 'v'));
  Bytes stream;
  ASSERT_TRUE(export_stream(*store_, [&](BytesView part) -> Status {
    stream.append(part);
    return {};
  }));
  sim::DiskImage other_disk(2);
  auto other = Store::open(other_disk, {});
  ASSERT_TRUE(other);
  ASSERT_TRUE(import_stream(**other, stream));
  EXPECT_EQ(dump(**other), dump(*store_));
  EXPECT_EQ(import_stream(**other, stream).error().code, ErrorCode::kRefused);  // not empty
}

TEST_F(StoreTest, ADamagedOrShortStreamIsNotImportedAtAll) {
  put(1, "k", "value");
  Bytes stream;
  ASSERT_TRUE(export_stream(*store_, [&](BytesView part) -> Status {
    stream.append(part);
    return {};
  }));
  auto other = Store::open(disk_, {.directory = "other"});
  ASSERT_TRUE(other);
  for (std::size_t at = 0; at < stream.size(); ++at) {
    Bytes damaged = stream;
    damaged[at] ^= 1;
    ASSERT_FALSE(import_stream(**other, damaged)) << at;
    ASSERT_FALSE(import_stream(**other, BytesView(stream).substr(0, at))) << at;
  }
  EXPECT_EQ(dump(**other), "");
}

}  // namespace
}  // namespace lockstep::kv
