// Buffers of a connection.
#include "net/connection.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/text.h"

namespace lockstep::net {
namespace {

// An idle connection should cost little, a busy one few system calls: the buffer grows when a read has filled
// it, and shrinks to what the last read needed.
constexpr std::size_t kFirstBufferBytes = 2048;
constexpr std::size_t kMostReadAtOnce = 256 << 10;
// What a burst has left behind is given back.
constexpr std::size_t kKeptBytes = 64 << 10;

// A record of TLS begins with its kind (20 to 23) and version 3.1 to 3.4. As the length of a frame this is
// more than a handshake may have, so no frame that could be ours looks like it.
bool looks_like_tls(BytesView bytes) {
  return bytes.size() >= 3 && bytes[0] >= 0x14 && bytes[0] <= 0x17 && bytes[1] == 3 && bytes[2] >= 1 &&
         bytes[2] <= 4;
}

}  // namespace

void Connection::start(OnFrame on_frame, OnEnd on_closed, OnEnd on_garbage) {
  on_frame_ = std::move(on_frame);
  on_closed_ = std::move(on_closed);
  on_garbage_ = std::move(on_garbage);
  incoming_.resize(kFirstBufferBytes);
  count_buffers();
  read();
}

bool Connection::queue(const FrameHeader& header, BytesView payload) {
  if (!open_ || finishing_) return false;
  const std::size_t queued = waiting_.size() + (writing_ ? leaving_.size() : 0);
  if (queued > 0 && queued + payload.size() + kFrameHeaderBytes > max_queued_bytes_) return false;
  append_frame(header, payload, waiting_);
  count_buffers();
  return true;
}

void Connection::flush() {
  awaits_flush_ = false;
  if (!open_ || writing_ || waiting_.empty()) return;
  writing_ = true;
  leaving_.swap(waiting_);
  stream_->write(asio::buffer(leaving_), [self = shared_from_this()](const IoError& error, std::size_t) {
    if (!self->open_) return;
    if (error) return self->break_off(self->stream_->describe(error));
    self->on_written();
  });
}

void Connection::on_written() {
  writing_ = false;
  leaving_.clear();
  if (leaving_.capacity() > kKeptBytes) leaving_.shrink_to_fit();
  count_buffers();
  flush();
  if (finishing_ && !writing_) stream_->finish();
}

void Connection::finish() {
  if (!open_ || std::exchange(finishing_, true)) return;
  deaf_ = true;
  flush();
  if (!writing_) stream_->finish();
}

void Connection::close() {
  if (!std::exchange(open_, false)) return;
  count(0);
  stream_->close();
}

void Connection::break_off(const std::string& why) {
  if (!open_) return;
  close();
  on_closed_(why);
}

void Connection::give_up(const std::string& garbage) {
  deaf_ = true;
  on_garbage_(garbage);
  if (!finishing_) close();
}

void Connection::read() {
  const std::size_t room = std::min(incoming_.size() - end_, kMostReadAtOnce);
  stream_->read_some(asio::buffer(incoming_.data() + end_, room),
                     [self = shared_from_this()](const IoError& error, std::size_t bytes) {
                       if (!self->open_) return;
                       if (error) return self->break_off(self->stream_->describe(error));
                       self->on_read(bytes);
                     });
}

void Connection::on_read(std::size_t bytes) {
  end_ += bytes;
  if (!deaf_ && !take_frames()) return;
  if (deaf_) begin_ = end_;
  make_room(bytes);
  count_buffers();
  if (open_) read();
}

// False if the connection is over.
bool Connection::take_frames() {
  while (open_ && !deaf_) {
    const BytesView received(incoming_.data() + begin_, end_ - begin_);
    const auto size = frame_size(received);
    if (!size && size.error().code == ErrorCode::kEnd) break;
    if (!size || *size > max_frame_bytes_) {
      give_up(looks_like_tls(received) ? "expected frames in the clear, found TLS"
              : size ? cat("expected a frame of at most ", max_frame_bytes_, " bytes, it announces ", *size)
                     : size.error().message);
      break;
    }
    if (received.size() < *size) break;
    const auto frame = decode_frame(received.substr(0, *size));
    if (!frame) {
      give_up(frame.error().message);
      break;
    }
    begin_ += *size;
    on_frame_(*frame);
  }
  return open_;
}

// Room for at least one more byte. A frame that announces much gets its bytes only as they arrive: the buffer
// doubles.
void Connection::make_room(std::size_t last_read) {
  if (begin_ == end_) {
    const bool filled = end_ == incoming_.size();
    begin_ = end_ = 0;
    const std::size_t wanted = std::clamp(std::bit_ceil(2 * last_read), kFirstBufferBytes, kMostReadAtOnce);
    if (incoming_.size() > wanted && !filled) {
      incoming_.resize(wanted);
      incoming_.shrink_to_fit();
    } else if (incoming_.size() < wanted) {
      incoming_.resize(wanted);
    }
    return;
  }
  if (end_ < incoming_.size() && (begin_ == 0 || incoming_.size() - end_ >= incoming_.size() / 2)) return;
  std::memmove(incoming_.data(), incoming_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  if (end_ >= incoming_.size() / 2) incoming_.resize(incoming_.size() * 2);
}

void Connection::count(std::size_t bytes) {
  if (!open_) bytes = 0;
  const std::size_t before = std::exchange(held_bytes_, bytes);
  if (pool_) pool_->change(before, bytes);
}

}  // namespace lockstep::net
