// The commands `lockstep edge` and `lockstep cloud`: their options, and what they call.
#pragma once

#include <iosfwd>
#include <memory>
#include <optional>

namespace CLI {
class App;
}

namespace lockstep::cli {

struct ConnectArguments;
// Where the hub is.
void add_hub(CLI::App& command, ConnectArguments& arguments);

class FieldCommands {
 public:
  FieldCommands();
  ~FieldCommands();
  void add_to(CLI::App& app);
  // The exit code, if one of them was called.
  std::optional<int> run(std::ostream& out, std::ostream& err) const;

 private:
  struct Parsed;
  std::unique_ptr<Parsed> parsed_;
};

}  // namespace lockstep::cli
