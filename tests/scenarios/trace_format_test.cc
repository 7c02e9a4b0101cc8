// docs/format/trace.md lists every event of the program with its number, name and fields, and nothing else.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

#include "base/text.h"
#include "scenarios/event_catalog.h"

namespace lockstep::scenarios {
namespace {

// As in the tables: "| 41 | `probe_released` | `ticket` |".
std::string row_of(const env::EventType& type) {
  std::string fields;
  for (std::size_t field = 0; field < type.field_count(); ++field)
    fields += cat(field == 0 ? "`" : ", `", type.fields[field], "`");
  return cat("| ", type.number, " | `", type.name, "` | ", fields, fields.empty() ? "|" : " |");
}

TEST(TraceFormat, DocumentListsEveryEventWithItsFields) {
  std::set<std::string> declared;
  for (const env::EventType* type : all_event_types()) declared.insert(row_of(*type));

  std::ifstream in(std::filesystem::path(LOCKSTEP_SOURCE_DIR) / "docs/format/trace.md");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  std::set<std::string> documented;
  const std::regex row(R"(\| \d+ \| `[^|]*\|[^|]*\|)");
  for (std::sregex_iterator match(text.begin(), text.end(), row), end; match != end; ++match)
    EXPECT_TRUE(documented.insert(match->str()).second) << "twice: " << match->str();

  EXPECT_EQ(documented, declared);
}

}  // namespace
}  // namespace lockstep::scenarios
