// A process seen from outside.
#include "scenarios/real/real_process.h"

#include <signal.h>

#include <fstream>
#include <variant>

#include "base/text.h"

namespace lockstep::real {

Status RealProcess::start(const faults::Orders& orders) {
  const std::string file = cat(options_.directory, '/', faults::kOrdersFile);
  std::ofstream out(file, std::ios::trunc);
  out << faults::to_line(orders) << '\n';
  if (!out.flush()) return fail(ErrorCode::kIo, cat(file, ": cannot be written"));
  incarnation_ = incarnation_.next();
  struck_.clear();
  trace_.reset();
  auto process = ChildProcess::start(
      {.program = options_.program, .arguments = options_.arguments, .log = options_.log});
  if (!process) return std::unexpected(std::move(process).error());
  process_.emplace(std::move(*process));
  is_leaving_ = false;
  return {};
}

void RealProcess::kill() {
  hang_up();
  if (!process_) return;
  process_->kill();
  process_.reset();
}

void RealProcess::order(const faults::Orders& orders) {
  if (line_) line_->send(faults::to_line(orders));
}

void RealProcess::leave() {
  is_leaving_ = true;
  process_->signal(SIGTERM);
}

std::optional<std::string> RealProcess::look() {
  if (!process_) return std::nullopt;
  auto end = process_->how_it_ended();
  if (end) {
    hang_up();
    process_.reset();
    return end;
  }
  if (!line_) connect();
  return std::nullopt;
}

// The socket of an earlier life refuses; then it is tried again.
void RealProcess::connect() {
  faults::LocalSocket::socket socket(loop_.context());
  net::IoError error;
  socket.connect(faults::LocalSocket::endpoint(cat(options_.directory, '/', faults::kSocketFile)), error);
  if (error) return;
  line_ = std::make_shared<faults::LineSocket>(
      std::move(socket),
      faults::LineSocket::Callbacks{.on_line = [this](std::string_view line) { on_line(line); },
                                    .on_end = [this] { line_ = nullptr; }});
  line_->start();
}

void RealProcess::hang_up() {
  if (line_) line_->close();
  line_ = nullptr;
}

void RealProcess::on_line(std::string_view line) {
  const auto note = faults::parse_note(line);
  CHECK(note.has_value(), "a note of process ", options_.id, ": ", line);
  if (const auto* greeting = std::get_if<faults::Greeting>(&*note)) {
    incarnation_ = greeting->incarnation;
    callbacks_.on_greeting(*greeting);
  } else if (const auto* hit = std::get_if<faults::ProbeNote>(&*note)) {
    callbacks_.on_hit(*hit);
  } else if (const auto* struck = std::get_if<faults::StruckNote>(&*note)) {
    for (const auto& [rule, frames] : struck->frames) {
      std::uint64_t& before = struck_[rule];
      if (frames > before) callbacks_.on_struck(rule, frames - before);
      before = frames;
    }
  } else {
    CHECK(false, "process ", options_.id, " complains: ", line);
  }
}

// The ring of an earlier life stays until this one has made its own.
void RealProcess::open_trace() {
  auto ring = net::TraceRingReader::open(cat(options_.directory, '/', faults::kTraceRingFile));
  if (ring && ring->incarnation() >= incarnation_) {
    incarnation_ = ring->incarnation();
    trace_.emplace(std::move(*ring));
  }
}

std::string RealProcess::read_trace(std::vector<net::RingRecord>& into) {
  if (!trace_) open_trace();
  if (!trace_) return {};
  const auto whole = trace_->read(into);
  if (!whole) return cat("the trace of process ", options_.id, " is damaged: ", whole.error().message);
  if (!*whole) return cat("the trace of process ", options_.id, " was written faster than it was read");
  return {};
}

}  // namespace lockstep::real
