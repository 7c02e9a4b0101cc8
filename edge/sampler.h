// When each device is looked at, and its readings with the time of the edge's wall clock.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "base/env/clock.h"
#include "edge/description.h"
#include "edge/driver.h"
#include "storage/series/block.h"

namespace lockstep::edge {

// A device that could not be looked at in time is looked at once, not as often as was missed.
class Sampler {
 public:
  // Called for each reading that is one, in order.
  using Take = std::function<void(std::uint32_t stream, const std::string& series, series::Point point)>;

  Sampler(env::Clock& clock, const Description& description, Driver& driver, Duration period);

  void start();
  void set_period(std::size_t device, Duration period);
  // When this device last gave a reading.
  std::optional<Instant> last_reading(std::size_t device) const { return rhythms_[device].last_reading; }
  Instant deadline() const;
  void on_deadline(const Take& take);

 private:
  struct Rhythm {
    Duration period{};
    Instant next = kNever;
    std::optional<Instant> last_reading{};
  };
  void sample(std::size_t device, const Take& take);

  env::Clock& clock_;
  const Description& description_;
  Driver& driver_;
  std::vector<Rhythm> rhythms_;
  std::vector<Sample> samples_;
};

}  // namespace lockstep::edge
