// From flags or a file to the settings of a node.
#include "cli/node_arguments.h"

#include <filesystem>
#include <ostream>

#include "base/text.h"
#include "cli/files.h"
#include "config/parse_node.h"

namespace lockstep::cli {
namespace {

using config::NodeSettings;

constexpr std::uint32_t kLastPort = 65'535 - config::kGrpcOffset;

std::unexpected<Error> refuse(std::string sentence) {
  return fail(ErrorCode::kInvalidArgument, std::move(sentence));
}

Result<NodeSettings> from_flags(const NodeArguments& arguments) {
  NodeSettings out;
  if (!arguments.engine.empty() && arguments.engine != to_string(config::Engine::kSqlite)) {
    return refuse(cat("--engine: expected one of the engines (sqlite), found \"", arguments.engine, "\""));
  }
  const std::uint32_t port = arguments.port.value_or(config::kDefaultPort);
  if (port == 0 || port > kLastPort) {
    return refuse(cat("--port: expected a port from 1 to ", kLastPort,
                      ", HTTP and gRPC take the next two, found ", port));
  }
  const std::string host = arguments.listen.empty() ? "127.0.0.1" : arguments.listen;
  const auto nth = [&](std::uint32_t offset) {
    return config::Address{host, static_cast<std::uint16_t>(port + offset)};
  };
  if (!config::parse_address(to_text(nth(0)))) {
    return refuse(cat("--listen: expected a host, such as 127.0.0.1 or ::1, found \"", host, "\""));
  }
  out.listen = {.native = nth(0), .grpc = nth(config::kGrpcOffset), .http = nth(config::kHttpOffset)};
  out.data = arguments.data;
  if (!arguments.database.empty()) {
    const std::filesystem::path path(arguments.database);
    if (out.data.empty()) {
      out.data = path.has_parent_path() ? path.parent_path().string() : ".";
      out.database = path.filename().string();
    } else {
      out.database = path.string();
    }
    const bool leads_out = std::filesystem::path(out.database).is_absolute() || out.database.contains("..");
    if (out.database.empty() || leads_out) {
      return refuse(cat("--db: expected a file",
                        arguments.data.empty() ? "" : " inside the directory of --data", ", found \"",
                        arguments.database, "\""));
    }
  }
  if (out.data.empty())
    return refuse("expected --config FILE, --data DIR or --db PATH: a node needs a place for its data");
  return out;
}

// The file's own directory; empty if it has none.
std::string directory_of(const std::string& file) {
  return file == "-" ? "" : std::filesystem::path(file).parent_path().string();
}

void print(const json::Problems& problems, const std::string& file, std::ostream& err) {
  for (const json::Problem& problem : problems) err << to_text(problem, file) << '\n';
}

std::optional<NodeSettings> from_file(const std::string& file, std::string_view command, std::ostream& err) {
  const auto text = read_whole_file(file);
  if (!text) {
    err << command << text.error().message << '\n';
    return std::nullopt;
  }
  auto settings = config::parse_node(*text, directory_of(file));
  if (settings) return std::move(*settings);
  print(settings.error(), file, err);
  return std::nullopt;
}

// The files that a configuration names can be read, and the tokens in them are settings too.
bool read_named_files(NodeSettings& settings, std::string_view command, std::ostream& err) {
  const auto readable = [&](const std::string& path) {
    const auto text = read_whole_file(path);
    if (!text) err << command << text.error().message << '\n';
    return text.has_value();
  };
  if (settings.tls) {
    for (const std::string& path :
         {settings.tls->ca, settings.tls->certificate, settings.tls->key, settings.tls->client_ca}) {
      if (!readable(path)) return false;
    }
  }
  if (settings.token_file.empty()) return true;
  const auto text = read_whole_file(settings.token_file);
  if (!text) return readable(settings.token_file);
  auto tokens = config::parse_tokens(*text);
  if (!tokens) {
    print(tokens.error(), settings.token_file, err);
    return false;
  }
  settings.tokens = std::move(*tokens);
  return true;
}

}  // namespace

std::optional<NodeSettings> settings_of(const NodeArguments& arguments, std::ostream& err) {
  const bool short_way = arguments.port || !arguments.database.empty() || !arguments.engine.empty() ||
                         !arguments.data.empty() || !arguments.listen.empty();
  std::optional<NodeSettings> out;
  if (!arguments.config.empty()) {
    if (short_way) {
      err << arguments.command()
          << "expected either --config or flags such as --port and --data, found both\n";
      return std::nullopt;
    }
    out = from_file(arguments.config, arguments.command(), err);
  } else if (auto settings = from_flags(arguments)) {
    out = std::move(*settings);
  } else {
    err << arguments.command() << settings.error().message << '\n';
  }
  if (!out) return std::nullopt;
  if (arguments.hub && !out->hub) out->hub.emplace();
  out->insecure_listen |= arguments.insecure_listen;
  if (const std::string exposed = exposure(*out); !exposed.empty()) {
    err << arguments.command()
        << "expected --insecure-listen, or a \"tls\" section in a file of --config: " << exposed << '\n';
    return std::nullopt;
  }
  if (!read_named_files(*out, arguments.command(), err)) return std::nullopt;
  return out;
}

}  // namespace lockstep::cli
