// The catalog holds every event that the headers of the house declare.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <string>

#include "core/replica/events.h"
#include "scenarios/event_catalog.h"
#include "sim/events.h"

namespace lockstep::scenarios {
namespace {

// Name by number, as written in the headers of the folders that may emit.
std::map<int, std::string> declared_events() {
  const std::regex declaration(R"re(EventType\s+k\w+\{\s*(\d+),\s*"([^"]+)")re");
  std::map<int, std::string> events;
  for (const char* folder : {"base", "storage", "core", "hub", "edge", "sim", "scenarios"})
    for (const auto& file : std::filesystem::recursive_directory_iterator(
             std::filesystem::path(LOCKSTEP_SOURCE_DIR) / folder)) {
      if (file.path().extension() != ".h") continue;
      std::ifstream in(file.path());
      const std::string text{std::istreambuf_iterator<char>(in), {}};
      for (std::sregex_iterator match(text.begin(), text.end(), declaration), end; match != end; ++match) {
        const bool is_new = events.emplace(std::stoi((*match)[1]), (*match)[2]).second;
        EXPECT_TRUE(is_new) << "two events have the number " << (*match)[1];
      }
    }
  return events;
}

TEST(EventCatalog, HoldsEveryDeclaredEventAndNoOther) {
  std::map<int, std::string> listed;
  for (const env::EventType* type : all_event_types()) listed.emplace(type->number, type->name);
  EXPECT_EQ(listed, declared_events());
}

TEST(EventCatalog, NumbersAndNamesAreUnique) {
  std::set<std::uint16_t> numbers;
  std::set<std::string_view> names;
  for (const env::EventType* type : all_event_types()) {
    EXPECT_TRUE(numbers.insert(type->number).second) << type->number;
    EXPECT_TRUE(names.insert(type->name).second) << type->name;
  }
}

TEST(EventCatalog, FindsByNumberAndByName) {
  EXPECT_EQ(find_event_type(replica::kEntryApplied.number), &replica::kEntryApplied);
  EXPECT_EQ(find_event_type("power_lost"), &sim::kPowerLost);
  EXPECT_EQ(find_event_type(std::uint16_t{0}), nullptr);
  EXPECT_EQ(find_event_type(std::uint16_t{65535}), nullptr);
  EXPECT_EQ(find_event_type("entry_appliedx"), nullptr);
  for (const env::EventType* type : all_event_types()) {
    EXPECT_EQ(find_event_type(type->number), type);
    EXPECT_EQ(find_event_type(type->name), type);
  }
}

}  // namespace
}  // namespace lockstep::scenarios
