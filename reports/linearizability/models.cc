// Transitions of the models that intern their states.
#include "reports/linearizability/models.h"

#include <algorithm>

#include "base/hash.h"
#include "base/text.h"

namespace lockstep::linearizability {

namespace {

// Polynomial hash modulo 2^61 - 1: the hash of a text extended by a piece follows from both hashes.
constexpr std::uint64_t kModulus = (1ull << 61) - 1;
constexpr std::uint64_t kBase = 0x1b873593cc9e2d51ull % kModulus;

std::uint64_t times(std::uint64_t a, std::uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  const std::uint64_t sum = static_cast<std::uint64_t>(product & kModulus) + static_cast<std::uint64_t>(product >> 61);
  return sum >= kModulus ? sum - kModulus : sum;
}

std::uint64_t extended(std::uint64_t hash, std::string_view piece) {
  for (const char c : piece) hash = (times(hash, kBase) + static_cast<unsigned char>(c) + 1) % kModulus;
  return hash;
}

template <class Words>
std::uint64_t hash_words(const Words& words) {
  return hash64(BytesView(reinterpret_cast<const char*>(words.data()), words.size() * sizeof(words[0])));
}

}  // namespace

bool RegisterModel::may_observe(const Step& reader, const Step& writer) const {
  // A refused compare-and-set can be explained by any value but one.
  if (reader.kind == Step::Kind::kDiffers) return true;
  if (reader.kind == Step::Kind::kAssign) return false;
  return reader.a == (writer.kind == Step::Kind::kSwap ? writer.b : writer.a);
}

std::uint32_t AppendModel::piece(const std::string& text) { return pieces_.intern(reports::Value(text)); }

std::uint32_t AppendModel::intern(std::uint32_t shorter, const std::string& piece_text, std::uint32_t piece) {
  Node node{shorter, piece, piece_text.size(), 0};
  if (shorter != kIllegal) node.size += nodes_[shorter].size;
  node.hash = extended(shorter == kIllegal ? 1 : nodes_[shorter].hash, piece_text);
  const auto next = static_cast<std::uint32_t>(nodes_.size());
  nodes_.push_back(node);
  const std::uint32_t number = index_.find_or_insert(node.hash, next, [&](std::uint32_t other) {
    const Node& found = nodes_[other];
    if (found.size != node.size) return false;
    return (found.shorter == shorter && found.piece == piece) || content(other) == content(next);
  });
  if (number != next) nodes_.pop_back();
  return number;
}

std::uint32_t AppendModel::after_append(std::uint32_t state, std::uint32_t piece) {
  const std::string& text = *pieces_[piece].as_text();
  return text.empty() ? state : intern(state, text, piece);
}

std::string AppendModel::content(std::uint32_t state) const {
  std::string out(nodes_[state].size, '\0');
  for (std::size_t end = out.size(); end > 0; state = nodes_[state].shorter) {
    const std::string& text = *pieces_[nodes_[state].piece].as_text();
    end -= text.size();
    out.replace(end, text.size(), text);
  }
  return out;
}

bool AppendModel::may_observe(const Step& reader, const Step& writer) const {
  if (reader.kind != Step::Kind::kEquals) return false;
  const std::string left = writer.kind == Step::Kind::kAppend ? *pieces_[writer.a].as_text() : content(writer.a);
  return content(reader.a).find(left) != std::string::npos;
}

std::uint32_t MultiModel::transaction(std::vector<Access> accesses) {
  std::vector<std::uint32_t> words;
  for (const Access& access : accesses) words.insert(words.end(), {access.cell, access.writes, access.value});
  const auto next = static_cast<std::uint32_t>(transactions_.size());
  const std::uint32_t number = transaction_index_.find_or_insert(
      hash_words(words), next, [&](std::uint32_t other) { return transactions_[other] == accesses; });
  if (number == next) transactions_.push_back(std::move(accesses));
  return number;
}

std::uint32_t MultiModel::intern(Tuple tuple) {
  const auto next = static_cast<std::uint32_t>(tuples_.size());
  const std::uint32_t number = tuple_index_.find_or_insert(
      hash_words(tuple), next, [&](std::uint32_t other) { return tuples_[other] == tuple; });
  if (number == next) tuples_.push_back(std::move(tuple));
  return number;
}

std::uint32_t MultiModel::after(std::uint32_t state, const Step& step) {
  Tuple tuple = tuples_[state];
  for (const Access& access : transactions_[step.a]) {
    if (access.writes) {
      tuple[access.cell] = access.value;
    } else if (tuple[access.cell] != access.value) {
      return kIllegal;
    }
  }
  return step.read_only ? state : intern(std::move(tuple));
}

bool MultiModel::may_observe(const Step& reader, const Step& writer) const {
  const auto& reads = transactions_[reader.a];
  const auto& writes = transactions_[writer.a];
  return std::any_of(writes.begin(), writes.end(), [&](const Access& write) {
    return write.writes && std::find(reads.begin(), reads.end(), Access{write.cell, false, write.value}) != reads.end();
  });
}

std::string MultiModel::text(std::uint32_t state) const {
  std::string out = "{";
  const Tuple& tuple = tuples_[state];
  for (std::size_t cell = 0; cell < tuple.size(); ++cell) {
    out += cat(cell == 0 ? "" : ", ", to_json(keys[static_cast<std::uint32_t>(cell)]), ": ", to_json(values[tuple[cell]]));
  }
  return out + "}";
}

}  // namespace lockstep::linearizability
