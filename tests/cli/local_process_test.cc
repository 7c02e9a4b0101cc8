// What is said of a process that has ended.
#include "cli/local_process.h"

#include <gtest/gtest.h>

namespace lockstep::cli {
namespace {

TEST(LocalProcess, WhoSaidWhyItEndedIsBelieved) {
  for (const char* line :
       {"2026-11-26T16:00:00.000+0000 error this node has stopped itself: the disk is full",
        "lockstep edge: e1: expected the store that edge 'e1' had, found an empty one",
        "lockstep: bug: CHECK(commit <= last) failed at core/raft/log.cc:17: ",
        "2026-11-26T16:00:00.000+0000 info stopped in good order"})
    EXPECT_EQ(why_it_ended(line), line);
}

TEST(LocalProcess, ALastLineThatIsNoReasonIsNotTakenForOne) {
  for (const std::string line :
       {"2026-11-26T16:00:00.000+0000 info n2 leads in term 3",
        "2026-11-26T16:00:00.000+0000 warning n3 at 127.0.0.1:4021: an error of the socket",
        "lockstep: node n1 of cluster c"})
    EXPECT_EQ(why_it_ended(line), "without a word (killed?); last line: " + line);
  EXPECT_EQ(why_it_ended(""), "without a word; its log is empty");
}

}  // namespace
}  // namespace lockstep::cli
