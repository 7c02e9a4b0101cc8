// Stories about addresses.
#include "config/address.h"

#include <gtest/gtest.h>

namespace lockstep::config {
namespace {

TEST(Address, IsReadAndWrittenTheSameWay) {
  for (const char* text :
       {"127.0.0.1:4001", "localhost:1", "[::1]:65535", "n1.example.org:80", "0.0.0.0:7", "[fe80::1]:9"}) {
    const auto address = parse_address(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(to_text(*address), text);
  }
}

TEST(Address, AnythingElseIsRefused) {
  for (const char* text : {"",
                           ":",
                           "4001",
                           "localhost",
                           "localhost:",
                           ":4001",
                           "a:0",
                           "a:65536",
                           "a:-1",
                           "a: 1",
                           "a b:1",
                           "::1:4001",
                           "[::1]",
                           "[]:1",
                           "[localhost]:1",
                           "256.0.0.1:1",
                           "1.2.3:1",
                           "1.2.3.4.5:1",
                           "http://a:1",
                           "a:1x",
                           "a:99999999999999999999"}) {
    EXPECT_FALSE(parse_address(text)) << text;
  }
}

TEST(Address, LoopbackIsWhatOnlyThisMachineReaches) {
  for (const char* host : {"localhost", "127.0.0.1", "127.9.9.9", "::1"})
    EXPECT_TRUE(is_loopback(host)) << host;
  for (const char* host : {"0.0.0.0", "::", "127.example.org", "10.0.0.1", "n1"})
    EXPECT_FALSE(is_loopback(host)) << host;
}

}  // namespace
}  // namespace lockstep::config
