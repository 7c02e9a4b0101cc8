// What a value looks like, and that it can be read back.
#include "cli/value_text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "cli/shell_text.h"

namespace lockstep::cli {
namespace {

TEST(ValueText, ARealIsSeenToBeOneAndReadsBackTheSame) {
  EXPECT_EQ(real_text(3.0), "3.0");
  EXPECT_EQ(real_text(-0.0), "-0.0");
  EXPECT_EQ(real_text(0.1), "0.1");
  EXPECT_EQ(real_text(1e300), "1e+300");
  EXPECT_EQ(real_text(-INFINITY), "-Inf");
  for (const double value : {3.0, 0.1, 1.0 / 3, 1e22, 123456789012345678.0, 5e-324, 1.7976931348623157e308}) {
    const std::string text = real_text(value);
    EXPECT_EQ(std::strtod(text.c_str(), nullptr), value) << text;
    EXPECT_NE(text.find_first_of(".e"), std::string::npos) << text;
  }
}

wire::Value text_value(const std::string& text) {
  wire::Value out;
  out.set_text(text);
  return out;
}

TEST(ValueText, LiteralsAreSql) {
  EXPECT_EQ(literal_text(text_value("it's")), "'it''s'");
  EXPECT_EQ(literal_text({}), "NULL");
  wire::Value blob;
  blob.set_blob(std::string("\x00\xff", 2));
  EXPECT_EQ(literal_text(blob), "x'00ff'");
}

TEST(ValueText, EveryModeKeepsRealsAndColumnsOfOneName) {
  wire::Rows rows;
  rows.add_columns("a");
  rows.add_columns("a");
  wire::Row& row = *rows.add_rows();
  row.add_values()->set_real(3);
  row.add_values()->set_real(INFINITY);
  EXPECT_EQ(to_text(rows, OutputMode::kTable), "  a  a\n---  ---\n3.0  Inf\n");
  EXPECT_EQ(to_text(rows, OutputMode::kCsv), "a,a\r\n3.0,Inf\r\n");
  EXPECT_EQ(to_text(rows, OutputMode::kJson), "[{\"a\":3.0,\"a\":1e999}]\n");
}

}  // namespace
}  // namespace lockstep::cli
