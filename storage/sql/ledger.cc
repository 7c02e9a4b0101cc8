// Versions and digests with an undo list.
#include "storage/sql/ledger.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/check.h"
#include "base/hash.h"

namespace lockstep::sql {
namespace {

std::uint64_t term_of(std::string_view name, std::uint64_t version, std::uint64_t sum) {
  if (version == 0 && sum == 0) return 0;  // as if the table had never been heard of
  char words[16];
  for (int i = 0; i < 8; ++i) {
    words[i] = static_cast<char>(version >> (8 * i));
    words[8 + i] = static_cast<char>(sum >> (8 * i));
  }
  return hash64(BytesView(words, sizeof words), hash64(name));
}

}  // namespace

TableRecord& Ledger::record(std::string_view folded_name) {
  if (const auto found = records_.find(folded_name); found != records_.end()) return found->second;
  TableRecord& fresh = records_.emplace(folded_name, TableRecord{}).first->second;
  fresh.name = folded_name;
  return fresh;
}

const TableRecord* Ledger::find(std::string_view folded_name) const {
  const auto found = records_.find(folded_name);
  return found == records_.end() ? nullptr : &found->second;
}

void Ledger::load(std::string_view folded_name, std::uint64_t version, std::uint64_t sum) {
  TableRecord& loaded = record(folded_name);
  loaded.version = version;
  loaded.sum = sum;
  mark_stale(loaded);
}

void Ledger::mark_stale(TableRecord& record) {
  if (record.stale) return;
  record.stale = true;
  stale_.push_back(&record);
}

void Ledger::note(TableRecord& record) {
  undo_.push_back({&record, record.version, record.sum, record.is_table});
  record.noted = serial_;
  mark_stale(record);
  if (record.unsaved) return;
  record.unsaved = true;
  unsaved_.push_back(&record);
}

Ledger::Mark Ledger::mark() {
  ++serial_;
  return undo_.size();
}

void Ledger::undo_to(Mark mark) {
  CHECK(mark <= undo_.size());
  while (undo_.size() > mark) {
    const Undo& undo = undo_.back();
    undo.record->version = undo.version;
    undo.record->sum = undo.sum;
    undo.record->is_table = undo.is_table;
    mark_stale(*undo.record);
    undo_.pop_back();
  }
  ++serial_;  // records noted above the mark must be noted again
}

void Ledger::forget_marks() {
  undo_.clear();
  ++serial_;
}

TableVersions Ledger::changed_since(Mark mark) const {
  TableVersions changed;
  for (std::size_t at = mark; at < undo_.size(); ++at) {
    const TableRecord& record = *undo_[at].record;
    // The first note above the mark tells the number at the mark.
    const auto seen = [&](const auto& pair) { return pair.first == record.name; };
    if (record.version != undo_[at].version && std::ranges::none_of(changed, seen))
      changed.emplace_back(record.name, record.version);
  }
  std::ranges::sort(changed);
  return changed;
}

TableVersions Ledger::versions() const {
  TableVersions all;
  for (const auto& [name, record] : records_)
    if (record.version != 0) all.emplace_back(name, record.version);
  return all;
}

std::uint64_t Ledger::digest() {
  for (TableRecord* record : stale_) {
    const std::uint64_t term = term_of(record->name, record->version, record->sum);
    total_ += term - record->term;
    record->term = term;
    record->stale = false;
  }
  stale_.clear();
  return total_;
}

std::uint64_t Ledger::digest_with(const std::map<std::string, std::uint64_t>& sums) const {
  std::uint64_t total = 0;
  for (const auto& [name, record] : records_) {
    const auto sum = sums.find(name);
    total += term_of(name, record.version, sum == sums.end() ? 0 : sum->second);
  }
  for (const auto& [name, sum] : sums)
    if (!records_.contains(name)) total += term_of(name, 0, sum);
  return total;
}

}  // namespace lockstep::sql
