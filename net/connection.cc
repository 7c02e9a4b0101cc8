// Buffers of a connection.
#include "net/connection.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"

namespace lockstep::net {
namespace {

// An idle connection should cost little, a busy one few system calls: the buffer grows when a read has filled
// it.
constexpr std::size_t kFirstBufferBytes = 2048;
constexpr std::size_t kMostReadAtOnce = 256 << 10;
// What a burst has left behind is given back.
constexpr std::size_t kKeptBytes = 1 << 20;

}  // namespace

void Connection::start(OnFrame on_frame, OnClosed on_closed) {
  on_frame_ = std::move(on_frame);
  on_closed_ = std::move(on_closed);
  incoming_.resize(kFirstBufferBytes);
  read();
}

bool Connection::queue(const FrameHeader& header, BytesView payload) {
  if (!open_ || finishing_) return false;
  const std::size_t queued = waiting_.size() + (writing_ ? leaving_.size() : 0);
  if (queued > 0 && queued + payload.size() + kFrameHeaderBytes > max_queued_bytes_) return false;
  append_frame(header, payload, waiting_);
  return true;
}

void Connection::flush() {
  if (!open_ || writing_ || waiting_.empty()) return;
  writing_ = true;
  leaving_.swap(waiting_);
  stream_->write(asio::buffer(leaving_), [self = shared_from_this()](const IoError& error, std::size_t) {
    if (!self->open_) return;
    self->writing_ = false;
    if (error) return self->break_off(error.message());
    self->leaving_.clear();
    if (self->leaving_.capacity() > kKeptBytes) self->leaving_.shrink_to_fit();
    self->flush();
    if (self->finishing_ && !self->writing_) self->close();
  });
}

void Connection::finish() {
  finishing_ = true;
  flush();
  if (!writing_) close();
}

void Connection::close() {
  if (!std::exchange(open_, false)) return;
  stream_->close();
}

void Connection::break_off(const std::string& why) {
  if (!open_) return;
  close();
  if (on_closed_) on_closed_(why);
}

void Connection::read() {
  const std::size_t room = std::min(incoming_.size() - end_, kMostReadAtOnce);
  stream_->read_some(asio::buffer(incoming_.data() + end_, room),
                     [self = shared_from_this()](const IoError& error, std::size_t bytes) {
                       if (!self->open_) return;
                       if (error) return self->break_off(error.message());
                       self->on_read(bytes);
                     });
}

void Connection::on_read(std::size_t bytes) {
  end_ += bytes;
  const bool filled = end_ == incoming_.size();
  if (!take_frames() || !open_) return;
  make_room();
  if (filled && incoming_.size() < kMostReadAtOnce) incoming_.resize(incoming_.size() * 2);
  read();
}

// False if the connection is over.
bool Connection::take_frames() {
  while (open_) {
    const BytesView received(incoming_.data() + begin_, end_ - begin_);
    const auto size = frame_size(received);
    if (!size && size.error().code == ErrorCode::kEnd) return true;
    if (size && *size > max_frame_bytes_) {
      break_off(cat("expected a frame of at most ", max_frame_bytes_, " bytes, it announces ", *size));
      return false;
    }
    if (!size) return break_off(size.error().message), false;
    if (received.size() < *size) return true;
    const auto frame = decode_frame(received.substr(0, *size));
    if (!frame) return break_off(frame.error().message), false;
    begin_ += *size;
    on_frame_(*frame);
  }
  return false;
}

// Room for at least one more byte. A frame that announces much gets its bytes only as they arrive: the buffer
// doubles.
void Connection::make_room() {
  if (begin_ == end_) {
    begin_ = end_ = 0;
    if (incoming_.size() > kKeptBytes) {
      incoming_.resize(kMostReadAtOnce);
      incoming_.shrink_to_fit();
    }
  }
  if (end_ < incoming_.size() && (begin_ == 0 || incoming_.size() - end_ >= incoming_.size() / 2)) return;
  std::memmove(incoming_.data(), incoming_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  if (end_ >= incoming_.size() / 2) incoming_.resize(incoming_.size() * 2);
}

}  // namespace lockstep::net
