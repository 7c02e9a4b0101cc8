// One read and one write under way at a time.
#include "net/faults/line_socket.h"

namespace lockstep::faults {

void LineSocket::send(std::string line) {
  if (!open_) return;
  to_send_.push_back(std::move(line) + '\n');
  if (to_send_.size() == 1) write();
}

void LineSocket::close() {
  open_ = false;
  net::IoError ignored;
  socket_.close(ignored);
}

void LineSocket::end() {
  if (!open_) return;
  close();
  callbacks_.on_end();
}

void LineSocket::read() {
  net::asio::async_read_until(socket_, net::asio::dynamic_buffer(received_, kMostLineBytes), '\n',
                              [self = shared_from_this()](const net::IoError& error, std::size_t bytes) {
                                if (error || !self->open_) return self->end();
                                const std::string line = self->received_.substr(0, bytes - 1);
                                self->received_.erase(0, bytes);
                                self->callbacks_.on_line(line);
                                if (self->open_) self->read();
                              });
}

void LineSocket::write() {
  net::asio::async_write(socket_, net::asio::buffer(to_send_.front()),
                         [self = shared_from_this()](const net::IoError& error, std::size_t) {
                           if (error || !self->open_) return self->end();
                           self->to_send_.pop_front();
                           if (!self->to_send_.empty()) self->write();
                         });
}

}  // namespace lockstep::faults
