// Records in a ring.
#include "net/trace_ring.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/bytes.h"
#include "base/text.h"
#include "net/system_clock.h"
#include "net/system_error.h"

namespace lockstep::net {
namespace {

constexpr std::uint64_t kMagic = 0x31474e4952504b4cull;  // "LKPRING1"
constexpr std::size_t kHeaderBytes = 4096;
constexpr std::size_t kMostTextBytes = 1024;
constexpr std::size_t kLeastRingBytes = 64 << 10;

// At the begin of the file. All integers are the machine's own: the file does not travel.
struct Header {
  std::uint64_t magic;
  std::uint64_t capacity;
  std::uint64_t node;
  std::uint64_t incarnation;
  std::atomic<std::uint64_t> written;  // bytes of records since the file was made
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

// Before the fields and the text of a record; a record is padded to a multiple of eight bytes.
struct RecordHead {
  std::uint32_t bytes;  // of the whole record
  std::uint16_t type;
  std::uint16_t fields;
  std::uint32_t text_bytes;
  std::uint32_t unused;
  std::int64_t at_ns;
};

constexpr std::size_t kMostRecordBytes = sizeof(RecordHead) + 8 * env::kMaxEventFields + kMostTextBytes + 8;
static_assert(sizeof(RecordHead) % sizeof(std::uint64_t) == 0 &&
              kMostRecordBytes % sizeof(std::uint64_t) == 0);

// One record on its way. The ring is copied by whole words, each atomically: a reader may be copying what the
// writer is writing, and finds out afterwards that it must not believe it.
using Words = std::array<std::uint64_t, kMostRecordBytes / sizeof(std::uint64_t)>;

Header& header_of(const MappedFile& file) { return *reinterpret_cast<Header*>(file.data()); }

// Byte `at` of all that was ever written, a multiple of eight.
std::atomic_ref<std::uint64_t> word_at(const MappedFile& file, std::uint64_t at, std::size_t capacity) {
  return std::atomic_ref(*reinterpret_cast<std::uint64_t*>(file.data() + kHeaderBytes + at % capacity));
}

}  // namespace

// ---- the mapping -------------------------------------------------------------------------------------

Result<MappedFile> MappedFile::create(const std::string& path, std::size_t bytes) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return system_failure("replace", path);
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
  if (descriptor < 0) return system_failure("make", path);
  // The blocks exist now: a full disk is found here, not by a signal at a write into the mapping.
  if (const int error = ::posix_fallocate(descriptor, 0, static_cast<off_t>(bytes)); error != 0) {
    ::close(descriptor);
    errno = error;
    return system_failure("reserve the bytes of", path);
  }
  void* data = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  ::close(descriptor);
  if (data == MAP_FAILED) return system_failure("map", path);
  return MappedFile(static_cast<char*>(data), bytes);
}

Result<MappedFile> MappedFile::open(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return system_failure("open", path);
  struct stat status{};
  if (::fstat(descriptor, &status) != 0 || status.st_size < static_cast<off_t>(kHeaderBytes)) {
    ::close(descriptor);
    return fail(ErrorCode::kCorrupt, cat("expected a trace ring, found a short file: ", path));
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, descriptor, 0);
  ::close(descriptor);
  if (data == MAP_FAILED) return system_failure("map", path);
  return MappedFile(static_cast<char*>(data), size);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

// ---- writing -----------------------------------------------------------------------------------------

Result<std::unique_ptr<TraceRing>> TraceRing::create(const std::string& path, std::size_t bytes, NodeId node,
                                                     Incarnation incarnation) {
  const std::size_t capacity = std::max(bytes, kLeastRingBytes) / 8 * 8;
  const std::string draft = path + ".new";
  LOCKSTEP_TRY(file, MappedFile::create(draft, kHeaderBytes + capacity));
  Header& header = header_of(file);
  header.capacity = capacity;
  header.node = node.value();
  header.incarnation = incarnation.value();
  header.written.store(0);
  header.magic = kMagic;
  // Readers never see a ring without its header.
  if (::rename(draft.c_str(), path.c_str()) != 0) return system_failure("rename", draft);
  return std::unique_ptr<TraceRing>(new TraceRing(std::move(file), capacity));
}

void TraceRing::emit(const env::Event& event) {
  const std::size_t fields = event.type->field_count();
  const BytesView text = event.text.substr(0, kMostTextBytes);
  const std::size_t bytes = (sizeof(RecordHead) + 8 * fields + text.size() + 7) / 8 * 8;
  RecordHead head{.bytes = static_cast<std::uint32_t>(bytes),
                  .type = event.type->number,
                  .fields = static_cast<std::uint16_t>(fields),
                  .text_bytes = static_cast<std::uint32_t>(text.size()),
                  .unused = 0,
                  .at_ns = 0};
  Words words{};
  char* const record = reinterpret_cast<char*>(words.data());
  std::memcpy(record + sizeof head, event.fields.data(), 8 * fields);
  text.copy(record + sizeof head + 8 * fields, text.size());  // an empty one may be null

  // The time is taken inside, so that times never go back within a ring.
  const std::lock_guard lock(mutex_);
  head.at_ns = SystemClock().monotonic_now().time_since_epoch().count();
  std::memcpy(record, &head, sizeof head);
  // A reader that sees a word of this record sees the count of all before it, too.
  std::atomic_thread_fence(std::memory_order_release);
  for (std::size_t at = 0; at < bytes; at += 8)
    word_at(file_, written_ + at, capacity_).store(words[at / 8], std::memory_order_relaxed);
  written_ += bytes;
  header_of(file_).written.store(written_, std::memory_order_release);
}

// ---- reading -----------------------------------------------------------------------------------------

Result<TraceRingReader> TraceRingReader::open(const std::string& path) {
  LOCKSTEP_TRY(file, MappedFile::open(path));
  TraceRingReader reader(std::move(file));
  const Header& header = header_of(reader.file_);
  reader.capacity_ = reader.file_.size() - kHeaderBytes;
  if (header.magic != kMagic || header.capacity != reader.capacity_ || reader.capacity_ < kLeastRingBytes ||
      reader.capacity_ % 8 != 0)
    return fail(ErrorCode::kCorrupt, cat("expected a trace ring, found something else: ", path));
  reader.node_ = NodeId(header.node);
  reader.incarnation_ = Incarnation(header.incarnation);
  return reader;
}

Result<bool> TraceRingReader::read(std::vector<RingRecord>& into) {
  const auto& written = header_of(file_).written;
  const std::uint64_t end = written.load(std::memory_order_acquire);
  Words words;
  const char* const bytes = reinterpret_cast<const char*>(words.data());
  const auto get = [&](std::size_t from, std::size_t to) {
    for (std::size_t at = from; at < to; at += 8)
      words[at / 8] = word_at(file_, read_ + at, capacity_).load(std::memory_order_relaxed);
  };
  while (read_ < end) {
    RecordHead head;
    get(0, sizeof head);
    std::memcpy(&head, bytes, sizeof head);
    const bool plausible = head.bytes >= sizeof head && head.bytes <= sizeof words && head.bytes % 8 == 0 &&
                           head.fields <= env::kMaxEventFields &&
                           sizeof head + 8 * head.fields + head.text_bytes <= head.bytes;
    if (plausible) get(sizeof head, head.bytes);
    // The writer may have come around while this was copied. It writes before it counts: keep a record's
    // distance.
    std::atomic_thread_fence(std::memory_order_acquire);
    if (written.load(std::memory_order_relaxed) + kMostRecordBytes > read_ + capacity_) {
      read_ = end;
      return false;
    }
    if (!plausible)
      return fail(ErrorCode::kCorrupt, cat("expected a trace record at byte ", read_, " of the ring"));
    RingRecord record{.at = Instant(Duration(head.at_ns)), .type = head.type, .fields = {}, .text = {}};
    record.fields.resize(head.fields);
    if (head.fields > 0) std::memcpy(record.fields.data(), bytes + sizeof head, 8 * std::size_t{head.fields});
    record.text.assign(bytes + sizeof head + 8 * head.fields, head.text_bytes);
    into.push_back(std::move(record));
    read_ += head.bytes;
  }
  return true;
}

}  // namespace lockstep::net
