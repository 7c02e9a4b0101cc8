// One pass over steps, one over lists, one sort for lost updates.
#include "reports/transactions/observations.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "base/text.h"
#include "reports/transactions/footprint.h"

namespace lockstep::transactions {

namespace {

using reports::Completion;
using reports::Value;
using Lines = std::vector<std::string>;

bool failed(const Transactions& all, std::uint32_t transaction) {
  return transaction != kNone && all.transactions[transaction].completion == Completion::kFail;
}

bool outside(const Transactions& all, std::uint32_t transaction) {
  return transaction == kNone || all.transactions[transaction].operation == kNone;
}

class Observer {
 public:
  Observer(const Transactions& all, const ObservationOptions& options, AnomalyLog& log)
      : all_(all), options_(options), log_(log) {}

  void run() {
    if (all_.workload == Workload::kListAppend) find_bad_elements();
    for (std::uint32_t t = 0; t < all_.transactions.size(); ++t) {
      if (all_.transactions[t].completion != Completion::kOk || all_.transactions[t].operation == kNone)
        continue;
      const auto steps = all_.steps_of(t);
      for (std::size_t at = 0; at < steps.size(); ++at) {
        if (steps[at].write) continue;
        check_internal(t, steps, at);
        check_future(t, steps, at);
        check_source(t, steps, at);
        note_update(t, steps, at);
      }
    }
    find_lost_updates();
  }

 private:
  std::string read_text(const Step& step) const {
    return cat("read ", all_.key_text(step.key), " as ", to_json(*step.answer));
  }

  // What a key must hold for this read, as far as the transaction itself knows.
  void check_internal(std::uint32_t t, std::span<const Step> steps, std::size_t at) {
    const Step* base = nullptr;
    std::size_t own = 0;
    for (std::uint32_t before = steps[at].previous; before != kNone; before = steps[before].previous) {
      if (!steps[before].write) {
        base = &steps[before];
        break;
      }
      ++own;
      if (all_.workload == Workload::kRegister) break;
    }
    if (base == nullptr && own == 0) return;
    const bool fits = all_.workload == Workload::kRegister ? register_fits(steps, at, base, own)
                                                           : list_fits(steps, at, base, own);
    if (fits) return;
    const auto prove = [&] {
      return Lines{
          introduce(all_, t),
          cat("it ", read_text(steps[at]), own > 0 ? ", which does not follow from what it wrote" : "",
              base != nullptr ? cat(own > 0 ? " after it " : ", and before it ", read_text(*base))
                              : std::string())};
    };
    log_.add("internal", prove);
    if (own == 0) log_.add("non-repeatable-read", prove);
  }

  bool register_fits(std::span<const Step> steps, std::size_t at, const Step* base, std::size_t own) const {
    if (own == 0) return steps[at].version == base->version;
    return steps[at].version == steps[steps[at].previous].version;  // the loop ended at a write
  }

  // The list must end with the transaction's own appends, and begin with what it read before them.
  bool list_fits(std::span<const Step> steps, std::size_t at, const Step* base, std::size_t own) const {
    static const Value::Array kEmpty;
    const Value::Array* found = steps[at].answer->as_array();
    const Value::Array& list = found == nullptr ? kEmpty : *found;
    const Value::Array* known = base == nullptr ? nullptr : base->answer->as_array();
    const Value::Array& start = known == nullptr ? kEmpty : *known;
    if (list.size() < own) return false;
    if (base != nullptr &&
        (list.size() != start.size() + own || !std::equal(start.begin(), start.end(), list.begin())))
      return false;
    std::size_t end = list.size();
    for (std::uint32_t before = steps[at].previous; before != kNone && &steps[before] != base;
         before = steps[before].previous) {
      if (all_.versions[steps[before].version].value != list[--end]) return false;
    }
    return true;
  }

  bool shows(const Step& read, std::uint32_t version) const {
    if (all_.workload == Workload::kRegister) return read.version == version;
    if (read.list_is_prefix) return all_.versions[version].place < read.length;
    const Value::Array& list = *read.answer->as_array();
    return std::find(list.begin(), list.end(), all_.versions[version].value) != list.end();
  }

  void check_future(std::uint32_t t, std::span<const Step> steps, std::size_t at) {
    if (steps[at].last_write == kNone || steps[at].last_write < at) return;
    for (std::size_t later = at + 1; later <= steps[at].last_write; ++later) {
      if (!steps[later].write || steps[later].key != steps[at].key || !shows(steps[at], steps[later].version))
        continue;
      log_.add("future-read", [&] {
        return Lines{introduce(all_, t), cat("it ", read_text(steps[at]), ", and wrote ",
                                             all_.version_text(steps[later].version), " only later")};
      });
      return;
    }
  }

  // Whose write was seen?
  void check_source(std::uint32_t t, std::span<const Step> steps, std::size_t at) {
    const Step& read = steps[at];
    if (read.version == kNone) return;
    if (all_.workload == Workload::kListAppend && read.list_is_prefix) {
      log_bad_elements(t, read);
    } else if (failed(all_, all_.versions[read.version].writer) ||
               outside(all_, all_.versions[read.version].writer)) {
      log_bad_source(t, read, read.version);
    }
    const Version& newest = all_.versions[read.version];
    if (newest.last || newest.writer == kNone || newest.writer == t || !is_external_read(steps, at)) return;
    log_.add("G1b", [&] {
      return Lines{introduce(all_, t),
                   cat("it ", read_text(read), ": ", all_.version_text(read.version),
                       " is not the last that its writer wrote there:"),
                   introduce(all_, newest.writer)};
    });
  }

  // The first of those that a failed transaction wrote, and the first that nobody did.
  void log_bad_elements(std::uint32_t t, const Step& read) {
    std::array<bool, 2> is_told{};
    for (const std::uint32_t place : bad_[read.key]) {
      if (place >= read.length) return;
      const std::uint32_t version = all_.lists[read.key][place];
      bool& told = is_told[failed(all_, all_.versions[version].writer) ? 1 : 0];
      if (!std::exchange(told, true)) log_bad_source(t, read, version);
    }
  }

  void log_bad_source(std::uint32_t t, const Step& read, std::uint32_t version) {
    const std::uint32_t writer = all_.versions[version].writer;
    if (!failed(all_, writer)) {
      if (all_.workload == Workload::kRegister && options_.unwritten_values_allowed) return;
      log_.add("garbage-read", [&] {
        return Lines{introduce(all_, t), cat("it ", read_text(read), ", and nobody wrote ",
                                             all_.version_text(version), " there")};
      });
      return;
    }
    const auto prove = [&] {
      return Lines{introduce(all_, t),
                   cat("it ", read_text(read), ", and ", all_.version_text(version),
                       " is of a transaction that failed:"),
                   introduce(all_, writer)};
    };
    log_.add("G1a", prove);
    if (all_.workload == Workload::kRegister && read.last_write != kNone) log_.add("dirty-update", prove);
  }

  // Elements of failed or unknown writers, and updates on top of them.
  void find_bad_elements() {
    bad_.resize(all_.lists.size());
    for (std::uint32_t key = 0; key < all_.lists.size(); ++key) {
      const auto& list = all_.lists[key];
      for (std::uint32_t place = 0; place < list.size(); ++place) {
        const std::uint32_t writer = all_.versions[list[place]].writer;
        if (writer == kNone || failed(all_, writer)) {
          bad_[key].push_back(place);
          continue;
        }
        const bool on_failed = place > 0 && failed(all_, all_.versions[list[place - 1]].writer);
        if (!on_failed) continue;
        log_.add("dirty-update", [&] {
          return Lines{
              introduce(all_, writer),
              cat("it appended ", all_.version_text(list[place]), " to ", all_.key_text(key), " after ",
                  all_.version_text(list[place - 1]), ", which is of a transaction that failed:"),
              introduce(all_, all_.versions[list[place - 1]].writer)};
        });
      }
    }
  }

  void note_update(std::uint32_t t, std::span<const Step> steps, std::size_t at) {
    if (!is_first_of_key(steps, at) || !steps[at].list_is_prefix) return;
    if (steps[at].last_write == kNone) return;
    updates_.push_back({steps[at].key, steps[at].version, t});
  }

  void find_lost_updates() {
    std::sort(updates_.begin(), updates_.end());
    for (std::size_t i = 1; i < updates_.size(); ++i) {
      const auto& [key, version, t] = updates_[i];
      const auto& [other_key, other_version, other] = updates_[i - 1];
      if (key != other_key || version != other_version) continue;
      log_.add("lost-update", [&, of = key, read = version, one = t, another = other] {
        return Lines{introduce(all_, another), introduce(all_, one),
                     cat("both read ", all_.key_text(of),
                         read == kNone ? std::string(" while it was empty")
                                       : cat(" when its newest version was ", all_.version_text(read)),
                         ", and both wrote it: one of the writes did not see the other")};
      });
    }
  }

  const Transactions& all_;
  const ObservationOptions options_;
  AnomalyLog& log_;
  std::vector<std::vector<std::uint32_t>> bad_;  // per key: places of elements that should not be there
  std::vector<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>>
      updates_;  // key, version read, transaction
};

}  // namespace

std::string introduce(const Transactions& all, std::uint32_t transaction) {
  const Transaction& t = all.transactions[transaction];
  if (t.operation == kNone) return "a transaction outside of this history";
  const reports::Operation& operation = (*all.history)[t.operation];
  std::string text = to_json(t.completion == Completion::kOk ? operation.result : operation.argument);
  constexpr std::size_t kMost = 160;
  if (text.size() > kMost) text = text.substr(0, kMost / 2) + " ... " + text.substr(text.size() - kMost / 2);
  const std::string_view outcome = t.completion == Completion::kFail   ? ", failed"
                                   : t.completion == Completion::kInfo ? ", outcome unknown"
                                                                       : "";
  return cat("process ", t.process, ", event ", operation.invoked.index, outcome, ": ", text);
}

void observe(const Transactions& transactions, const ObservationOptions& options, AnomalyLog& log) {
  Observer(transactions, options, log).run();
}

}  // namespace lockstep::transactions
