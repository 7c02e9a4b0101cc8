// Composition in the order in which things can be refused; killing is the way to end, as for every actor.
#include "cli/edge_program.h"

#include <google/protobuf/stubs/logging.h>

#include <charconv>
#include <csignal>
#include <filesystem>

#include "base/hash.h"
#include "base/join.h"
#include "base/text.h"
#include "cli/files.h"
#include "cli/random_number.h"
#include "config/edge_settings.h"
#include "net/descriptors.h"
#include "scenarios/real/plant_record.h"

namespace lockstep::cli {
namespace {

constexpr Duration kBeforeMeasuring = std::chrono::seconds(5);  // a start is not what is to be measured
constexpr Duration kWatchInterval = std::chrono::seconds(1);
constexpr std::size_t kTraceRingBytes = 16 << 20;
constexpr Duration kOpening = std::chrono::seconds(8);  // what takes longer is waited for while it runs
constexpr std::string_view kStore = "kv";

std::unexpected<Error> refuse(std::string sentence) {
  return fail(ErrorCode::kInvalidArgument, std::move(sentence));
}

// A name is part of the names of series and devices, and of a path.
Status check_name(std::string_view name) {
  const auto is_fine = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  if (!name.empty() && name.size() <= 64 && std::ranges::all_of(name, is_fine)) return {};
  return refuse(cat("--name: expected letters, digits, _ and -, at most 64, found \"", name, "\""));
}

// "e9" and two more: e9, e10, e11.
Result<std::vector<std::string>> names_from(const std::string& first, std::uint32_t count) {
  if (count == 1) return std::vector{first};
  const std::size_t digits = first.find_last_not_of("0123456789") + 1;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(first.data() + digits, first.data() + first.size(), number);
  if (error != std::errc())
    return refuse(
        cat("--name: expected a name that ends with a number, for --edges counts on from it, found \"", first,
            "\""));
  std::vector<std::string> out;
  for (std::uint64_t at = 0; at < count; ++at) out.push_back(cat(first.substr(0, digits), number + at));
  return out;
}

Result<config::Edge> by_flags(const EdgeArguments& arguments) {
  const auto milliseconds = [](double count) { return Duration(static_cast<std::int64_t>(count * 1e6)); };
  config::Edge out;
  out.sample_period = milliseconds(arguments.sample_ms);
  out.longest_wait = milliseconds(arguments.batch_ms);
  out.most_bytes = static_cast<std::uint64_t>(arguments.buffer_mb * (1 << 20));
  if (arguments.policy == to_string(config::FullBuffer::kThin)) out.policy = config::FullBuffer::kThin;
  out.probation = milliseconds(arguments.probation_s * 1000);
  out.clean_up_delay = milliseconds(arguments.clean_up_delay_s * 1000);
  out.clean_up_ratio = arguments.clean_up_ratio;
  return out;
}

Result<config::Edge> in_file(const std::string& file) {
  LOCKSTEP_TRY(text, read_whole_file(file));
  auto out = config::parse_edge(text);
  if (out) return std::move(*out);
  std::string problems;
  for (const json::Problem& problem : out.error())
    append_text(problems, cat(problems.empty() ? "" : "\n", to_text(problem, file)));
  return refuse(std::move(problems));
}

void apply(const config::Edge& choices, edge::EdgeConfig& out) {
  out.sample_period = choices.sample_period;
  out.sensing.collector.longest_wait = choices.longest_wait;
  out.sensing.buffer.most_bytes = choices.most_bytes;
  if (choices.policy == config::FullBuffer::kThin) out.sensing.buffer.policy = edge::FullPolicy::kThin;
  out.slots.probation = choices.probation;
  out.slots.clean_up_delay = choices.clean_up_delay;
  out.slots.clean_up_ratio = choices.clean_up_ratio;
  out.slots.clean_up_keys = choices.clean_up_keys;
}

}  // namespace

Result<EdgeSettings> settings_of(const EdgeArguments& arguments) {
  EdgeSettings out;
  LOCKSTEP_TRY_STATUS(check_name(arguments.name));
  LOCKSTEP_TRY(names, names_from(arguments.name, arguments.edges));
  out.names = std::move(names);
  if (arguments.data.empty())
    return refuse("expected --data DIR: an edge keeps its readings there until the hub has them");
  out.data = arguments.data;
  out.devices = arguments.devices;
  out.plants = arguments.plants;
  out.probe_rate = arguments.probe_rate;
  if (!out.plants.empty() && out.names.size() > 1)
    return refuse("expected either --plants or --edges, found both: a file of plants is about one edge");
  LOCKSTEP_TRY(plants, PlantDriver::create(out.devices, 0, arguments.probe_rate));
  LOCKSTEP_TRY(choices, arguments.config.empty() ? by_flags(arguments) : in_file(arguments.config));
  apply(choices, out.config);
  out.config.begins_anew = arguments.anew;
  out.measure = arguments.measure;
  out.allow_faults = arguments.allow_faults;
  return out;
}

EdgeProgram::EdgeProgram(EdgeSettings settings, ConnectArguments connect, std::shared_ptr<spdlog::logger> log)
    : settings_(std::move(settings)),
      connect_(std::move(connect)),
      log_(std::move(log)),
      signals_(loop_.context()) {}

EdgeProgram::~EdgeProgram() = default;

Status EdgeProgram::start() {
  if (!connect_.options.tls.authority.empty()) {
    LOCKSTEP_TRY(security, net::TlsSecurity::create(connect_.options.tls, {}));
    security_ = std::move(security);
  }
  net::raise_descriptor_limit();
  google::protobuf::SetLogHandler(nullptr);  // bytes of strangers that do not parse are no news
  LOCKSTEP_TRY(hub, find_hub(connect_, security_.get()));
  hub_ = std::move(hub);
  for (const std::string& name : settings_.names) LOCKSTEP_TRY_STATUS(open(name));
  take_signals();
  begin_ = std::chrono::steady_clock::now();
  for (Edge& edge : edges_) edge.host->start();
  // Who cannot begin says so at once: whoever starts an edge waits for its first line.
  loop_.run_until(
      [&] {
        return std::ranges::all_of(edges_, [](const Edge& edge) {
          const edge::EdgeProcess& process = edge.process();
          return process.is_open() || process.failure() != nullptr || process.lacks_room() != nullptr;
        });
      },
      kOpening);
  note_stores();
  if (note_failures() == edges_.size()) return std::unexpected(*trouble_);
  if (settings_.measure)
    loop_.after(kBeforeMeasuring, [this] {
      (void)take_figures();
      begin_ = std::chrono::steady_clock::now();
    });
  watch();
  return {};
}

Status EdgeProgram::open(const std::string& name) {
  Edge edge;
  edge.name = name;
  edge.number = edge_number(name);
  std::error_code error;
  std::filesystem::create_directories(settings_.data, error);  // the next line says what is wrong with it
  LOCKSTEP_TRY(directory, DataDirectory::open(cat(settings_.data, "/", name),
                                              {.cluster = cat("edge ", name), .node = edge.number},
                                              {.database = {}, .begins_anew = settings_.config.begins_anew}));
  edge.directory = std::make_unique<DataDirectory>(std::move(directory));
  LOCKSTEP_TRY(plants, open_plants(name));
  edge.plants = std::move(plants);
  edge.news = std::make_unique<EdgeNews>(name, *edge.plants, log_, settings_.measure);
  LOCKSTEP_TRY_STATUS(open_trace(edge));
  net::HostOptions options = field_options(hub_, edge.number, connect_.options, security_.get());
  options.incarnation = edge.directory->incarnation();
  options.data_directory = edge.directory->path();
  options.trace = edge.news.get();
  options.log = remarks(cat(name, ": "));
  edge.host = std::make_unique<net::Host>(loop_, std::move(options), [&](const env::Env& env) {
    edge::EdgeConfig config = settings_.config;
    config.name = name;
    config.had_store = edge.directory->had_data();
    config.link.hubs = hub_.ids();
    return std::make_unique<edge::EdgeProcess>(env, std::move(config), *edge.news);
  });
  LOCKSTEP_TRY_STATUS(open_faults(edge));
  edges_.push_back(std::move(edge));
  return {};
}

Result<std::unique_ptr<edge::Driver>> EdgeProgram::open_plants(const std::string& edge) const {
  if (!settings_.plants.empty()) return real::RecordedPlants::open(settings_.plants);
  return PlantDriver::create(settings_.devices, hash64(edge), settings_.probe_rate);
}

Status EdgeProgram::open_trace(Edge& edge) {
  if (!settings_.allow_faults) return {};
  LOCKSTEP_TRY(trace, net::TraceRing::create(cat(edge.directory->path(), "/", faults::kTraceRingFile),
                                             kTraceRingBytes, edge.number, edge.directory->incarnation()));
  edge.trace = std::move(trace);
  edge.news->record_in(*edge.trace);
  return {};
}

Status EdgeProgram::open_faults(Edge& edge) {
  if (!settings_.allow_faults) return {};
  log_->warn(cat(edge.name, ": faults are allowed: whoever may write to its directory can break it"));
  LOCKSTEP_TRY(admin,
               faults::Admin::open(loop_, *edge.host, edge.directory->path(), remarks(cat(edge.name, ": "))));
  edge.faults = std::move(admin);
  return {};
}

net::Log EdgeProgram::remarks(std::string whose) const {
  return [log = log_, whose = std::move(whose)](net::Tone tone, const std::string& line) {
    log->log(tone == net::Tone::kWarning ? spdlog::level::warn : spdlog::level::info, cat(whose, line));
  };
}

std::string EdgeProgram::introduction() const {
  const std::string nodes = joined(hub_.nodes, [](const NodeAddress& node) { return to_text(node.address); });
  const std::string who = edges_.size() == 1 ? cat("edge ", edges_.front().name)
                                             : cat("edges ", edges_.front().name, " to ", edges_.back().name);
  const std::string devices = joined(edges_.front().plants->devices(), &devices::DeviceInfo::name);
  return cat("lockstep: ", who, " with ", devices, " (simulated); data in ", settings_.data, "; hub at ",
             nodes);
}

Status EdgeProgram::run() {
  if (!told_to_stop_) loop_.run();
  signals_.clear();
  for (Edge& edge : edges_) {
    edge.faults.reset();
    edge.host.reset();
  }
  log_->flush();
  if (trouble_) return std::unexpected(*trouble_);
  return {};
}

FieldFigures EdgeProgram::take_figures() {
  FieldFigures out;
  for (Edge& edge : edges_) {
    const FieldFigures one = edge.news->take_figures();
    out.sensed += one.sensed;
    out.committed += one.committed;
    out.dropped += one.dropped;
    out.executed += one.executed;
    out.waits_us.insert(out.waits_us.end(), one.waits_us.begin(), one.waits_us.end());
  }
  return out;
}

void EdgeProgram::take_signals() {
  std::signal(SIGPIPE, SIG_IGN);
  signals_.add(SIGTERM);
  signals_.add(SIGINT);
  signals_.async_wait([this](const net::IoError& error, int) {
    if (error) return;
    log_->info("told to stop: what is in the buffer is sent in another life");
    told_to_stop_ = true;  // perhaps while it starts
    loop_.stop();
  });
}

// From now on a store that is missing is missed.
void EdgeProgram::note_stores() {
  for (Edge& edge : edges_)
    if (!edge.noted && edge.host != nullptr && edge.process().is_open())
      edge.noted = edge.directory->note_data(std::string(kStore)).has_value();
}

// Once each time.
void EdgeProgram::tell_of_full_disks() {
  for (Edge& edge : edges_) {
    const Error* lacking = edge.host != nullptr ? edge.process().lacks_room() : nullptr;
    if (std::exchange(edge.waits, lacking != nullptr) || lacking == nullptr) continue;
    log_->warn(cat(edge.name,
                   ": the disk is full: readings are not kept, and instructions not taken, until it has "
                   "room, which is tried every ",
                   to_string(settings_.config.reopen_most), " at least: ", lacking->message));
  }
}

// How many have stopped themselves.
std::size_t EdgeProgram::note_failures() {
  std::size_t failed = 0;
  for (Edge& edge : edges_) {
    if (edge.host == nullptr) {
      ++failed;
      continue;
    }
    if (const Error* failure = edge.process().failure()) {
      ++failed;
      if (!std::exchange(edge.failed, true))
        trouble_ = Error{failure->code, cat(edge.name, ": ", failure->message)};
    } else if (!edge.directory->is_there()) {
      ++failed;
      trouble_ = Error{ErrorCode::kIo,
                       cat(edge.name, ": ", edge.directory->path(),
                           ": the directory was removed while it ran: nothing that it would write down "
                           "would outlive it, so it has stopped")};
      log_->error(trouble_->message);
      edge.faults.reset();
      edge.host.reset();
    }
  }
  return failed;
}

// An edge that has stopped itself says why; the process ends when none is left.
void EdgeProgram::watch() {
  note_stores();
  tell_of_full_disks();
  if (note_failures() == edges_.size()) return loop_.stop();
  loop_.after(kWatchInterval, [this] { watch(); });
}

}  // namespace lockstep::cli
