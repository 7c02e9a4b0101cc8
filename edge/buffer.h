// The buffer of an edge: batches of readings in streams, durable until the hub has them, bounded by bytes.
//
// Facts of every batch are in memory, and so are the bodies of a few; everything else is in the store. What
// changes is decided here, on the actor, and made durable by the commits that the calls return, which must be
// executed in the order in which they were made.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "base/prng.h"
#include "base/result.h"
#include "edge/batch.h"
#include "edge/store_lane.h"
#include "storage/kv/store.h"

namespace lockstep::edge {

enum class FullPolicy : std::uint8_t {
  kDropOldest,  // of the lowest class
  kThin,  // from three quarters of the limit on the oldest of the lowest class first; at the limit as above
};

struct BufferOptions {
  std::uint64_t most_bytes = 64 << 20;  // of batches with what the store needs to keep them
  FullPolicy policy = FullPolicy::kDropOldest;
  Thinning thinning = Thinning::kMinMax;
  std::size_t thin_factor = 4;
  std::uint8_t most_thinnings = 2;         // of one batch
  std::size_t bodies_in_memory = 1 << 20;  // bytes
};

enum class Way : std::uint8_t {
  kWaiting,
  kHeld,  // to be sent as soon as what it leaves out is durably dropped
  kSent,  // under way: neither acknowledged nor given up
};

// What is known of a batch.
struct BatchFacts {
  std::uint64_t sequence = 0;
  std::uint64_t readings = 0;
  std::uint8_t thinned = 0;  // so often
  std::uint64_t bytes = 0;
  bool durable = false;
  Way way = Way::kWaiting;
  Bytes body{};  // empty: in the store only
};

struct StreamFacts {
  std::uint64_t next = 1;       // sequence of the next batch
  std::uint64_t announced = 0;  // all batches up to here are known to have been told of (kBuffered)
  std::uint64_t settled = 0;    // the hub has all up to here, unless they were dropped
  std::uint64_t dropped = 0;    // readings
  std::uint64_t own_id = 0;     // of a stream that began anew: the hub knows it by this; 0: by the buffer's
  std::uint64_t restored = 0;   // the last number of a former life that the store knows; in memory only
  std::uint64_t first = 1;      // of this life's numbers; in memory only
  std::uint64_t sent = 0;       // the last batch that has left in this life; in memory only
  std::uint64_t thin_from = 0;  // batches before this one cannot become smaller any more; in memory only
  std::deque<BatchFacts> batches{};

  std::uint64_t id(std::uint64_t of_buffer) const { return own_id != 0 ? own_id : of_buffer; }
};

// What the store held. The events have been told.
struct BufferContents {
  std::uint64_t id = 0;
  std::uint64_t life = 0;  // draws where this life's numbers begin; 0: at 1, for the store was made in it
  std::map<std::uint32_t, StreamFacts> streams;
};

class Buffer {
 public:
  // On the lane. A store without a buffer gets one, with the id that `seed` draws. kCorrupt: the sentence
  // says which row; kRefused: the store of another edge.
  static Result<BufferContents> restore(kv::Store& store, env::Trace& trace, std::string_view edge,
                                        std::uint64_t seed);

  Buffer(BufferContents contents, BufferOptions options);

  std::uint64_t id() const { return id_; }
  // By which the hub knows the stream.
  std::uint64_t id(std::uint32_t stream) const { return streams_.at(stream).id(id_); }
  std::uint64_t bytes() const { return bytes_; }
  const std::map<std::uint32_t, StreamFacts>& streams() const { return streams_; }
  std::size_t batches() const;

  // Takes a batch, and what it displaces away. It may be sent when the commit is durable and durable() has
  // been told.
  struct Added {
    std::uint64_t sequence;
    Commit commit;
  };
  Added add(std::uint32_t stream, const std::vector<Run>& runs);
  void durable(std::uint32_t stream, std::uint64_t sequence);

  // The hub has all of the stream up to `received`. Nothing: it said nothing new, or what cannot be.
  std::optional<Commit> settle(std::uint32_t stream, std::uint64_t received);
  // The hub has batches under numbers that this life has given, or will give, to other readings: a life of
  // which the store knows nothing any more was there before.
  bool has_lost(std::uint32_t stream, std::uint64_t received) const;
  // Then what a former life left is at the hub, and what this one took has to come under another id. Nothing
  // of the stream may be sent before this is durable.
  Commit begin_anew(std::uint32_t stream, std::uint64_t own_id);

  // The first batch that could be sent now; nullptr: none. Where a drop before it is not durable yet, as many as
  // `most` are held, and no more is dropped before them: the hub must not be told of a gap that a loss of power
  // could fill again.
  BatchFacts* next_to_send(std::uint32_t stream, std::size_t most);
  // What was dropped before this one is not durably gone yet.
  bool leaves_out_undurably(std::uint32_t stream, std::uint64_t sequence) const;
  // The one that follows this number; nullptr: none.
  BatchFacts* first_after(std::uint32_t stream, std::uint64_t sequence);
  void sent(std::uint32_t stream, BatchFacts& batch);
  // The one before it that was not dropped.
  std::uint64_t previous(std::uint32_t stream, std::uint64_t sequence) const;
  std::size_t count_under_way(std::uint32_t stream) const;
  void none_under_way(std::uint32_t stream);

  // Batches to be thinned now; empty: none. Their bodies are read by load(), and thinned() makes them smaller
  // unless something has happened to them meanwhile.
  struct Name {
    std::uint32_t stream = 0;
    std::uint64_t sequence = 0;
    std::uint8_t thinned = 0;
  };
  struct Loaded {
    Name name;
    std::optional<Bytes> body;  // nothing: not there any more, or thinned meanwhile
  };
  std::vector<Name> to_thin();
  // They may be sent again when the commit is durable and durable() has been told of each.
  Commit thinned(const std::vector<Loaded>& loaded);
  // On the lane.
  static Result<std::vector<Loaded>> load(kv::Store& store, const std::vector<Name>& names);
  void loaded(const Loaded& batch);
  // Not in memory, and next to be sent.
  std::vector<Name> to_load(std::uint32_t stream, std::size_t most);

 private:
  using Position = std::deque<BatchFacts>::iterator;
  struct Place {
    std::uint32_t stream = 0;
    std::uint64_t sequence = 0;
    bool operator==(const Place&) const = default;
  };
  struct Displaced {
    Place by, gone;
  };
  BatchFacts* find(std::uint32_t stream, std::uint64_t sequence);
  void put_stream(std::uint32_t stream, Commit& commit) const;
  void forget_body(BatchFacts& batch);
  void forget_up_to(std::uint32_t stream, std::uint64_t received, Commit& commit);
  void keep_within_limit(Place added, Commit& commit);
  void drop(std::uint32_t stream, Position batch, Commit& commit);
  std::optional<std::pair<std::uint32_t, Position>> victim();
  bool thin_one(const Loaded& loaded, Commit& commit);

  void begin_numbers(std::uint32_t number, StreamFacts& stream) const;

  std::uint64_t id_;
  std::uint64_t life_;
  BufferOptions options_;
  std::map<std::uint32_t, StreamFacts> streams_;
  std::deque<Displaced> displaced_;  // not durably, in the order of the commits
  std::uint64_t bytes_ = 0;
  std::uint64_t bodies_ = 0;  // bytes
};

}  // namespace lockstep::edge
