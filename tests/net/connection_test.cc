// Frames out of a stream that delivers them in any pieces, and into one that takes them slowly.
#include "net/connection.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "tests/net/neighbours.h"
#include "tests/net/pipe.h"

namespace lockstep::net {
namespace {

class Connections : public testing::Test {
 protected:
  void start(std::size_t max_queued = 1 << 20) {
    connection_ = std::make_shared<Connection>(std::make_unique<Pipe>(loop_, ends_), max_queued, pool_);
    connection_->set_max_frame_bytes(kFrameHeaderBytes + kMaxPayloadBytes);
    connection_->start([this](const Frame& frame) { frames_.emplace_back(frame.payload); },
                       [this](const std::string& why) { closed_ = why; },
                       [this](const std::string& why) { garbage_ = why; });
  }
  // A stream that is still read from keeps its connection, as a socket does.
  void TearDown() override {
    if (connection_) connection_->close();
    loop_.context().restart();
    loop_.context().poll();
  }
  void arrive(Bytes bytes) {
    ends_->arriving.push_back(std::move(bytes));
    Pipe::pump(loop_, ends_);
  }
  bool until(const std::function<bool()>& condition) { return loop_.run_until(condition, kPatience); }
  static Bytes frame(BytesView payload) { return frame_of(2, 1, Channel::kRaft, payload); }
  bool queue(BytesView payload) {
    return connection_->queue({kCluster, NodeId(1), NodeId(2), Channel::kRaft}, payload);
  }

  EventLoop loop_;
  std::shared_ptr<Pipe::Ends> ends_ = std::make_shared<Pipe::Ends>();
  std::shared_ptr<MemoryPool> pool_ = std::make_shared<MemoryPool>(std::size_t{1} << 40, [](const auto&) {});
  std::shared_ptr<Connection> connection_;
  std::vector<Bytes> frames_;
  std::string closed_, garbage_;
};

TEST_F(Connections, FramesArriveByteByByteAndSeveralAtOnce) {
  start();
  for (const char byte : frame("one") + frame("") + frame("three")) arrive(Bytes(1, byte));
  EXPECT_TRUE(until([&] { return frames_.size() == 3; }));
  arrive(frame("four") + frame("five") + frame("six").substr(0, 20));
  arrive(frame("six").substr(20));
  EXPECT_TRUE(until([&] { return frames_.size() == 6; }));
  EXPECT_EQ(frames_, (std::vector<Bytes>{"one", "", "three", "four", "five", "six"}));
}

TEST_F(Connections, FramesOfAllSizesCrossTheBuffersEdges) {
  start();
  Bytes all;
  std::vector<Bytes> expected;
  for (std::size_t size = 0; size < 200'000; size = size * 2 + 1) {
    expected.emplace_back(size, static_cast<char>('a' + expected.size()));
    all += frame(expected.back());
  }
  for (std::size_t at = 0; at < all.size(); at += 7'919) arrive(all.substr(at, 7'919));
  EXPECT_TRUE(until([&] { return frames_.size() == expected.size(); }));
  EXPECT_EQ(frames_, expected);
}

TEST_F(Connections, ALengthFieldCostsNoMemoryBeforeItsBytesArrive) {
  start();
  arrive(frame(Bytes(60 << 20, 'x')).substr(0, 5'000));
  EXPECT_TRUE(until([&] { return ends_->arriving.empty() && ends_->reader; }));
  EXPECT_LT(pool_->used(), 64u << 10);
  ends_->arriving.push_back(Bytes(1 << 20, 'x'));
  EXPECT_TRUE(until([&] {
    Pipe::pump(loop_, ends_);
    return ends_->arriving.empty() && ends_->reader;
  }));
  EXPECT_LT(pool_->used(), 4u << 20);
}

TEST_F(Connections, WhatABurstNeededIsGivenBack) {
  start();
  arrive(frame(Bytes(5 << 20, 'x')));
  EXPECT_TRUE(until([&] {
    Pipe::pump(loop_, ends_);
    return frames_.size() == 1;
  }));
  arrive(frame("small"));
  arrive(frame("small"));
  EXPECT_TRUE(until([&] { return frames_.size() == 3 && ends_->reader; }));
  EXPECT_LT(pool_->used(), 8u << 10);
}

TEST_F(Connections, GarbageIsToldOnceAndEndsTheConnection) {
  start();
  Bytes damaged = frame("damaged");
  damaged[damaged.size() - 2] ^= 4;
  arrive(frame("good") + damaged + frame("never"));
  EXPECT_TRUE(until([&] { return ends_->closed; }));
  EXPECT_EQ(frames_, std::vector<Bytes>{"good"});
  EXPECT_EQ(garbage_, "the checksum of the frame does not match its bytes");
  EXPECT_EQ(closed_, "");
  EXPECT_FALSE(queue("too late"));
  EXPECT_EQ(pool_->used(), 0u);
}

TEST_F(Connections, AFrameAboveTheLimitIsGarbageAtItsFirstBytes) {
  start();
  connection_->set_max_frame_bytes(1'000);
  arrive(frame(Bytes(2'000, 'x')).substr(0, 4));
  EXPECT_TRUE(until([&] { return ends_->closed; }));
  EXPECT_EQ(garbage_, "expected a frame of at most 1000 bytes, it announces 2040");
}

TEST_F(Connections, TheQueueIsBoundedButTakesAnyFrameWhenEmpty) {
  ends_->takes = false;
  start(10'000);
  EXPECT_TRUE(queue(Bytes(50'000, 'a')));
  EXPECT_FALSE(queue("b"));
  connection_->flush();
  EXPECT_FALSE(queue("c"));  // still under way
  ends_->takes = true;
  Pipe::pump(loop_, ends_);
  EXPECT_TRUE(until([&] { return !ends_->written.empty(); }));
  EXPECT_TRUE(queue(Bytes(6'000, 'd')));
  EXPECT_FALSE(queue(Bytes(6'000, 'e')));
  EXPECT_TRUE(queue("f"));
  connection_->flush();
  EXPECT_TRUE(until([&] { return ends_->written.ends_with("f"); }));
  EXPECT_EQ(ends_->written, frame_of(1, 2, Channel::kRaft, Bytes(50'000, 'a')) +
                                frame_of(1, 2, Channel::kRaft, Bytes(6'000, 'd')) +
                                frame_of(1, 2, Channel::kRaft, "f"));
}

TEST_F(Connections, FinishSendsWhatWaitsAndThrowsAwayWhatArrives) {
  start();
  queue("last words");
  connection_->finish();
  arrive(frame("not heard"));
  arrive(Bytes(100'000, 'x'));
  EXPECT_TRUE(until([&] { return ends_->finished && ends_->arriving.empty(); }));
  EXPECT_EQ(ends_->written, frame_of(1, 2, Channel::kRaft, "last words"));
  EXPECT_TRUE(frames_.empty());
  EXPECT_EQ(garbage_, "");
  EXPECT_FALSE(ends_->closed);
  connection_->close();
  EXPECT_TRUE(ends_->closed);
}

TEST_F(Connections, MayBeClosedAndForgottenInsideItsOwnFrame) {
  connection_ = std::make_shared<Connection>(std::make_unique<Pipe>(loop_, ends_), 1'000, pool_);
  int frames = 0;
  connection_->start(
      [&](const Frame&) {
        ++frames;
        connection_->close();
        connection_.reset();
      },
      [&](const std::string& why) { closed_ = why; }, [&](const std::string& why) { garbage_ = why; });
  arrive(frame("one") + frame("two"));
  EXPECT_TRUE(until([&] { return ends_->closed; }));
  loop_.run_for(1ms);
  EXPECT_EQ(frames, 1);
  EXPECT_EQ(closed_ + garbage_, "");
  EXPECT_EQ(pool_->used(), 0u);
}

}  // namespace
}  // namespace lockstep::net
