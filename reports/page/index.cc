// The table is markup already; the program only knows light and dark.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "reports/escape.h"
#include "reports/page/assets.h"
#include "reports/page/fill.h"
#include "reports/page/page.h"
#include "reports/render.h"

namespace lockstep::page {
namespace {

using reports::escaped_markup;
using reports::Outcome;
using reports::Report;

constexpr std::array<Outcome, 4> kWorstFirst = {Outcome::kViolated, Outcome::kVacuous, Outcome::kUnknown,
                                                Outcome::kHolds};

std::size_t place_of(Outcome outcome) {
  return static_cast<std::size_t>(std::ranges::find(kWorstFirst, outcome) - kWorstFirst.begin());
}

std::string cell(std::string_view text, std::string_view kind = "") {
  return cat("<td", kind.empty() ? "" : cat(" class=\"", kind, "\""), ">", escaped_markup(text), "</td>");
}

std::string failures_of(const Report& report) {
  std::string names;
  for (const reports::Verdict& verdict : report.verdicts)
    if (verdict.outcome != Outcome::kHolds) names += cat(names.empty() ? "" : ", ", verdict.name);
  return names;
}

std::string row_of(const IndexRow& row) {
  const Report& report = row.report;
  const std::string name = escaped_markup(cat(report.scenario, ", seed ", report.seed));
  const std::string outcome(reports::to_string(report.outcome()));
  std::string out = "<tr><th scope=\"row\">";
  out += row.link.empty() ? name : cat("<a href=\"", escaped_markup(row.link), "\">", name, "</a>");
  out += cat("</th><td><span class=\"mark ", outcome, "\">", outcome, "</span></td>");
  out += cell(failures_of(report), "soft");
  for (const std::uint64_t count :
       {report.operations.ok, report.operations.failed, report.operations.unknown})
    out += cell(cat(count), "number");
  out += cell(report.elections ? cat(report.elections->leaders) : "–", "number");
  out += cell(reports::readable(report.simulated), "number");
  const bool real = report.world == reports::World::kReal;
  out += cat("<td><code>", real ? "real" : hex16(report.trace_hash), "</code></td></tr>\n");
  return out;
}

// "12 runs: 11 hold, 1 is violated"
std::string headline_of(const std::array<std::uint64_t, 4>& counts, std::size_t runs) {
  static constexpr std::string_view kOne[] = {"is violated", "proves nothing", "is undecided", "holds"};
  static constexpr std::string_view kMany[] = {"are violated", "prove nothing", "are undecided", "hold"};
  std::string parts;
  for (std::size_t i = 0; i < counts.size(); ++i)
    if (counts[i] > 0)
      parts += cat(parts.empty() ? "" : ", ", counts[i], " ", counts[i] == 1 ? kOne[i] : kMany[i]);
  return cat(runs, runs == 1 ? " run: " : " runs: ", parts);
}

}  // namespace

std::string index_of(const std::vector<IndexRow>& rows) {
  std::array<std::uint64_t, 4> counts{};
  reports::OperationCounts sum;
  std::uint64_t events = 0;
  std::array<std::string, 4> texts;  // what does not hold comes first
  for (const IndexRow& row : rows) {
    const std::size_t place = place_of(row.report.outcome());
    ++counts[place];
    texts[place] += row_of(row);
    sum.ok += row.report.operations.ok;
    sum.unknown += row.report.operations.unknown;
    events += row.report.trace_events;
  }
  const std::string headline = headline_of(counts, rows.size());
  const char* tone = counts[0] > 0 ? "bad" : counts[1] + counts[2] > 0 ? "warn" : "good";
  return filled(index_html(), {{"title", headline},
                               {"style", style_css()},
                               {"tone", tone},
                               {"headline", headline},
                               {"detail", cat(sum.ok, " operations succeeded, ", sum.unknown,
                                              " ended in doubt; ", events, " events.")},
                               {"rows", cat(texts[0], texts[1], texts[2], texts[3])},
                               {"program", basics_js()}});
}

}  // namespace lockstep::page
