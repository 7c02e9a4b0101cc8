// The log of a node, and what others make it quote.
#include "cli/node_log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "tests/temporary_directory.h"

namespace lockstep::cli {
namespace {

TEST(NodeLog, ARemarkStaysOneLineAndNoTerminalObeysIt) {
  const tests::TemporaryDirectory directory;
  const std::string path = directory / "node.log";
  const auto log = open_log({.level = config::LogLevel::kInfo, .file = path});
  ASSERT_TRUE(log.has_value());
  (*log)->warn("a note says \x1b[2J\n2026-01-01 info node 1 is fine");
  (*log)->warn("gr\xc3\xbc\xc3\x9f dich, {}: 100%");
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  const std::string found = text.str();
  EXPECT_EQ(std::ranges::count(found, '\n'), 2);
  EXPECT_TRUE(found.contains(" warning a note says \\x1b[2J\\x0a2026-01-01 info node 1 is fine\n")) << found;
  EXPECT_TRUE(found.contains(" warning gr\xc3\xbc\xc3\x9f dich, {}: 100%\n")) << found;
}

}  // namespace
}  // namespace lockstep::cli
