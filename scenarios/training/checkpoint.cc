// Field after field, and a hash behind them all.
#include "scenarios/training/checkpoint.h"

#include "base/hash.h"
#include "base/text.h"
#include "hub/cloud/bits.h"

namespace lockstep::training {
namespace {

using cloud::read_bits;
using cloud::write_bits;

constexpr BytesView kBegin = "lockstep training 1\n";
constexpr std::size_t kHashBytes = 8;

void write_specimen(const Specimen& specimen, ByteWriter& out) {
  out.sized(specimen.kind);
  write_bits(out, specimen.drift);
  const std::vector<double> numbers =
      specimen.known ? devices::numbers_of(*specimen.known) : std::vector<double>{};
  out.varint(numbers.size());
  for (const double number : numbers) write_bits(out, number);
}

Result<Specimen> read_specimen(ByteReader& in) {
  Specimen out;
  LOCKSTEP_TRY(kind, in.sized());
  out.kind = std::string(kind);
  LOCKSTEP_TRY_STATUS(read_bits(in, out.drift));
  LOCKSTEP_TRY(count, in.varint());
  std::vector<double> numbers;
  for (std::uint64_t i = 0; i < count; ++i) LOCKSTEP_TRY_STATUS(read_bits(in, numbers.emplace_back()));
  if (numbers.empty()) return out;
  LOCKSTEP_TRY(known, devices::parameters_of(kind, numbers));
  out.known = known;
  return out;
}

void write_curriculum(const Curriculum& curriculum, ByteWriter& out) {
  out.varint(curriculum.specimens.size());
  for (const Specimen& specimen : curriculum.specimens) write_specimen(specimen, out);
  out.u64(curriculum.seed).u64(curriculum.steps).u64(curriculum.batch);
  write_bits(out, curriculum.rate);
  out.u64(curriculum.rounds).u64(curriculum.windows);
}

Result<Curriculum> read_curriculum(ByteReader& in) {
  Curriculum out;
  out.specimens.clear();
  LOCKSTEP_TRY(specimens, in.varint());
  for (std::uint64_t i = 0; i < specimens; ++i) {
    LOCKSTEP_TRY(specimen, read_specimen(in));
    out.specimens.push_back(std::move(specimen));
  }
  LOCKSTEP_TRY(seed, in.u64());
  LOCKSTEP_TRY(steps, in.u64());
  LOCKSTEP_TRY(batch, in.u64());
  LOCKSTEP_TRY_STATUS(read_bits(in, out.rate));
  LOCKSTEP_TRY(rounds, in.u64());
  LOCKSTEP_TRY(windows, in.u64());
  out.seed = seed;
  out.steps = steps;
  out.batch = batch;
  out.rounds = rounds;
  out.windows = windows;
  return out;
}

Result<Checkpoint> read_fields(BytesView fields) {
  ByteReader in(fields);
  LOCKSTEP_TRY(curriculum, read_curriculum(in));
  Checkpoint out{.curriculum = std::move(curriculum), .curve = {}, .trainer = {}};
  LOCKSTEP_TRY(tunes, in.u8());
  LOCKSTEP_TRY(round, in.u64());
  LOCKSTEP_TRY(points, in.varint());
  out.tunes = tunes != 0;
  out.round = round;
  for (std::uint64_t i = 0; i < points; ++i) {
    cloud::CurvePoint point;
    LOCKSTEP_TRY(step, in.u64());
    point.step = step;
    LOCKSTEP_TRY_STATUS(read_bits(in, point.learned));
    LOCKSTEP_TRY_STATUS(read_bits(in, point.held_out));
    out.curve.push_back(point);
  }
  LOCKSTEP_TRY(trainer, in.raw(in.remaining()));
  out.trainer = Bytes(trainer);
  return out;
}

}  // namespace

Bytes write_checkpoint(const Checkpoint& checkpoint) {
  Bytes out(kBegin);
  ByteWriter writer(out);
  write_curriculum(checkpoint.curriculum, writer);
  writer.u8(checkpoint.tunes ? 1 : 0).u64(checkpoint.round).varint(checkpoint.curve.size());
  for (const cloud::CurvePoint& point : checkpoint.curve) {
    writer.u64(point.step);
    write_bits(writer, point.learned);
    write_bits(writer, point.held_out);
  }
  writer.raw(checkpoint.trainer);
  const std::uint64_t hash = hash64(out);
  writer.u64(hash);
  return out;
}

Result<Checkpoint> read_checkpoint(BytesView file) {
  if (!file.starts_with(kBegin) || file.size() < kBegin.size() + kHashBytes)
    return fail(ErrorCode::kCorrupt, "expected a training that was interrupted, as --checkpoint keeps it");
  const BytesView hashed = file.substr(0, file.size() - kHashBytes);
  ByteReader end(file.substr(hashed.size()));
  LOCKSTEP_TRY(hash, end.u64());
  if (hash != hash64(hashed)) return fail(ErrorCode::kCorrupt, "the training that was kept is damaged");
  return read_fields(hashed.substr(kBegin.size()));
}

}  // namespace lockstep::training
