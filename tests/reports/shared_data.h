// The third-party histories with known verdicts, which live outside the repository.
#pragma once

#include <zlib.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace lockstep::reports {

// LOCKSTEP_SHARED_DATA, else ../shared/data beside the sources; may not exist.
inline std::filesystem::path shared_data() {
  if (const char* folder = std::getenv("LOCKSTEP_SHARED_DATA")) return folder;
  return std::filesystem::path(LOCKSTEP_SOURCE_DIR).parent_path() / "shared" / "data";
}

// Why a test that needs them is skipped.
inline std::string no_histories() {
  return "no histories with known verdicts at " + shared_data().string() +
         "; LOCKSTEP_SHARED_DATA names another folder";
}

// The whole file, unpacked if it is compressed.
inline std::string slurp(const std::filesystem::path& path) {
  std::string out;
  const gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) return out;
  std::vector<char> buffer(1 << 16);
  for (int size; (size = gzread(file, buffer.data(), static_cast<unsigned>(buffer.size()))) > 0;) {
    out.append(buffer.data(), static_cast<std::size_t>(size));
  }
  gzclose(file);
  return out;
}

struct KnownVerdict {
  std::string file;
  std::string kind;  // linearizability, list-append, rw-register, bank, ...
  std::string model;
  std::vector<std::string> options;
  std::string expected;  // valid, invalid, unknown
  std::vector<std::string> anomalies;  // that are among those found
  std::string notes;
};

inline std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream list(text);
  for (std::string part; std::getline(list, part, separator);) parts.push_back(part);
  return parts;
}

// The rows of VERDICTS.tsv of one kind.
inline std::vector<KnownVerdict> known_verdicts(const std::string& kind = "linearizability") {
  std::vector<KnownVerdict> rows;
  std::ifstream table(shared_data() / "VERDICTS.tsv");
  for (std::string line; std::getline(table, line);) {
    std::vector<std::string> cells = split(line, '\t');
    cells.resize(9);
    if (cells[1] != kind) continue;
    rows.push_back({cells[0], cells[1], cells[2], split(cells[3], ';'), cells[4], split(cells[5], ','), cells[7]});
  }
  return rows;
}

}  // namespace lockstep::reports
