// The whole of a store as text, for comparing.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "base/text.h"
#include "storage/kv/store.h"

namespace lockstep::kv {

inline std::string dump(Store& store) {
  std::string text;
  for (const TreeId tree : store.trees()) {
    const auto scanned = store.scan(tree, "", "", [&](BytesView key, BytesView value) {
      text += cat(tree, "/", key, "=", value, "\n");
      return true;
    });
    EXPECT_TRUE(scanned) << scanned.error().message;
  }
  return text;
}

}  // namespace lockstep::kv
