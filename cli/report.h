// `lockstep report DIR…`: recorded runs again as a page, as text, or as what other tools read.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace lockstep::cli {

struct ReportArguments {
  std::vector<std::string> directories;  // of runs, or with such directories below them
  std::string format = "html";           // html, markdown, junit, json or text
  std::string out;                       // a file; empty: beside the run (html) or standard output
  bool colours = false;
};

// Exit code: 0 rendered, whatever the verdicts are, 2 a report is missing or damaged.
int render_reports(const ReportArguments& arguments, std::ostream& out, std::ostream& err);

}  // namespace lockstep::cli
