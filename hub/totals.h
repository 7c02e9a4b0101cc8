// How many instructions there were, and which numbers they had: none is used twice, whoever deletes rows.
#pragma once

#include "core/proto/field.pb.h"
#include "hub/part.h"
#include "hub/schema.h"

namespace lockstep::hub {

class Totals final : public Part {
 public:
  explicit Totals(const Surroundings& surroundings) : surroundings_(surroundings) {}

  const TotalsRow& row() const { return row_; }
  // The next instruction's number is above this: edges leave alone what they have seen. It is what rows had
  // in this life, what was decided in all, and what edges say that they had, whichever is the most.
  std::uint64_t last_number() const { return last_number_; }

  // On the leader.
  void on_hello(const wire::Hello& hello);

  void on_row(const sql::RowChange& change) override;
  void on_lead() override { again_ = surroundings_.now(); }
  void act(Instant now, bool leads) override;
  Instant deadline() const override { return is_there_ ? kNever : again_; }

 private:
  void learn(std::uint64_t number);
  void make_row(Instant now);

  const Surroundings& surroundings_;
  TotalsRow row_;
  bool is_there_ = false;   // in the database
  Instant again_ = kNever;  // when the row is made, if it is not there
  std::uint64_t last_number_ = 0;
};

}  // namespace lockstep::hub
