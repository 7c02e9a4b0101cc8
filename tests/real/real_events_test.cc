// Traces of many processes become one: by time, without disturbing the order within any of them.
#include "scenarios/real/real_events.h"

#include <gtest/gtest.h>

#include "core/replica/events.h"
#include "sim/events.h"

namespace lockstep::real {
namespace {

using std::chrono::milliseconds;

class Notebook final : public Observer {
 public:
  std::string text;

 private:
  void on_event(const Observation& seen) override {
    text += cat(seen.order, ':', seen.node, '@', seen.at.count() / 1'000'000, '=', seen.event.fields[0],
                seen.event.text, ' ');
  }
};

env::Event recovered(std::uint64_t value) { return {replica::kRecovered, {value, 0, 0, 0, 0, 0}}; }

TEST(RealEvents, AreMergedByTimeAndKeepTheOrderOfEachProcess) {
  RealEvents events;
  Notebook all;
  Notebook of_type;
  events.subscribe_all(all);
  events.subscribe(replica::kRecovered, of_type);
  events.add(milliseconds(5), NodeId(1), Incarnation(1), recovered(10));
  events.add(milliseconds(5), NodeId(1), Incarnation(1), recovered(11));
  events.add(milliseconds(9), NodeId(1), Incarnation(1), recovered(12));
  events.add(milliseconds(5), NodeId(2), Incarnation(1), {sim::kProcessStarted, {}, "x"});
  events.add(milliseconds(7), NodeId(2), Incarnation(1), recovered(21));
  EXPECT_EQ(all.text, "") << "those who look are told at the end";
  events.tell_those_who_look();
  EXPECT_EQ(all.text, "0:1@5=10 1:1@5=11 2:2@5=0x 3:2@7=21 4:1@9=12 ");
  EXPECT_EQ(of_type.text, "0:1@5=10 1:1@5=11 3:2@7=21 4:1@9=12 ");
}

TEST(RealEvents, WhatWasBeforeTheRunIsInOrderToo) {
  RealEvents events;
  Notebook all;
  events.subscribe_all(all);
  events.add(milliseconds(-2), NodeId(1), Incarnation(1), recovered(11));  // committed, because of
  events.add(milliseconds(-4), NodeId(2), Incarnation(1), recovered(21));  // durable
  events.tell_those_who_look();
  EXPECT_EQ(all.text, "0:2@0=21 1:1@0=11 ");
}

TEST(RealEvents, ThoseWhoActAreToldAtOnce) {
  RealEvents events;
  Notebook acting;
  events.subscribe_early(replica::kRecovered, acting);
  events.add(milliseconds(9), NodeId(1), Incarnation(1), recovered(12));
  events.add(milliseconds(-3), NodeId(2), Incarnation(1), recovered(21));  // before the run began
  EXPECT_EQ(acting.text, "0:1@9=12 1:2@0=21 ");
  events.tell_those_who_look();
  EXPECT_EQ(acting.text, "0:1@9=12 1:2@0=21 ");
}

}  // namespace
}  // namespace lockstep::real
