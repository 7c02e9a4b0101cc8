// Agreement with the published verdicts of Porcupine's and Knossos's histories.
#include <gtest/gtest.h>

#include "reports/linearizability/check.h"
#include "tests/reports/shared_data.h"

namespace lockstep::linearizability {
namespace {

using reports::History;
using reports::Outcome;

TEST(KnownVerdicts, EveryLinearizabilityRowIsAnsweredAsPublished) {
  const auto rows = reports::known_verdicts();
  if (rows.empty()) GTEST_SKIP() << "no histories at " << reports::shared_data() << "; set LOCKSTEP_SHARED_DATA";
  for (const reports::KnownVerdict& row : rows) {
    const auto history = reports::parse_history(row.file, reports::slurp(reports::shared_data() / row.file));
    ASSERT_TRUE(history) << history.error().message;
    const auto model = parse_model(row.model, row.options);
    ASSERT_TRUE(model) << row.file << ": " << model.error().message;
    const auto findings = check(*history, *model);
    ASSERT_TRUE(findings) << row.file << ": " << findings.error().message;
    EXPECT_EQ(findings->outcome, row.expected == "valid" ? Outcome::kHolds : Outcome::kViolated) << row.file;
    if (const char* verbose = std::getenv("VERBOSE"); verbose != nullptr) {
      std::cout << row.file << " " << row.expected << " ops " << findings->operations << " explored " << findings->explored << "\n";
      for (const auto& line : verdict(*history, *model, *findings).evidence) std::cout << "    " << line << "\n";
    }
  }
}

}  // namespace
}  // namespace lockstep::linearizability
