// Pairs of touches of one key by one process, one after the other.
#include "reports/transactions/guarantees.h"

#include <algorithm>

#include "base/text.h"
#include "reports/transactions/observations.h"

namespace lockstep::transactions {

namespace {

struct Guarantee {
  std::string_view name;
  bool older_writes, newer_writes;
};
constexpr Guarantee kGuarantees[] = {{"read-your-writes", true, false},
                                     {"monotonic-reads", false, false},
                                     {"monotonic-writes", true, true},
                                     {"writes-follow-reads", false, true}};

const Guarantee& guarantee_of(const Step& older, const Step& newer) {
  return *std::find_if(std::begin(kGuarantees), std::end(kGuarantees), [&](const Guarantee& guarantee) {
    return guarantee.older_writes == older.write && guarantee.newer_writes == newer.write;
  });
}

std::string step_text(const Transactions& all, const Step& step) {
  if (step.write) return cat("wrote ", all.version_text(step.version), " to ", all.key_text(step.key));
  return cat("read ", all.key_text(step.key), " as ", to_json(*step.answer));
}

// How much of its list a step has seen or made; an append that nobody read comes after everything that was.
std::uint64_t progress(const Transactions& all, const Step& step) {
  if (!step.write) return step.length;
  const std::uint32_t place = all.versions[step.version].place;
  return place == kNone ? ~0ull : place + 1ull;
}

void check_lists(const Transactions& all, AnomalyLog& log) {
  each_session_pair(all, [&](std::uint32_t, const Step& older, const Step& newer, std::uint32_t transaction) {
    if (!older.list_is_prefix || !newer.list_is_prefix || progress(all, newer) >= progress(all, older))
      return;
    log.add(guarantee_of(older, newer).name, [&] {
      return std::vector<std::string>{
          introduce(all, transaction),
          cat("its process ", step_text(all, older), " before, and then ", step_text(all, newer))};
    });
  });
}

bool orderable(const Transactions& all, const Step& step) {
  if (step.version == kNone) return true;
  const Version& version = all.versions[step.version];
  return version.last && version.writer != kNone && all.transactions[version.writer].happened;
}

void check_registers(const Transactions& all, const VersionOrder& order, AnomalyLog& log) {
  for (const Guarantee& guarantee : kGuarantees) {
    VersionOrder demanded = order;
    struct Demand {
      std::uint32_t key;
      const Step* older;
      const Step* newer;
      std::uint32_t transaction;
    };
    std::vector<Demand> demands;
    each_session_pair(
        all, [&](std::uint32_t key, const Step& older, const Step& newer, std::uint32_t transaction) {
          if (&guarantee_of(older, newer) != &guarantee || !orderable(all, older) || !orderable(all, newer))
            return;
          const std::uint32_t from = VersionNode::of(all, key, older.version),
                              to = VersionNode::of(all, key, newer.version);
          if (from == to) return;
          demanded.emplace_back(from, to);
          demands.push_back({key, &older, &newer, transaction});
        });
    for (const std::uint32_t key : cyclic_keys(all, demanded)) {
      log.add(guarantee.name, [&] {
        std::vector<std::string> lines = {
            cat("no order of the versions of ", all.key_text(key), " satisfies all of these:")};
        for (const Demand& demand : demands) {
          if (demand.key != key || lines.size() > 6) continue;
          lines.push_back(cat("process ", all.transactions[demand.transaction].process, " ",
                              step_text(all, *demand.older), ", and then ", step_text(all, *demand.newer)));
        }
        return lines;
      });
    }
  }
}

}  // namespace

void check_guarantees(const Transactions& all, const VersionOrder& order, AnomalyLog& log) {
  if (all.workload == Workload::kListAppend) {
    check_lists(all, log);
  } else {
    check_registers(all, order, log);
  }
}

}  // namespace lockstep::transactions
