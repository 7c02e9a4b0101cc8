// Frames over a stream: whole ones come out, whole ones go in, and what waits is bounded.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/frame.h"
#include "net/memory_pool.h"
#include "net/stream.h"

namespace lockstep::net {

// Kept alive by its operations; close() ends them. All calls on the loop.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // The frame's checksum holds. Valid during the call only.
  using OnFrame = std::function<void(const Frame&)>;
  // With a sentence, at most once, not after close().
  using OnEnd = std::function<void(const std::string& why)>;

  // `pool`: where its buffers are counted, if anywhere.
  Connection(std::unique_ptr<Stream> stream, std::size_t max_queued_bytes,
             std::shared_ptr<MemoryPool> pool = nullptr)
      : stream_(std::move(stream)), max_queued_bytes_(max_queued_bytes), pool_(std::move(pool)) {}
  ~Connection() { count(0); }

  // `on_closed`: the other side has closed, or the way to it is broken. `on_garbage`: what it sends are no
  // frames; nothing more is read, and whoever is told may send a last frame and finish(), else this closes.
  void start(OnFrame on_frame, OnEnd on_closed, OnEnd on_garbage);
  // A frame that announces more than this is garbage. Small until the other side is known.
  void set_max_frame_bytes(std::size_t bytes) { max_frame_bytes_ = bytes; }

  // False, and nothing is sent, if too much waits already; a frame always fits into an empty queue.
  bool queue(const FrameHeader& header, BytesView payload);
  // Begins to send what was queued. Frames that are queued together leave together.
  void flush();
  // Whoever collects connections for a later flush() asks first: true, once until then.
  bool await_flush() { return !std::exchange(awaits_flush_, true); }
  // Lets what was queued leave and says that nothing follows. Whatever arrives is thrown away until the other
  // side closes, too: to close over its unread bytes would destroy our last words on their way (a reset).
  // The caller sets the limit of its patience.
  void finish();
  void close();

  bool is_open() const { return open_; }
  std::size_t held_bytes() const { return held_bytes_; }
  const Stream& stream() const { return *stream_; }
  std::string remote() const { return stream_->remote(); }

 private:
  void read();
  void on_read(std::size_t bytes);
  bool take_frames();
  void make_room(std::size_t last_read);
  void on_written();
  void give_up(const std::string& garbage);
  void break_off(const std::string& why);
  void count(std::size_t bytes);
  void count_buffers() { count(incoming_.capacity() + waiting_.capacity() + leaving_.capacity()); }

  std::unique_ptr<Stream> stream_;
  std::size_t max_queued_bytes_;
  std::size_t max_frame_bytes_ = 8192;
  std::shared_ptr<MemoryPool> pool_;
  std::size_t held_bytes_ = 0;  // as the pool knows
  OnFrame on_frame_;
  OnEnd on_closed_;
  OnEnd on_garbage_;
  bool open_ = true;
  bool finishing_ = false;
  bool deaf_ = false;  // what arrives is thrown away

  Bytes incoming_;  // [begin_, end_) has been received and not been taken
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  Bytes waiting_;  // encoded, not handed to the stream
  Bytes leaving_;  // handed to the stream
  bool writing_ = false;
  bool awaits_flush_ = false;
};

}  // namespace lockstep::net
