// Reading and writing whole files for the commands, with sentences for what goes wrong.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace lockstep::cli {

// "-" is standard input.
Result<std::string> read_whole_file(const std::string& path);
// All or nothing: the file has its name only when it is whole.
Status write_whole_file(const std::filesystem::path& path, std::string_view text);

}  // namespace lockstep::cli
