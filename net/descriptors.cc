// The resource limit RLIMIT_NOFILE.
#include "net/descriptors.h"

#include <sys/resource.h>

#include <algorithm>

namespace lockstep::net {

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::size_t descriptors_for_clients() {
  constexpr std::size_t kOurs = 256;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return kOurs;
  const auto now = static_cast<std::size_t>(limit.rlim_cur);
  return std::max(now, 2 * kOurs) - kOurs;
}

}  // namespace lockstep::net
