// Compares what the replicas say of themselves, fact by fact.
#include "reports/convergence.h"

#include <map>
#include <set>

#include "base/text.h"
#include "reports/evidence.h"

namespace lockstep::reports {

namespace {

// What replicas say of one thing: the text of the answer by replica; no entry where it says nothing.
using Answers = std::map<std::string, std::string>;

// The answer that most give; the smallest of those that equally many give.
std::string majority(const Answers& answers) {
  std::map<std::string, std::size_t> votes;
  for (const auto& [replica, answer] : answers) ++votes[answer];
  std::string best;
  std::size_t most = 0;
  for (const auto& [answer, count] : votes) {
    if (count > most) {
      best = answer;
      most = count;
    }
  }
  return best;
}

void compare(const std::string& subject, const Answers& answers, const std::vector<ReplicaState>& replicas,
             Evidence& evidence) {
  const std::string usual = majority(answers);
  for (const ReplicaState& replica : replicas) {
    const auto answer = answers.find(replica.replica);
    const std::string found = answer == answers.end() ? "none" : answer->second;
    if (found != usual) evidence.add(cat(replica.replica, ": ", subject, " is ", found, ", elsewhere ", usual));
  }
}

}  // namespace

Verdict check_convergence(const std::vector<ReplicaState>& replicas) {
  Verdict verdict;
  verdict.name = "convergence";
  verdict.promise = "all replicas end with the same applied index, database digest and table versions";
  std::map<std::string, Answers> facts;
  std::set<std::string> tables;
  for (const ReplicaState& replica : replicas) {
    facts["applied index"][replica.replica] = cat(replica.applied_index);
    facts["digest"][replica.replica] = hex16(replica.digest);
    for (const TableState& table : replica.tables) {
      tables.insert(table.table);
      facts[cat("version of ", table.table)][replica.replica] = cat(table.version);
    }
  }
  verdict.checked = {{"replicas", replicas.size()}, {"tables", tables.size()}};
  Evidence evidence;
  for (const auto& [subject, answers] : facts) compare(subject, answers, replicas, evidence);
  if (replicas.size() < 2) {
    verdict.outcome = Outcome::kUnknown;
    verdict.evidence = {"fewer than two replicas to compare"};
  }
  evidence.conclude(verdict);
  return verdict;
}

}  // namespace lockstep::reports
