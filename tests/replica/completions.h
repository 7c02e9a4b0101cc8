// What stories ask of a completed call.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>

#include "core/client/client.h"

namespace lockstep::tests {

inline std::int64_t first_integer(const client::Completion& done) {
  EXPECT_EQ(done.conclusion, client::Conclusion::kDone);
  EXPECT_GT(done.reply.query().rows().rows_size(), 0) << done.reply.ShortDebugString();
  return done.reply.query().rows().rows_size() == 0 ? -1
                                                    : done.reply.query().rows().rows(0).values(0).integer();
}

inline void expect_executed(const client::Completion& done) {
  EXPECT_EQ(done.conclusion, client::Conclusion::kDone);
  EXPECT_EQ(done.reply.write().kind(), wire::WriteOutcome::EXECUTED);
  EXPECT_EQ(done.reply.write().result().outcome(), 1u) << done.reply.ShortDebugString();
}

}  // namespace lockstep::tests
