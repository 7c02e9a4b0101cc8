// Options and their help.
#include "cli/field_commands.h"

#include <CLI/CLI.hpp>

#include "cli/cloud.h"
#include "cli/edge.h"
#include "cli/option_checks.h"
#include "hub/packages.h"

namespace lockstep::cli {
namespace {

constexpr std::size_t kMostNoteBytes = 500;

}  // namespace

struct FieldCommands::Parsed {
  EdgeArguments edge;
  CloudArguments cloud;
  CLI::App* edge_command = nullptr;
  CLI::App* run = nullptr;
  CLI::App* send = nullptr;
  CLI::App* activate = nullptr;
  CLI::App* status = nullptr;
};

void add_hub(CLI::App& command, ConnectArguments& arguments) {
  command.add_option(
      "--hub", arguments.nodes,
      "Native addresses of the hub's nodes, such as 127.0.0.1:4001,127.0.0.1:4011; with numbers "
      "(1=127.0.0.1:4001) also nodes that are away are known");
  command.add_option("--dir", arguments.directory, "Without --hub: the directory of a local cluster")
      ->capture_default_str();
  command.add_option(
      "--token", arguments.options.token,
      "Where nodes ask for one. Of an edge: with the role edge, write or admin; to send packages: admin; "
      "to look on: read");
  command.add_option("--ca", arguments.options.tls.authority,
                     "Connect with TLS; PEM file of who signs the nodes");
  command
      .add_option("--certificate", arguments.options.tls.certificate, "With --ca: what to show, a PEM file")
      ->needs("--ca");
  command.add_option("--key", arguments.options.tls.key, "With --certificate: its key")
      ->needs("--certificate");
}

namespace {

CLI::App* add_edge(CLI::App& app, EdgeArguments& arguments) {
  CLI::App& edge = *app.add_subcommand("edge",
                                       "Run an edge with simulated devices: it keeps readings until the hub "
                                       "has them, and does what the hub says");
  add_hub(edge, arguments.connect);
  edge.add_option("--name", arguments.name, "Unique among the edges of a hub, and always the same")
      ->capture_default_str();
  edge.add_option("--data", arguments.data,
                  "Where it keeps readings and instructions, in a directory of its name")
      ->required();
  CLI::Option& config =
      *edge.add_option("--config", arguments.config,
                       "Instead of the options for sampling, batches, buffer and clean-up: a JSON file with "
                       "these choices (`lockstep schema edge` prints the schema)");
  edge.add_option("--devices", arguments.devices, "Kinds: tank, motor, and probe, which only shows numbers")
      ->delimiter(',')
      ->capture_default_str();
  edge.add_option("--plants", arguments.plants,
                  "Instead of --devices: a file that says which there are, what they were told and when; with it their "
                  "physics outlive the edge")
      ->excludes("--devices");
  edge.add_option("--sample-ms", arguments.sample_ms, "Between two looks at each device, in ms")
      ->check(number_between(0.1, 60'000.0))
      ->capture_default_str();
  edge.add_option("--probe-rate", arguments.probe_rate,
                  "Readings a second that a probe gathers between two looks")
      ->check(number_between(0.1, 1e6))
      ->capture_default_str();
  edge.add_option("--batch-ms", arguments.batch_ms,
                  "How long readings wait for others of their batch, in ms; 200 make one full")
      ->check(number_between(1.0, 60'000.0))
      ->capture_default_str();
  edge.add_option("--edges", arguments.edges, "So many edges in this process; names count on from --name")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  edge.add_option("--buffer-mb", arguments.buffer_mb, "Of readings that the hub does not have yet, in MB")
      ->check(number_between(0.001, 1'048'576.0))
      ->capture_default_str();
  edge.add_option("--policy", arguments.policy,
                  "When the buffer is full: drop-oldest of the lowest class, or thin it out first")
      ->check(CLI::IsMember({"drop-oldest", "thin"}))
      ->capture_default_str();
  edge.add_option("--probation", arguments.probation_s,
                  "How long new settings are on trial before they are kept, in seconds")
      ->check(number_between(0.1, 86'400.0))
      ->capture_default_str();
  edge.add_option(
          "--clean-up-delay", arguments.clean_up_delay_s,
          "How long the settings before stay after that, so that going back needs no sending, in seconds")
      ->check(number_between(0.0, 2'592'000.0))
      ->capture_default_str();
  edge.add_option("--clean-up-ratio", arguments.clean_up_ratio,
                  "The part of the disk's time that their clean-up may take, in percent")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  for (const char* name : {"--sample-ms", "--batch-ms", "--buffer-mb", "--policy", "--probation",
                           "--clean-up-delay", "--clean-up-ratio"})
    config.excludes(edge.get_option(name));
  edge.add_flag(
      "--anew", arguments.anew,
      "Its directory is lost: begin with an empty one, and tell the hub so. What it had carried out and not "
      "reported may be done again; not to be given for good");
  edge.add_flag("--measure", arguments.measure,
                "At the end, tell as JSON how long readings took until they were committed; the first 5 s do "
                "not count");
  edge.add_flag("--allow-faults", arguments.allow_faults,
                "Let an operator bring faults through its directory in --data (docs/format/faults.md)");
  edge.footer(
      "SIGTERM ends it; what the hub does not have is sent in the next life.\n"
      "Exit code: 0 stopped, 1 the disk is in the way, 2 bad input.\n"
      "Example: lockstep edge --hub 127.0.0.1:4001,127.0.0.1:4011,127.0.0.1:4021 --name e1 --data data");
  return &edge;
}

void add_kind(CLI::App& command, CloudArguments& arguments) {
  command.add_option("--kind", arguments.kind, "model (safetensors), policy (JSON) or settings (JSON)")
      ->check(CLI::IsMember({"model", "policy", "settings"}))
      ->capture_default_str();
  command.add_option("--patience", arguments.patience_s, "How long to wait for the hub, in seconds")
      ->check(number_between(0.1, 86'400.0))
      ->capture_default_str();
  command.add_flag("--json", arguments.json, "Print one JSON document instead of text");
}

}  // namespace

FieldCommands::FieldCommands() : parsed_(std::make_unique<Parsed>()) {}
FieldCommands::~FieldCommands() = default;

void FieldCommands::add_to(CLI::App& app) {
  Parsed& parsed = *parsed_;
  parsed.edge_command = add_edge(app, parsed.edge);
  CLI::App& cloud = *app.add_subcommand(
      "cloud", "What the cloud says to a hub: models, policies, settings; and what it hears");
  cloud.require_subcommand(1);
  parsed.run = cloud.add_subcommand("run", "Stay, and log what the hub reports");
  parsed.send = cloud.add_subcommand(
      "send", "Send a file; when the hub has verified it, it becomes active on all nodes at one log index");
  parsed.activate = cloud.add_subcommand(
      "activate", "Make a version active that the hub keeps: roll back, or forward again");
  parsed.status = cloud.add_subcommand("status", "The hub, its edges, and the packages that it keeps");
  for (CLI::App* command : {parsed.run, parsed.send, parsed.activate, parsed.status})
    add_hub(*command, parsed.cloud.connect);
  parsed.send->add_option("FILE", parsed.cloud.file, "The file")->required();
  parsed.send
      ->add_option("--version", parsed.cloud.version,
                   "Its number, above all that were used before (default: the next one)")
      ->check(CLI::Range(std::uint64_t{1}, hub::kMostVersion));
  parsed.send->add_option("--note", parsed.cloud.note, "A remark for people, of one line")
      ->check(line_of_at_most(kMostNoteBytes));
  parsed.send->add_flag("--stage", parsed.cloud.stage, "Only send and verify it: `activate` comes later");
  parsed.activate->add_option("--version", parsed.cloud.version, "Its number")
      ->check(CLI::Range(std::uint64_t{1}, hub::kMostVersion));
  parsed.activate
      ->add_flag("--rules", parsed.cloud.rules,
                 "No version at all: of models the rules decide alone, of policies the built-in one")
      ->excludes("--version");
  for (CLI::App* command : {parsed.send, parsed.activate}) add_kind(*command, parsed.cloud);
  parsed.status->add_flag("--json", parsed.cloud.json, "Print one JSON document instead of text");
  parsed.run->footer(
      "Exit code: 0 told to stop (SIGTERM), 2 bad input. A hub that is away is waited "
      "for.\n"
      "Example: lockstep cloud run --hub 127.0.0.1:4001,127.0.0.1:4011,127.0.0.1:4021");
  parsed.status->footer(
      "Exit code: 0 told, 1 no hub answers or reports, 2 bad input.\n"
      "Example: lockstep cloud status --hub 127.0.0.1:4001,127.0.0.1:4011,127.0.0.1:4021");
  parsed.send->footer(
      "Exit code: 0 active (or staged), 1 refused by the hub with its reason, or no answer; 2 bad input.\n"
      "Example: lockstep cloud send model.safetensors --kind model");
  parsed.activate->footer(
      "Exit code: 0 active, 1 the hub does not keep it, or no answer; 2 bad input.\n"
      "Example: lockstep cloud activate --kind model --version 3\n"
      "Example: lockstep cloud activate --kind model --rules");
}

std::optional<int> FieldCommands::run(std::ostream& out, std::ostream& err) const {
  const Parsed& parsed = *parsed_;
  if (parsed.edge_command->parsed()) return run_edge(parsed.edge, out, err);
  if (parsed.run->parsed()) return run_cloud(parsed.cloud, out, err);
  if (parsed.send->parsed()) return send_package(parsed.cloud, out, err);
  if (parsed.activate->parsed()) return activate_package(parsed.cloud, out, err);
  if (parsed.status->parsed()) return show_cloud_status(parsed.cloud, out, err);
  return std::nullopt;
}

}  // namespace lockstep::cli
