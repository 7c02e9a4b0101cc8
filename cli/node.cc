// Settings, log, node: each may refuse, with one sentence.
#include "cli/node.h"

#include <ostream>
#include <thread>
#include <utility>

#include "base/text.h"
#include "cli/disk_wait.h"
#include "cli/node_log.h"
#include "cli/node_program.h"

namespace lockstep::cli {
namespace {

constexpr int kWorldRefused = 1;
constexpr int kBadInput = 2;

int complain(const Error& error, std::string_view command, std::ostream& err) {
  err << command << error.message << '\n';
  const bool input = error.code == ErrorCode::kInvalidArgument || error.code == ErrorCode::kRefused ||
                     error.code == ErrorCode::kCorrupt;
  return input ? kBadInput : kWorldRefused;
}

// What the files did not let the node do, as a sentence of the program.
Error trouble_of(const NodeProgram& program, const std::string& directory) {
  const Error& trouble = program.trouble();
  if (trouble.code != ErrorCode::kRefused) return {trouble.code, cat(directory, ": ", trouble.message)};
  return {ErrorCode::kIo,
          cat(directory, ": expected files that this process may read and write, ", trouble.message)};
}

std::string summary_of(const config::NodeSettings& settings) {
  const config::Listen& listen = settings.listen;
  const auto port = [](std::string_view name, const std::optional<config::Address>& address) {
    return address ? cat(", ", name, " on ", to_text(*address)) : cat(", no ", name);
  };
  const std::string who = settings.cluster
                              ? cat("node ", settings.cluster->self, " of ", settings.cluster->members.size(),
                                    " in cluster \"", settings.cluster->name, "\"")
                              : "a node that stands alone";
  return cat(who, ", data in ", settings.data, ", native on ", to_text(listen.native),
             port("HTTP", listen.http), port("gRPC", listen.grpc), settings.hub ? ", a hub of edges" : "");
}

}  // namespace

int run_node(const NodeArguments& arguments, std::ostream& out, std::ostream& err) {
  const auto settings = settings_of(arguments, err);
  if (!settings) return kBadInput;
  if (arguments.check) {
    out << arguments.command() << "the settings are fine: " << summary_of(*settings) << '\n';
    return 0;
  }
  const auto log = open_log(settings->log);
  if (!log) return complain(log.error(), arguments.command(), err);
  DiskWait disk(**log);
  for (bool first = true;; first = false) {
    NodeProgram program(*settings, arguments.allow_faults, *log, disk);
    if (const Status started = program.start(); started) {
      if (first) out << program.introduction() << std::endl;  // whoever waits for this line must get it now
      if (!first) (*log)->info(program.introduction());
      const NodeProgram::Ending ending = program.run();
      if (ending == NodeProgram::Ending::kLeft) return 0;
      if (ending == NodeProgram::Ending::kLeftUntidy) return kWorldRefused;
      if (ending == NodeProgram::Ending::kCannotBegin)
        return complain(trouble_of(program, settings->data), arguments.command(), err);
      if (ending == NodeProgram::Ending::kDiskIsWell) continue;
      disk.tell(program.trouble());
    } else if (first || !is_of_the_disk(started.error().code)) {
      return complain(first ? at_start(started.error()) : started.error(), arguments.command(), err);
    } else {
      disk.tell(started.error());
    }
    std::this_thread::sleep_for(kPauseBetweenLives);
  }
}

}  // namespace lockstep::cli
