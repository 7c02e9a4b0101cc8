// libFuzzer's way in: one program for all targets, chosen by LOCKSTEP_FUZZ_TARGET.
#include <google/protobuf/stubs/logging.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/targets.h"

namespace {

const lockstep::fuzz::Target* chosen = nullptr;

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  google::protobuf::SetLogHandler(nullptr);  // it has a line for every text that is not UTF-8
  const char* const name = std::getenv("LOCKSTEP_FUZZ_TARGET");
  for (const auto& target : lockstep::fuzz::targets())
    if (name != nullptr && target.name == name) chosen = &target;
  if (chosen != nullptr) return 0;
  std::fprintf(stderr, "fuzz: expected LOCKSTEP_FUZZ_TARGET to be one of:");
  for (const auto& target : lockstep::fuzz::targets())
    std::fprintf(stderr, " %.*s", static_cast<int>(target.name.size()), target.name.data());
  std::fprintf(stderr, "\n");
  std::exit(2);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  chosen->run({reinterpret_cast<const char*>(data), size});
  return 0;
}
