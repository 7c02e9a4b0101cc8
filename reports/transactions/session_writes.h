// Which transactions of which sessions wrote a key; as large as the writes are, whatever the number of sessions.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace lockstep::transactions {

class SessionWrites {
 public:
  // The places of a session come in their order.
  void add(std::uint32_t key, std::uint32_t session, std::uint32_t place) {
    places_[{key, session}].push_back(place);
  }

  // The place of the last transaction of this session that wrote the key and comes before `place`.
  std::optional<std::uint32_t> last(std::uint32_t key, std::uint32_t session, std::uint32_t place) const {
    const auto found = places_.find({key, session});
    return found == places_.end() ? std::nullopt : last_of(found->second, place);
  }

  // `visit(session, place)` of the last one in each session that wrote the key and comes before `before(session)`.
  template <class Before, class Visit>
  void each_last(std::uint32_t key, const Before& before, const Visit& visit) const {
    for (auto entry = places_.lower_bound({key, 0}); entry != places_.end() && entry->first.first == key; ++entry) {
      const std::uint32_t session = entry->first.second;
      if (const auto place = last_of(entry->second, before(session))) visit(session, *place);
    }
  }

 private:
  using Places = std::vector<std::uint32_t>;

  static std::optional<std::uint32_t> last_of(const Places& places, std::uint32_t before) {
    const auto after = std::lower_bound(places.begin(), places.end(), before);
    if (after == places.begin()) return std::nullopt;
    return *(after - 1);
  }

  std::map<std::pair<std::uint32_t, std::uint32_t>, Places> places_;  // of key and session
};

}  // namespace lockstep::transactions
