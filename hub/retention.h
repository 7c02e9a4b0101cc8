// Old readings and instructions go: the leader deletes them in small steps, so that no entry takes long.
#pragma once

#include "hub/part.h"

namespace lockstep::hub {

class Retention final : public Part {
 public:
  explicit Retention(const Surroundings& surroundings) : surroundings_(surroundings) {}

  void on_lead() override;
  void on_follow() override { next_ = kNever; }
  void act(Instant now, bool leads) override;
  Instant deadline() const override { return busy_ ? kNever : next_; }

 private:
  void delete_step();

  const Surroundings& surroundings_;
  bool busy_ = false;
  Instant next_ = kNever;
};

}  // namespace lockstep::hub
