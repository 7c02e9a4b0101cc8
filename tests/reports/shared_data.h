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
  std::string model;
  std::vector<std::string> options;
  std::string expected;  // valid, invalid
};

// The rows of VERDICTS.tsv that are about linearizability.
inline std::vector<KnownVerdict> known_verdicts() {
  std::vector<KnownVerdict> rows;
  std::ifstream table(shared_data() / "VERDICTS.tsv");
  for (std::string line; std::getline(table, line);) {
    std::istringstream cells(line);
    std::string kind, options;
    KnownVerdict row;
    std::getline(cells, row.file, '\t');
    std::getline(cells, kind, '\t');
    std::getline(cells, row.model, '\t');
    std::getline(cells, options, '\t');
    std::getline(cells, row.expected, '\t');
    if (kind != "linearizability") continue;
    std::istringstream list(options);
    for (std::string option; std::getline(list, option, ';');) row.options.push_back(option);
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace lockstep::reports
