// The `lockstep` program: parse the command line, call the command.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <charconv>
#include <iostream>
#include <new>

#include "cli/chaos.h"
#include "cli/check.h"
#include "cli/cloud_train.h"
#include "cli/cluster.h"
#include "cli/compare.h"
#include "cli/field_commands.h"
#include "cli/node.h"
#include "cli/report.h"
#include "cli/run.h"
#include "cli/option_checks.h"
#include "cli/shell.h"
#include "cli/verify.h"
#include "config/edge_settings.h"
#include "config/parse_node.h"
#include "scenarios/farm/results.h"
#include "scenarios/farm/serve.h"
#include "scenarios/parse_scenario.h"

namespace {

constexpr int kBadInput = 2;

// CLI11 would take -1 and 2^64 for the largest seed.
std::string seed_complaint(const std::string& text) {
  std::uint64_t seed = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, seed);
  if (error == std::errc() && rest == end) return {};
  return "expected a seed from 0 to 18446744073709551615, found " + text;
}

std::string drawn_seed_complaint(const std::string& text) {
  const bool is_seed = seed_complaint(text).empty() && std::stoull(text) <= lockstep::farm::kMostSeed;
  return is_seed ? "" : "expected a seed from 0 to " + std::to_string(lockstep::farm::kMostSeed) + ", found " + text;
}

std::string many_seeds_complaint(const std::string& text) {
  return "expected --seed N, found --seeds " + text +
         ": many seeds are a sweep in the file, \"sweep\": {\"/seed\": [1, 2, 3]}; of the suite, ./dev suite --seeds N";
}

std::string path_complaint(const std::string& text) {
  return text.empty() ? "expected the path of a directory, found an empty text" : "";
}

void add_run(CLI::App& app, lockstep::cli::RunArguments& arguments) {
  CLI::App& run = *app.add_subcommand("run", "Run scenario files in the simulator or on real processes and print what they proved");
  run.add_option("FILE", arguments.files, "Scenario files (JSON; `lockstep schema` prints the schema)")->required();
  run.add_option_function<std::string>(
         "--on", [&arguments](const std::string& world) { arguments.on_real = world == "real"; },
         "sim, or real: node processes on this machine, in real time; what it cannot do is reported as skipped")
      ->check(CLI::IsMember({"sim", "real"}))
      ->default_str("sim");
  run.add_option("--seed", arguments.seed, "Decides everything that chance decides; default: the file's own seed")
      ->check(seed_complaint, "SEED");
  const auto refuse_seeds = [](const std::string& text) { throw CLI::ValidationError(many_seeds_complaint(text)); };
  run.add_option_function<std::string>("--seeds", refuse_seeds)->group("");  // `lockstep chaos` has it
  run.add_option("--out", arguments.out, "Directory for reports, one below it per run")
      ->check(path_complaint, "PATH")
      ->capture_default_str();
  run.add_flag("--json", arguments.json, "Print one JSON document instead of text");
  run.add_flag("--twice", arguments.twice, "Run everything twice and point at the first event that differs");
  run.add_flag("--trace", arguments.trace, "Write the whole trace (always done when a run does not hold)");
  run.add_flag("--page", arguments.page, "Write report.html, a page to look at, and the trace (always done when a run does not hold)");
  run.add_option("--junit", arguments.junit, "Write the verdicts of all runs to this file, as JUnit XML")->check(path_complaint, "PATH");
  run.add_option("--markdown", arguments.markdown, "Write the verdicts of all runs to this file, as Markdown")->check(path_complaint, "PATH");
  run.footer("Many seeds: \"sweep\": {\"/seed\": [1, 2, 3]} in the file; of the suite, ./dev suite --seeds N.\n"
             "Exit code: 0 holds, 1 violated, vacuous or unknown, 2 bad input, no place for the report or no node started.\n"
             "Example: lockstep run scenarios/suite/prepare_commit_kill.json --seed 7 --twice");
}

struct ChaosCommands {
  CLI::App* chaos = nullptr;
  CLI::App* merge = nullptr;
};

ChaosCommands add_chaos(CLI::App& app, lockstep::cli::ChaosArguments& arguments) {
  ChaosCommands out;
  CLI::App& chaos = *app.add_subcommand("chaos", "Draw a scenario from every seed and run them all, each in a process of its own");
  chaos.add_option("--seeds", arguments.seeds, "FIRST..LAST")->capture_default_str();
  chaos.add_option("--jobs", arguments.jobs, "Processes at a time (default: one per processor)")->check(CLI::Range(1, 1024));
  chaos.add_option("--for", arguments.time, "Begin no seed after so long, such as 10m; the same command goes on later");
  chaos.add_option("--shard", arguments.shard, "I/N: every N-th seed only, from the I-th on");
  chaos.add_option("--out", arguments.out, "Directory for the results; what is there already is not run again")
      ->check(path_complaint, "PATH")
      ->capture_default_str();
  chaos.add_flag("!--no-shrink", arguments.shrink, "Do not make failures small");
  chaos.add_flag("--json", arguments.json, "Print one JSON document instead of text");
  chaos.add_option("--print", arguments.print, "Only print the scenario of this seed, which is JSON with and without --json")
      ->check(drawn_seed_complaint, "SEED");
  chaos.footer(
      "Exit code: 0 no seed failed, 1 one did, or over 1,000 seeds something rare never happened, or it was interrupted,\n"
      "2 bad input. The verdict after --for or an interruption is \"incomplete\", that of a shard without seeds \"no seeds\".\n"
      "Example: lockstep chaos --seeds 1..1000 --out out/chaos");
  out.chaos = &chaos;
  out.merge = chaos.add_subcommand("merge", "Put the results of several directories, shards of one run, into one");
  out.merge->add_option("DIR", arguments.directories, "Directories of chaos runs")->required();
  out.merge->add_option("--out", arguments.out, "Directory for all of them")->check(path_complaint, "PATH")->required();
  out.merge->add_flag("--json", arguments.json, "Print one JSON document instead of text");
  out.merge->footer(
      "Exit code: 0 no seed failed and none is missing, 1 one did, or seeds of the ranges are missing (verdict: incomplete),\n"
      "or two directories contradict each other, 2 bad input.\n"
      "Example: lockstep chaos merge out/shard-1 out/shard-2 --out out/whole");
  return out;
}

void add_shrink(CLI::App& app, lockstep::cli::ShrinkArguments& arguments) {
  CLI::App& shrink = *app.add_subcommand("shrink", "Make a failing scenario small, so that it still fails alike");
  shrink.add_option("FILE", arguments.file, "The scenario file; - is standard input")->required();
  shrink.add_option("--seed", arguments.seed, "Default: the file's own seed")->check(seed_complaint, "SEED");
  shrink.add_option("--out", arguments.out, "File for the small one (default: beside it, as NAME-small.json)");
  shrink.add_option("--jobs", arguments.jobs, "Processes at a time (default: one per processor)")->check(CLI::Range(1, 1024));
  shrink.add_option("--for", arguments.time, "Stop after so long")->capture_default_str();
  shrink.footer("Exit code: 0 a small file was written, 1 the scenario holds, 2 bad input.\n"
                "Example: lockstep shrink out/chaos/failures/17.json");
}

constexpr const char* kAboutCheck =
    "A history is what clients asked and were told: JSON lines, a JSON array or EDN as Jepsen writes it, also packed by\n"
    "gzip (docs/format/history.md). MODEL says what it must satisfy:\n"
    "  one operation at a time   register, cas-register, kv, kv-append, multi-register, mutex: is it linearizable?\n"
    "  transactions              read-uncommitted, read-committed, repeatable-read-rr, read-atomic, causal, prefix,\n"
    "  (lists with append,       snapshot-isolation, repeatable-read, serializable: from weak to strong, each also as\n"
    "  or registers)             strong-session-NAME (the order of each process) and strong-NAME (that of real time);\n"
    "                            sequential (strong-session-serializable), strict-serializable (strong-serializable);\n"
    "                            anomalies:G1, anomalies:G-single, anomalies:lost-update, anomalies:long-fork, ...\n"
    "  sessions                  read-your-writes, monotonic-reads, monotonic-writes, writes-follow-reads, pram\n"
    "  counting                  bank, counter, set, set-full, long-fork, monotonic\n"
    "The answer names the anomalies, proves each in words, and says which models they rule out.";

void add_report(CLI::App& app, lockstep::cli::ReportArguments& arguments) {
  CLI::App& report = *app.add_subcommand("report", "Render recorded runs again: a page to look at, or a document for other tools");
  report.add_option("DIR", arguments.directories, "Directories of runs, or directories with such directories below them")->required();
  report.add_option("--format", arguments.format, "html (report.html beside each run that left a trace; an index.html above several), markdown, junit, json or text")
      ->check(CLI::IsMember({"html", "markdown", "junit", "json", "text"}))
      ->capture_default_str();
  report.add_option("--out", arguments.out, "The file to write instead")->check(path_complaint, "PATH");
  report.footer("Exit code: 0 rendered, 1 standard output cannot be written, 2 a report is missing or damaged.\n"
                "Example: lockstep report out/leader_partition-4");
}

void add_compare(CLI::App& app, lockstep::cli::CompareArguments& arguments) {
  CLI::App& compare = *app.add_subcommand("compare", "Two runs, or two directories of runs, side by side: what changed");
  compare.add_option("A", arguments.first, "Directory of a run, or one with such directories below it")->required();
  compare.add_option("B", arguments.second, "What to compare with it")->required();
  compare.add_option("--page", arguments.page, "Of two single runs: also write the page of A with B beside it to this file")->check(path_complaint, "PATH");
  compare.add_flag("--json", arguments.json, "Print one JSON document instead of text");
  compare.footer("Exit code: 0 no verdict of B is worse, 1 one is, or no run is in both, 2 a report is missing or damaged.\n"
                 "Example: lockstep compare out/before out/after");
}

void add_diff(CLI::App& app, lockstep::cli::DiffArguments& arguments) {
  CLI::App& diff = *app.add_subcommand("diff", "The first event in which two recorded traces differ");
  diff.add_option("A", arguments.first, "A trace, or the directory of a run that left one")->required();
  diff.add_option("B", arguments.second, "What to compare with it")->required();
  diff.add_option("--context", arguments.context, "So many events before and after")->check(CLI::Range(0, 1000))->capture_default_str();
  diff.add_flag("--json", arguments.json, "Print one JSON document instead of text");
  diff.footer("Exit code: 0 equal, 1 different, 2 a trace is missing (`lockstep run --trace` leaves one) or damaged.\n"
              "Example: lockstep diff out/full-1 out/full-2");
}

void add_check(CLI::App& app, lockstep::cli::CheckArguments& arguments) {
  CLI::App& check = *app.add_subcommand("check", "Judge a recorded history: is it linearizable, serializable, ...?");
  check
      .add_option("HISTORY", arguments.history,
                  "The history; - is standard input")
      ->required();
  check.add_option("--model", arguments.model, "What it must satisfy, see below; several of transactions joined by +")
      ->required();
  check.add_option("--option", arguments.options, "Options of the model, key=value (docs/format/history.md)");
  check.add_option("--time-limit", arguments.time_limit_seconds, "Of linearizability, in seconds, such as 0.5; beyond it the answer is unknown (0, the default: none)")
      ->check(lockstep::cli::number_between(0, 1e9));
  check.add_flag("--json", arguments.json, "Print one JSON document instead of text");
  check.footer(
      std::string(kAboutCheck) +
      "\n\nExit code: 0 holds, 1 violated, 2 bad input, 3 unknown.\n"
      "Example: lockstep check out/leader_partition-4/history.jsonl --model cas-register\n"
      "Example: lockstep check history.edn --model strict-serializable");
}

void add_node(CLI::App& node, lockstep::cli::NodeArguments& arguments) {
  node.add_option("--config", arguments.config,
                  "Its settings (JSON; `lockstep schema node` prints the schema)");
  node.add_flag("--check", arguments.check, "Only say whether the settings are fine");
  node.add_option("--port", arguments.port,
                  "Without a file: the native port (4001); HTTP is one above it, gRPC two");
  node.add_option("--data", arguments.data, "Without a file: the node's directory");
  node.add_option("--db", arguments.database,
                  "Without a file: the database, in a directory of its own or inside --data");
  node.add_option("--engine", arguments.engine, "Without a file: sqlite");
  node.add_option("--listen", arguments.listen, "Without a file: the host to listen on (127.0.0.1)");
  node.add_flag("--insecure-listen", arguments.insecure_listen,
                "Allow other machines to connect without TLS");
  node.add_flag("--allow-faults", arguments.allow_faults,
                "Let an operator bring faults through the data directory (docs/format/faults.md)");
  node.footer(
      "SIGTERM stops it in good order: no more writes, leadership handed over, everything durable.\n"
      "Exit code: 0 stopped in good order, 1 a port, a disk or another process is in the way, 2 bad input.\n"
      "Example: lockstep " + node.get_name() + " --data data/n1 --port 4001");
}

struct ClusterCommands {
  CLI::App* start = nullptr;
  CLI::App* status = nullptr;
  CLI::App* stop = nullptr;
};

ClusterCommands add_cluster(CLI::App& app, lockstep::cli::ClusterArguments& arguments) {
  CLI::App& cluster = *app.add_subcommand("cluster", "Run a cluster on this machine, under one directory");
  cluster.require_subcommand(1);
  ClusterCommands out;
  out.start =
      cluster.add_subcommand("start", "Make a cluster, or start what is stopped of one that is there");
  out.status = cluster.add_subcommand("status", "How its nodes are");
  out.start->footer(
      "Exit code: 0 a leader serves, also if all nodes ran already; 1 none does; 2 bad input. A new cluster "
      "whose nodes\n"
      "cannot begin (a port that is taken) leaves no directory behind.\n"
      "Example: lockstep cluster start --dir out/cluster --nodes 3");
  out.stop = cluster.add_subcommand("stop", "Stop its nodes in good order");
  out.stop->footer("Exit code: 0 none runs any more, 1 one still runs after its patience, 2 bad input.");
  out.status->footer("Exit code: 0 a leader serves, 1 none does, 2 bad input.");
  for (CLI::App* command : {out.start, out.status, out.stop}) {
    command->add_option("--dir", arguments.directory, "The cluster's directory")
        ->check(path_complaint, "PATH")
        ->capture_default_str();
  }
  out.start->add_option("--edges", arguments.edges, "Also so many edges with simulated devices; the nodes are hubs then")
      ->check(CLI::Range(1, 99));
  out.start->add_flag("--cloud", arguments.cloud, "Also a cloud; the nodes are hubs then");
  out.start->add_flag("--hub", arguments.hub, "The nodes are hubs: `lockstep edge` may come later");
  out.start->add_option("--nodes", arguments.nodes, "Of a new cluster (3)")->check(CLI::Range(1, 9));
  out.start
      ->add_option("--port", arguments.port,
                   "Of the first node of a new cluster (4001), HTTP one above it, gRPC two; the next nodes "
                   "are 10 apart")
      ->check(CLI::Range(1, 65'000));
  out.status->add_flag("--json", arguments.json, "Print one JSON document instead of text");
  out.stop->add_flag("--kill", arguments.kill, "Kill the processes instead");
  return out;
}

void add_connection(CLI::App& command, lockstep::cli::ConnectArguments& arguments) {
  command.add_option("--nodes", arguments.nodes, "Native addresses, such as 127.0.0.1:4001,127.0.0.1:4011");
  command.add_option("--dir", arguments.directory, "Without --nodes: the directory of a local cluster")
      ->capture_default_str();
  command.add_option("--token", arguments.options.token, "Where nodes ask for one");
  command.add_option("--ca", arguments.options.tls.authority, "Connect with TLS; PEM file of who signs the nodes");
  command.add_option("--certificate", arguments.options.tls.certificate, "With --ca: what to show, a PEM file")
      ->needs("--ca");
  command.add_option("--key", arguments.options.tls.key, "With --certificate: its key")->needs("--certificate");
}

void add_shell(CLI::App& app, lockstep::cli::ShellArguments& arguments) {
  CLI::App& shell = *app.add_subcommand("sql", "A shell for SQL; statements from standard input, too");
  add_connection(shell, arguments.connect);
  shell.add_option("-c", arguments.command, "Statements to carry out instead");
  shell.add_option("--file", arguments.file, "A file of statements to carry out instead")->excludes("-c");
  shell.add_option("--mode", arguments.mode, "How rows are printed: table, csv or json")
      ->check(CLI::IsMember({"table", "csv", "json"}))
      ->capture_default_str();
  shell.add_option("--level", arguments.level, "What queries see: linearizable or local")
      ->check(CLI::IsMember({"linearizable", "local"}))
      ->capture_default_str();
  shell.add_flag("--changes", arguments.changes, "Say how many rows each write has changed; a person is always told");
  shell.footer(
      "Exit code: 0 all done, 1 a statement failed or no node answers, 2 bad input.\n"
      "Example: lockstep sql -c \"SELECT 1\"");
}

void add_client(CLI::App& app, lockstep::cli::VerifyArguments& arguments) {
  CLI::App& client =
      *app.add_subcommand("client", "Write to a cluster and check what it promises, from outside");
  add_connection(client, arguments.connect);
  client.add_option("--scenario", arguments.scenario, "full, or verify-only after a full run")
      ->check(CLI::IsMember({"full", "verify-only"}))
      ->capture_default_str();
  client.add_option("--mode", arguments.mode, "Of the writes: quorum or strong")
      ->check(CLI::IsMember({"quorum", "strong"}))
      ->capture_default_str();
  client
      .add_option("--pause-before-commit-ms", arguments.pause_before_commit_ms,
                  "Of every write, between its phases")
      ->check(CLI::Range(0, 60'000));
  client.add_option("--record", arguments.record, "What a full run leaves for verify-only")
      ->capture_default_str();
  client.add_flag("--json", arguments.json, "Print one JSON document instead of text");
  client.footer("Exit code: 0 every check holds, 1 one does not or something does not answer, 2 bad input.\n"
                "Example: lockstep client --dir out/cluster --scenario full --mode quorum");
}

void add_schema(CLI::App& app, std::string& of) {
  CLI::App& schema = *app.add_subcommand("schema", "Print a JSON Schema");
  schema.add_option("OF", of, "scenario (a scenario file), node or edge (their configurations)")
      ->check(CLI::IsMember({"scenario", "node", "edge"}))
      ->capture_default_str();
}

std::string_view schema_text(std::string_view of) {
  if (of == "node") return lockstep::config::node_schema_text();
  if (of == "edge") return lockstep::config::edge_schema_text();
  return lockstep::scenarios::scenario_schema_text();
}

int print_schema(const std::string& of) {
  std::cout << schema_text(of);
  if (std::cout.flush()) return 0;
  std::cerr << "lockstep schema: standard output cannot be written\n";
  return kBadInput;
}

// "start, status or stop"
std::string parts_of(const CLI::App& command) {
  const auto parts = command.get_subcommands([](const CLI::App*) { return true; });
  std::string out;
  for (std::size_t at = 0; at < parts.size(); ++at)
    out += (at == 0 ? "" : at + 1 == parts.size() ? " or " : ", ") + parts[at]->get_name();
  return out;
}

std::string in_quotes(std::string_view word) {
  return word.empty() ? "nothing" : '"' + std::string(word) + '"';
}

bool is_no_part_of(const CLI::App& command, std::string_view what) {
  const auto is_asked_for = [what](const CLI::App* part) { return part->get_name() == what; };
  return !what.starts_with('-') && command.get_subcommands(is_asked_for).empty();
}

// "lockstep cloud send": as far as the command line names a command.
std::string asked_for(const CLI::App& app) {
  std::string out = app.get_name();
  const CLI::App* command = &app;
  while (!command->get_subcommands().empty()) {
    command = command->get_subcommands().front();
    out += " " + command->get_name();
  }
  return out;
}

int print_help(const CLI::App& app, const std::vector<std::string_view>& words) {
  const CLI::App* command = &app;
  std::string before;
  for (const std::string_view word : words) {
    before += (before.empty() ? "" : " ") + command->get_name();
    const auto found =
        command->get_subcommands([word](const CLI::App* part) { return part->get_name() == word; });
    if (found.empty()) {
      std::cerr << before << ": expected a command, found \"" << word << "\"; see " << before << " --help\n";
      return kBadInput;
    }
    command = found.front();
  }
  std::cout << command->help(before);
  return 0;
}

int run_program(int argc, char** argv) {
  CLI::App app{"Lockstep: a replicated SQLite database and the deterministic laboratory that proves it",
               "lockstep"};
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("lockstep ") + LOCKSTEP_VERSION, "Print the version and exit");
  lockstep::cli::RunArguments run;
  lockstep::cli::CheckArguments check;
  add_run(app, run);
  lockstep::cli::ChaosArguments chaos;
  const ChaosCommands of_chaos = add_chaos(app, chaos);
  lockstep::cli::ShrinkArguments shrink;
  add_shrink(app, shrink);
  app.add_subcommand("chaos-worker", "Run the scenario on standard input and print its outcome")->group("");
  add_check(app, check);
  lockstep::cli::ReportArguments report;
  add_report(app, report);
  lockstep::cli::CompareArguments compare;
  add_compare(app, compare);
  lockstep::cli::DiffArguments diff;
  add_diff(app, diff);
  lockstep::cli::NodeArguments node;
  add_node(*app.add_subcommand("node", "Run one node of the database until it is told to stop"), node);
  lockstep::cli::NodeArguments hub;
  hub.hub = true;
  add_node(*app.add_subcommand("hub", "Run a node with a hub beside it: it takes readings of edges, decides and instructs"),
           hub);
  lockstep::cli::FieldCommands field;
  field.add_to(app);
  lockstep::cli::CloudTrainArguments training;
  lockstep::cli::CloudEvaluateArguments evaluation;
  const lockstep::cli::CloudTrainingCommands of_cloud =
      add_cloud_training(*app.get_subcommand("cloud"), training, evaluation);
  lockstep::cli::ClusterArguments cluster;
  cluster.program = argv[0];
  const ClusterCommands of_cluster = add_cluster(app, cluster);
  lockstep::cli::ShellArguments shell;
  add_shell(app, shell);
  lockstep::cli::VerifyArguments client;
  add_client(app, client);
  std::string schema = "scenario";
  add_schema(app, schema);
  if (argc == 1) {
    std::cerr << app.help();
    return kBadInput;
  }
  if (std::string_view(argv[1]) == "help") return print_help(app, {argv + 2, argv + argc});
  const auto is_asked_for = [argv](const CLI::App* command) { return command->get_name() == argv[1]; };
  if (argc > 1 && argv[1][0] != '-' && app.get_subcommands(is_asked_for).empty()) {
    std::cerr << "lockstep: expected a command (run, chaos, shrink, report, compare, diff, check, node, cluster, hub, edge, cloud, sql, client, schema), found \""
              << argv[1] << "\"; see lockstep --help\n";
    return kBadInput;
  }
  const std::string_view what = argc > 2 ? argv[2] : "";
  for (const std::string name : {"cluster", "cloud"}) {
    const CLI::App& command = *app.get_subcommand(name);
    if (argv[1] != name || !is_no_part_of(command, what)) continue;
    std::cerr << "lockstep " << name << ": expected " << parts_of(command) << ", found " << in_quotes(what)
              << "; see lockstep " << name << " --help\n";
    return kBadInput;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {
      app.exit(error);  // --help, --version
      return 0;
    }
    const std::string command = asked_for(app);
    std::cerr << command << ": " << error.what() << "; see " << command << " --help\n";
    return kBadInput;
  }
  if (app.got_subcommand("schema")) return print_schema(schema);
  if (of_cluster.start->parsed()) return lockstep::cli::start_cluster(cluster, std::cout, std::cerr);
  if (of_cluster.status->parsed()) return lockstep::cli::show_cluster(cluster, std::cout, std::cerr);
  if (of_cluster.stop->parsed()) return lockstep::cli::stop_cluster(cluster, std::cout, std::cerr);
  training.progress = isatty(STDERR_FILENO) != 0;
  if (of_cloud.train->parsed()) return lockstep::cli::train_model(training, std::cout, std::cerr);
  if (of_cloud.evaluate->parsed()) return lockstep::cli::evaluate_model(evaluation, std::cout, std::cerr);
  if (app.got_subcommand("chaos-worker")) return lockstep::farm::serve_one(std::cin, std::cout, std::cerr);
  if (of_chaos.merge->parsed()) return lockstep::cli::merge_chaos(chaos, std::cout, std::cerr);
  chaos.colours = isatty(STDOUT_FILENO) != 0;
  chaos.progress = shrink.progress = isatty(STDERR_FILENO) != 0;
  if (of_chaos.chaos->parsed()) return lockstep::cli::run_chaos(chaos, std::cout, std::cerr);
  if (app.got_subcommand("shrink")) return lockstep::cli::run_shrink(shrink, std::cout, std::cerr);
  if (app.got_subcommand("sql")) return lockstep::cli::run_shell(shell, std::cout, std::cerr);
  client.colours = isatty(STDOUT_FILENO) != 0;
  if (app.got_subcommand("client")) return lockstep::cli::run_client(client, std::cout, std::cerr);
  if (app.got_subcommand("hub")) return lockstep::cli::run_node(hub, std::cout, std::cerr);
  if (const auto code = field.run(std::cout, std::cerr)) return *code;
  if (app.got_subcommand("node")) return lockstep::cli::run_node(node, std::cout, std::cerr);
  if (app.got_subcommand("check")) return lockstep::cli::run_check(check, std::cout, std::cerr);
  if (app.got_subcommand("compare")) return lockstep::cli::compare_runs(compare, std::cout, std::cerr);
  if (app.got_subcommand("diff")) return lockstep::cli::diff_traces(diff, std::cout, std::cerr);
  report.colours = isatty(STDOUT_FILENO) != 0;
  if (app.got_subcommand("report")) return lockstep::cli::render_reports(report, std::cout, std::cerr);
  run.version = LOCKSTEP_VERSION;
  run.colours = isatty(STDOUT_FILENO) != 0;
  run.progress = isatty(STDERR_FILENO) != 0;
  return lockstep::cli::run_scenarios(run, std::cout, std::cerr);
}

// Nothing can go on without memory; what says so asks for none.
[[noreturn]] void end_without_memory() {
  constexpr std::string_view kSentence = "lockstep: out of memory: the system, or a limit such as ulimit -v, gives no more\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, kSentence.data(), kSentence.size());
  ::_exit(kBadInput);
}

}  // namespace

// Whoever reads the output must be able to trust that it is all of it.
int main(int argc, char** argv) {
  std::set_new_handler(end_without_memory);
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error of the disk like others
  const int code = run_program(argc, argv);
  if (std::cout.flush() || code == kBadInput) return code;  // 2: what was wrong has been said
  std::cerr << "lockstep: standard output cannot be written\n";
  return code == 0 ? 1 : code;
}
