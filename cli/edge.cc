// Arguments, program, figures at the end.
#include "cli/edge.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/text.h"
#include "cli/disk_wait.h"
#include "cli/edge_program.h"
#include "cli/last_resort.h"
#include "cli/node_log.h"

namespace lockstep::cli {
namespace {

constexpr int kWorldRefused = 1;
constexpr int kBadInput = 2;

int complain(const Error& error, std::ostream& err) {
  err << "lockstep edge: " << error.message << '\n';
  const bool input = error.code == ErrorCode::kInvalidArgument || error.code == ErrorCode::kRefused ||
                     error.code == ErrorCode::kNotFound;
  return input ? kBadInput : kWorldRefused;
}

double milliseconds(const std::vector<std::uint32_t>& sorted_us, double part) {
  if (sorted_us.empty()) return 0;
  const auto at = static_cast<std::size_t>(part * static_cast<double>(sorted_us.size()));
  return sorted_us[std::min(at, sorted_us.size() - 1)] / 1000.0;
}

void tell(FieldFigures figures, Duration running, std::ostream& out) {
  std::ranges::sort(figures.waits_us);
  const nlohmann::ordered_json document{{"seconds", std::chrono::duration<double>(running).count()},
                                        {"sensed", figures.sensed},
                                        {"committed", figures.committed},
                                        {"dropped", figures.dropped},
                                        {"executed", figures.executed},
                                        {"sensor_to_commit_ms",
                                         {{"median", milliseconds(figures.waits_us, 0.5)},
                                          {"p99", milliseconds(figures.waits_us, 0.99)},
                                          {"most", milliseconds(figures.waits_us, 1)}}}};
  out << document.dump() << std::endl;
}

}  // namespace

int run_edge(const EdgeArguments& arguments, std::ostream& out, std::ostream& err) {
  auto settings = settings_of(arguments);
  if (!settings) return complain(settings.error(), err);
  const auto log = open_log({});
  if (!log) return complain(log.error(), err);
  EdgeProgram program(std::move(*settings), arguments.connect, *log);
  if (const Status started = program.start(); !started) return complain(at_start(started.error()), err);
  out << program.introduction() << std::endl;  // whoever waits for this line must get it now
  const Status ended = program.run();
  if (arguments.measure) tell(program.take_figures(), program.running(), out);
  const int code = ended ? 0 : complain({ErrorCode::kIo, ended.error().message}, err);
  end_within(kPatienceAtTheEnd, code);
  return code;
}

}  // namespace lockstep::cli
