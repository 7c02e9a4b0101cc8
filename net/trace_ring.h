// The port Trace on a mapped file: what a process did, readable by another one while it runs and after kill
// -9.
//
// Layout: docs/format/trace_ring.md. The file is a header and a ring of records; the header counts the bytes
// ever written, so that a reader sees whole records only and knows when it was too slow.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/env/trace.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"

namespace lockstep::net {

// A file mapped into memory, unmapped at the end.
class MappedFile {
 public:
  static Result<MappedFile> create(const std::string& path, std::size_t bytes);
  static Result<MappedFile> open(const std::string& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  char* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  MappedFile(char* data, std::size_t size) : data_(data), size_(size) {}
  char* data_ = nullptr;
  std::size_t size_ = 0;
};

// Writes; called from the loop and from lanes.
class TraceRing final : public env::Trace {
 public:
  // An existing file is replaced: its owner was an earlier life. `bytes`: of the ring, at least 64 KiB.
  static Result<std::unique_ptr<TraceRing>> create(const std::string& path, std::size_t bytes, NodeId node,
                                                   Incarnation incarnation);
  void emit(const env::Event& event) override;

 private:
  TraceRing(MappedFile file, std::size_t capacity) : file_(std::move(file)), capacity_(capacity) {}

  MappedFile file_;
  std::size_t capacity_;
  std::mutex mutex_;
  std::uint64_t written_ = 0;
};

struct RingRecord {
  Instant at;  // CLOCK_MONOTONIC
  std::uint16_t type = 0;
  std::vector<std::uint64_t> fields;
  std::string text;
};

// Reads what another process writes, or has written.
class TraceRingReader {
 public:
  // kNotFound until the writer has made the file; kCorrupt if it is no ring.
  static Result<TraceRingReader> open(const std::string& path);

  NodeId node() const { return node_; }
  Incarnation incarnation() const { return incarnation_; }
  // Appends the records written since the last call. False: some were overwritten before they were read;
  // reading goes on behind the newest.
  Result<bool> read(std::vector<RingRecord>& into);

 private:
  TraceRingReader(MappedFile file) : file_(std::move(file)) {}

  MappedFile file_;
  std::size_t capacity_ = 0;
  NodeId node_;
  Incarnation incarnation_;
  std::uint64_t read_ = 0;
};

}  // namespace lockstep::net
