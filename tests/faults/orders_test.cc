// What an operator writes is read as he meant it, or refused with a sentence.
#include "net/faults/orders.h"

#include <gtest/gtest.h>

namespace lockstep::faults {
namespace {

using namespace std::chrono_literals;

net::LinkRule rule(std::uint64_t id) {
  net::LinkRule out;
  out.id = id;
  out.filter = {.peers = {{NodeId(2), NodeId(101)}}, .incoming = false};
  out.fault = net::LinkFault::kReorder;
  out.parts_per_million = 20'000;
  out.extra = {.median = 3ms, .p99 = 20ms};
  return out;
}

TEST(Orders, AreReadAsTheyWereWritten) {
  Orders all;
  all.latency = net::LinkLatency{.filter = {.outgoing = false}, .latency = {.median = 1ms, .p99 = 8ms}};
  all.links = {rule(1), net::LinkRule{.id = 2}};
  all.probes = {"txn.before_commit", "raft.before_persist"};
  all.release = {4, 5};
  all.release_all = true;
  EXPECT_EQ(parse_orders(to_line(all)), all);
  EXPECT_EQ(parse_orders("{}"), Orders());
  Orders nothing;  // an empty list is an order, a missing one is none
  nothing.links.emplace();
  nothing.probes.emplace();
  EXPECT_EQ(parse_orders(to_line(nothing)), nothing);
}

TEST(Orders, NotesAreReadAsTheyWereWritten) {
  for (const Note& note :
       {Note(Greeting{.node = NodeId(3), .incarnation = Incarnation(7)}),
        Note(ProbeNote{.ticket = 9, .point = "txn.before_commit", .object = 12}),
        Note(StruckNote{.frames = {{1, 17}, {4, 0}}}), Note(ComplaintNote{"expected a \"list\"\n"})})
    EXPECT_EQ(parse_note(to_line(note)), note) << to_line(note);
}

TEST(Orders, AnythingElseIsRefusedWithASentence) {
  for (const char* line :
       {"", "[]", "null", "{", "{\"links\":1}", "{\"links\":[1]}", "{\"links\":[{\"fault\":\"drop\"}]}",
        "{\"links\":[{\"id\":1,\"fault\":\"corrupt\"}]}", "{\"links\":[{\"id\":-1,\"fault\":\"drop\"}]}",
        "{\"links\":[{\"id\":1,\"fault\":\"drop\",\"peers\":[\"n1\"]}]}", "{\"probes\":[1]}",
        "{\"release\":[1.5]}", "{\"release_all\":1}", "{\"latency\":5}", "{\"latency\":{\"median_ns\":-1}}",
        "{\"link\":[]}", "{\"links\":[{\"id\":1,\"fault\":\"drop\",\"peer\":[2]}]}"}) {
    const auto orders = parse_orders(line);
    ASSERT_FALSE(orders.has_value()) << line;
    EXPECT_NE(orders.error().message.find("expected"), std::string::npos) << orders.error().message;
  }
}

}  // namespace
}  // namespace lockstep::faults
