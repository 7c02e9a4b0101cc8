// The part of dqlite's wire protocol 1 that a load generator needs: words, texts, blobs, requests, responses.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "bench/load/socket.h"

namespace lockstep::bench::dqlite {

enum class Request : std::uint8_t {
  kLeader = 0,
  kClient = 1,
  kOpen = 3,
  kPrepare = 4,
  kExecute = 5,
  kQuery = 6,
  kExecuteText = 8,
  kAdd = 12,
  kAssign = 13,
};

enum class Response : std::uint8_t {
  kFailure = 0,
  kServer = 1,
  kWelcome = 2,
  kDatabase = 4,
  kStatement = 5,
  kResult = 6,
  kRows = 7,
  kEmpty = 8,
};

// Everything is padded to words of eight bytes.
class Message {
 public:
  void byte(std::uint8_t value) { bytes_.push_back(static_cast<char>(value)); }
  void half(std::uint32_t value) { append(&value, sizeof value); }
  void word(std::uint64_t value) { append(&value, sizeof value); }
  void text(std::string_view value) {
    bytes_.append(value);
    bytes_.push_back('\0');
    pad();
  }
  void blob(std::string_view value) {
    word(value.size());
    bytes_.append(value);
    pad();
  }
  void pad() { bytes_.resize((bytes_.size() + 7) / 8 * 8); }

  const std::string& bytes() const { return bytes_; }
  std::string framed(Request type) const {
    Message header;
    header.half(static_cast<std::uint32_t>(bytes_.size() / 8));
    header.word(0);
    header.bytes_.resize(8);
    header.bytes_[4] = static_cast<char>(type);
    return header.bytes_ + bytes_;
  }

 private:
  void append(const void* from, std::size_t size) { bytes_.append(static_cast<const char*>(from), size); }
  std::string bytes_;
};

struct Answer {
  Response type = Response::kFailure;
  std::string body;

  std::uint64_t word(std::size_t index) const {
    std::uint64_t value = 0;
    if (body.size() >= 8 * (index + 1)) std::memcpy(&value, body.data() + 8 * index, sizeof value);
    return value;
  }
  // Of a failure: SQLite's code, then the text.
  bool busy() const { return type == Response::kFailure && (word(0) & 0xff) == 5; }
  std::string failure() const { return body.size() > 8 ? std::string(body.c_str() + 8) : "no text"; }
};

// Takes one answer off the front of what was read; none: it is not complete yet.
inline std::optional<Answer> take_answer(std::string& read) {
  if (read.size() < 8) return std::nullopt;
  std::uint32_t words = 0;
  std::memcpy(&words, read.data(), sizeof words);
  const std::size_t size = 8 + std::size_t{8} * words;
  if (read.size() < size) return std::nullopt;
  Answer answer{.type = static_cast<Response>(read[4]), .body = read.substr(8, size - 8)};
  read.erase(0, size);
  return answer;
}

}  // namespace lockstep::bench::dqlite
