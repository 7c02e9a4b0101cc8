// `lockstep chaos`: scenarios drawn from seeds, in bulk; `lockstep shrink`: a failing scenario made small.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace lockstep::cli {

struct ChaosArguments {
  std::string seeds = "1..1000";
  unsigned jobs = 0;  // 0: one per processor
  std::string time;   // "10m"; empty: until all are done
  std::string shard;  // "2/4"; empty: all
  std::string out = "out/chaos";
  bool shrink = true;
  bool json = false;
  bool colours = false;
  bool progress = false;
  std::optional<std::uint64_t> print;    // the scenario of this seed, and nothing else
  std::vector<std::string> directories;  // to merge
};

// Exit code: 0 no seed failed and nothing is missing, 1 some did, or the run was interrupted, 2 bad input.
int run_chaos(const ChaosArguments& arguments, std::ostream& out, std::ostream& err);
int merge_chaos(const ChaosArguments& arguments, std::ostream& out, std::ostream& err);

struct ShrinkArguments {
  std::string file;
  std::optional<std::uint64_t> seed;
  std::string out;  // empty: beside the file, as NAME-small.json
  unsigned jobs = 0;
  std::string time = "3m";
  bool progress = false;
};

// Exit code: 0 a smaller file was written, 1 the scenario holds, 2 bad input.
int run_shrink(const ShrinkArguments& arguments, std::ostream& out, std::ostream& err);

}  // namespace lockstep::cli
