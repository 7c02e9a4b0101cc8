// Settings, log, node: each may refuse, with one sentence.
#include "cli/node.h"

#include <ostream>

#include "base/text.h"
#include "cli/node_log.h"
#include "cli/node_program.h"

namespace lockstep::cli {
namespace {

constexpr int kWorldRefused = 1;
constexpr int kBadInput = 2;

int complain(const Error& error, std::ostream& err) {
  err << "lockstep node: " << error.message << '\n';
  const bool input = error.code == ErrorCode::kInvalidArgument || error.code == ErrorCode::kRefused ||
                     error.code == ErrorCode::kCorrupt;
  return input ? kBadInput : kWorldRefused;
}

std::string summary_of(const config::NodeSettings& settings) {
  if (!settings.cluster) return cat("a node that stands alone, native on ", to_text(settings.listen.native));
  return cat("node ", settings.cluster->self, " of ", settings.cluster->members.size(), " in cluster \"",
             settings.cluster->name, "\", native on ", to_text(settings.listen.native));
}

}  // namespace

int run_node(const NodeArguments& arguments, std::ostream& out, std::ostream& err) {
  const auto settings = settings_of(arguments, err);
  if (!settings) return kBadInput;
  if (arguments.check) {
    out << "lockstep node: the settings are fine: " << summary_of(*settings) << '\n';
    return 0;
  }
  const auto log = open_log(settings->log);
  if (!log) return complain(log.error(), err);
  NodeProgram program(*settings, arguments.allow_faults, *log);
  if (const Status started = program.start(); !started) return complain(started.error(), err);
  out << program.introduction() << std::endl;  // whoever waits for this line must get it now
  program.run();
  return 0;
}

}  // namespace lockstep::cli
