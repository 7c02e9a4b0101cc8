// The directory of a local cluster, read and written.
#include "cli/local_cluster.h"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>

#include "base/text.h"
#include "cli/files.h"
#include "config/parse_node.h"
#include "json/text.h"

namespace lockstep::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kDescription = "lockstep-cluster.json";
constexpr std::uint32_t kStride = 10;

std::string description_of(const std::string& directory) { return cat(directory, "/", kDescription); }

std::string random_name() {
  std::random_device device;
  return cat("local-", hex16(device()).substr(8));
}

config::NodeSettings settings_of(const std::string& cluster, std::uint32_t number, std::uint32_t nodes,
                                 std::uint32_t port, bool is_hub) {
  const auto address = [&](std::uint32_t node, std::uint32_t offset) {
    return config::Address{"127.0.0.1", static_cast<std::uint16_t>(port + kStride * (node - 1) + offset)};
  };
  config::NodeSettings out;
  out.about = "Made by lockstep cluster start; read again at every start.";
  out.data = cat("n", number);
  out.listen = {.native = address(number, 0),
                .grpc = address(number, config::kGrpcOffset),
                .http = address(number, config::kHttpOffset)};
  if (is_hub) out.hub.emplace();
  config::Cluster& members = out.cluster.emplace();
  members.name = cluster;
  members.self = NodeId(number);
  for (std::uint32_t node = 1; node <= nodes; ++node)
    members.members.push_back({.id = NodeId(node),
                               .address = address(node, 0),
                               .http = address(node, config::kHttpOffset),
                               .grpc = address(node, config::kGrpcOffset)});
  return out;
}

Result<config::NodeSettings> read_settings(const std::string& file, const std::string& directory) {
  LOCKSTEP_TRY(text, read_whole_file(file));
  auto settings = config::parse_node(text, directory);
  if (settings) return std::move(*settings);
  std::string lines;
  for (const json::Problem& problem : settings.error()) {
    append_text(lines, cat(lines.empty() ? "" : "\n", to_text(problem, file)));
  }
  return fail(ErrorCode::kInvalidArgument, std::move(lines));
}

}  // namespace

bool LocalCluster::exists(const std::string& directory) {
  std::error_code error;
  return fs::exists(description_of(directory), error);
}

std::vector<std::string> Companion::arguments(const std::string& directory) const {
  if (is_cloud()) return {"cloud", "run", "--dir", directory};
  return {"edge", "--dir", directory, "--name", name, "--data", directory};
}

Result<LocalCluster> LocalCluster::create(const std::string& directory, const ClusterShape& shape) {
  std::error_code error;
  if (fs::exists(directory, error) &&
      (!fs::is_directory(directory, error) || !fs::is_empty(directory, error))) {
    return fail(ErrorCode::kRefused, cat(directory, ": expected a local cluster (", kDescription,
                                         "), an empty directory or none, found something else"));
  }
  fs::create_directories(directory, error);
  if (error) return fail(ErrorCode::kIo, cat(directory, ": cannot be created: ", error.message()));
  const std::string cluster = random_name();
  const bool is_hub = shape.hub || shape.cloud || shape.edges > 0;
  for (std::uint32_t number = 1; number <= shape.nodes; ++number) {
    const auto settings = settings_of(cluster, number, shape.nodes, shape.port, is_hub);
    LOCKSTEP_TRY_STATUS(write_whole_file(cat(directory, "/n", number, ".json"), to_json_text(settings)));
  }
  const nlohmann::ordered_json description{{"format", 1},
                                           {"cluster", cluster},
                                           {"nodes", shape.nodes},
                                           {"edges", shape.edges},
                                           {"cloud", shape.cloud}};
  LOCKSTEP_TRY_STATUS(write_whole_file(description_of(directory), description.dump(2) + "\n"));
  return open(directory);
}

Result<LocalCluster> LocalCluster::open(const std::string& directory) {
  if (!exists(directory)) {
    return fail(ErrorCode::kNotFound, cat(directory, ": expected a local cluster, found no ", kDescription,
                                          "; `lockstep cluster start` makes one"));
  }
  LOCKSTEP_TRY(text, read_whole_file(description_of(directory)));
  const auto document = json::parse(text);
  const json::Node* count = document ? document->find("nodes") : nullptr;
  if (count == nullptr || !count->is(json::Kind::kNumber)) {
    return fail(ErrorCode::kInvalidArgument,
                cat(description_of(directory), ": expected the member \"nodes\" with a number"));
  }
  LocalCluster out(directory);
  const auto nodes = static_cast<std::uint32_t>(json::scaled(count->text, 0).whole);
  for (std::uint32_t number = 1; number <= nodes; ++number) {
    LocalNode node{{.name = cat("n", number), .stem = cat(directory, "/n", number)}, NodeId(number), {}};
    LOCKSTEP_TRY(settings, read_settings(node.config_file(), directory));
    if (!settings.cluster || settings.cluster->self != node.id) {
      return fail(ErrorCode::kInvalidArgument,
                  cat(node.config_file(), ": expected node ", number, " of a cluster"));
    }
    node.settings = std::move(settings);
    out.nodes_.push_back(std::move(node));
  }
  const json::Node* edges = document->find("edges");  // older descriptions have none
  if (edges != nullptr && edges->is(json::Kind::kNumber)) {
    const auto last = static_cast<std::uint32_t>(json::scaled(edges->text, 0).whole);
    for (std::uint32_t number = 1; number <= last; ++number)
      out.companions_.push_back({{.name = cat("e", number), .stem = cat(directory, "/e", number)}});
  }
  const json::Node* cloud = document->find("cloud");
  if (cloud != nullptr && cloud->is(json::Kind::kBoolean) && cloud->text == "true")
    out.companions_.push_back({{.name = "cloud", .stem = cat(directory, "/cloud")}});
  return out;
}

std::vector<NodeAddress> LocalCluster::addresses() const {
  std::vector<NodeAddress> out;
  for (const LocalNode& node : nodes_) out.push_back({node.id, node.settings.listen.native});
  return out;
}

Status LocalCluster::expect_data(const LocalNode& node) const {
  // As it was written, with its own relative paths.
  LOCKSTEP_TRY(written, read_settings(node.config_file(), ""));
  if (written.cluster->expect_data) return {};
  written.cluster->expect_data = true;
  return write_whole_file(node.config_file(), to_json_text(written));
}

Status LocalCluster::expect_data_found(const LocalNode& node) const {
  std::error_code error;
  return fs::exists(fs::path(node.settings.data) / "kv", error) ? expect_data(node) : Status{};
}

}  // namespace lockstep::cli
