// A stream without a socket: what arrives, in which pieces, and what is taken is up to the test.
#pragma once

#include <algorithm>
#include <cstring>
#include <deque>
#include <memory>
#include <utility>

#include "base/bytes.h"
#include "net/event_loop.h"
#include "net/stream.h"

namespace lockstep::net {

// A stream whose other side is the test.
class Pipe final : public Stream {
 public:
  struct Ends {
    std::deque<Bytes> arriving;  // pieces, in order
    Bytes written;
    bool takes = true;  // what is written is taken at once
    bool finished = false;
    bool closed = false;
    Handler reader, writer;
    asio::mutable_buffer into;
    asio::const_buffer from;
  };
  Pipe(EventLoop& loop, std::shared_ptr<Ends> ends) : loop_(loop), ends_(std::move(ends)) {}

  void read_some(asio::mutable_buffer into, Handler handler) override {
    ends_->into = into;
    ends_->reader = std::move(handler);
    pump();
  }
  void write(asio::const_buffer bytes, Handler handler) override {
    ends_->from = bytes;
    ends_->writer = std::move(handler);
    pump();
  }
  void finish() override { ends_->finished = true; }
  void close() override {
    ends_->closed = true;
    pump();
  }
  std::string remote() const override { return "pipe"; }

  void pump() { pump(loop_, ends_); }
  static void pump(EventLoop& loop, const std::shared_ptr<Ends>& ends) {
    loop.post([ends] {
      Ends& e = *ends;
      if (e.writer && (e.takes || e.closed)) {
        if (!e.closed) e.written.append(static_cast<const char*>(e.from.data()), e.from.size());
        const auto writer = std::exchange(e.writer, nullptr);
        writer(e.closed ? IoError(asio::error::operation_aborted) : IoError(), e.from.size());
      }
      if (e.reader && e.closed) std::exchange(e.reader, nullptr)(asio::error::operation_aborted, 0);
      if (e.reader && !e.arriving.empty()) {
        Bytes& piece = e.arriving.front();
        const std::size_t size = std::min(piece.size(), e.into.size());
        std::memcpy(e.into.data(), piece.data(), size);
        piece.erase(0, size);
        if (piece.empty()) e.arriving.pop_front();
        std::exchange(e.reader, nullptr)(IoError(), size);
      }
    });
  }

 private:
  EventLoop& loop_;
  std::shared_ptr<Ends> ends_;
};

}  // namespace lockstep::net
