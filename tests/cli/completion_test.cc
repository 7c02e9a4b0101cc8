// What the Tab key offers.
#include "cli/completion.h"

#include <gtest/gtest.h>

namespace lockstep::cli {
namespace {

using Words = std::vector<std::string>;

const Vocabulary kVocabulary{
    .commands = {{".mode", {"table", "csv", "json"}, false}, {".schema", {}, true}, {".status", {}, false}},
    .tables = {"selection", "Users"},
    .columns = {"user_name"}};

Words offered(std::string_view line) { return complete(line, kVocabulary).candidates; }

TEST(Completion, OffersCommandsAndWhatStandsBehindThem) {
  EXPECT_EQ(offered(".s"), (Words{".schema", ".status"}));
  EXPECT_EQ(offered(".mode "), (Words{"csv", "json", "table"}));
  EXPECT_EQ(offered(".mode c"), Words{"csv"});
  EXPECT_EQ(offered(".schema us"), Words{"Users"});
  EXPECT_EQ(offered(".status x"), Words{});
}

TEST(Completion, OffersKeywordsInTheCaseOfThePersonAndNamesInTheirOwn) {
  EXPECT_EQ(offered("SELE"), (Words{"SELECT", "selection"}));
  EXPECT_EQ(offered("sele"), (Words{"select", "selection"}));
  EXPECT_EQ(offered("SELECT * FROM use"), (Words{"Users", "user_name"}));
  EXPECT_EQ(offered("SELECT "), Words{});
  EXPECT_EQ(complete("SELECT(user_", kVocabulary).begin, 7u);
}

TEST(Completion, KnowsWhatAllHaveInCommon) {
  EXPECT_EQ(common_beginning({"select", "selection"}), "select");
  EXPECT_EQ(common_beginning({"SELECT", "selection"}), "");
}

}  // namespace
}  // namespace lockstep::cli
