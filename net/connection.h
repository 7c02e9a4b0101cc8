// Frames over a stream: whole ones come out, whole ones go in, and what waits is bounded.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/frame.h"
#include "net/stream.h"

namespace lockstep::net {

// Kept alive by its operations; close() ends them. All calls on the loop.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // The frame's checksum holds. Valid during the call only.
  using OnFrame = std::function<void(const Frame&)>;
  // Once, with a sentence; not after close().
  using OnClosed = std::function<void(const std::string& why)>;

  Connection(std::unique_ptr<Stream> stream, std::size_t max_queued_bytes)
      : stream_(std::move(stream)), max_queued_bytes_(max_queued_bytes) {}

  void start(OnFrame on_frame, OnClosed on_closed);
  // A frame that announces more than this is a reason to close. Small until the other side is known.
  void set_max_frame_bytes(std::size_t bytes) { max_frame_bytes_ = bytes; }

  // False, and nothing is sent, if too much waits already; a frame always fits into an empty queue.
  bool queue(const FrameHeader& header, BytesView payload);
  // Begins to send what was queued. Frames that are queued together leave together.
  void flush();
  // Lets what was queued leave, then closes.
  void finish();
  void close();

  bool is_open() const { return open_; }
  std::string remote() const { return stream_->remote(); }

 private:
  void read();
  void on_read(std::size_t bytes);
  bool take_frames();
  void make_room();
  void break_off(const std::string& why);

  std::unique_ptr<Stream> stream_;
  std::size_t max_queued_bytes_;
  std::size_t max_frame_bytes_ = 8192;
  OnFrame on_frame_;
  OnClosed on_closed_;
  bool open_ = true;
  bool finishing_ = false;

  Bytes incoming_;  // [begin_, end_) has been received and not been taken
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  Bytes waiting_;  // encoded, not handed to the stream
  Bytes leaving_;  // handed to the stream
  bool writing_ = false;
  Bytes frame_;
};

}  // namespace lockstep::net
