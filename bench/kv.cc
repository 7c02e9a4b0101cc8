// Figures of the key-value store on a real disk: appends with a sync each, loading, opening, scanning,
// reading.
//
// The directory is LOCKSTEP_BENCH_DIR or the current one. Keys are 8 bytes, big-endian and ascending, values
// 100 random bytes, as in the peers' benchmarks. `synced:0` leaves out fdatasync: the cost of the processor
// and the page cache.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/check.h"
#include "base/prng.h"
#include "storage/kv/store.h"

namespace lockstep::kv {
namespace {

constexpr std::uint64_t kEntries = 1'000'000;
constexpr std::size_t kValueBytes = 100;

class PosixFile final : public env::File {
 public:
  PosixFile(int descriptor, bool synced) : descriptor_(descriptor), synced_(synced) {}
  ~PosixFile() override { ::close(descriptor_); }
  Result<std::size_t> read_at(std::uint64_t offset, char* into, std::size_t size) override {
    const ssize_t read = ::pread(descriptor_, into, size, static_cast<off_t>(offset));
    if (read < 0) return fail(ErrorCode::kIo, "pread");
    return static_cast<std::size_t>(read);
  }
  Status write_at(std::uint64_t offset, BytesView bytes) override {
    const ssize_t written = ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    return answer(written == static_cast<ssize_t>(bytes.size()));
  }
  Status truncate(std::uint64_t size) override {
    return answer(::ftruncate(descriptor_, static_cast<off_t>(size)) == 0);
  }
  Result<std::uint64_t> size() override {
    struct stat found;
    if (::fstat(descriptor_, &found) != 0) return fail(ErrorCode::kIo, "fstat");
    return static_cast<std::uint64_t>(found.st_size);
  }
  Status sync() override { return answer(!synced_ || ::fdatasync(descriptor_) == 0); }

 private:
  static Status answer(bool ok) {
    if (!ok) return fail(ErrorCode::kIo, "a file call failed");
    return {};
  }

  int descriptor_;
  bool synced_;
};

// Only what the store needs, and only good enough to measure.
class PosixDisk final : public env::Disk {
 public:
  explicit PosixDisk(bool synced) : synced_(synced) {
    const char* directory = std::getenv("LOCKSTEP_BENCH_DIR");
    root_ = std::filesystem::path(directory ? directory : ".") / "lockstep_bench_kv";
    std::filesystem::remove_all(root_);
    std::filesystem::create_directories(root_ / "kv");
  }
  ~PosixDisk() override { std::filesystem::remove_all(root_); }
  Result<std::unique_ptr<env::File>> open(std::string_view path, env::OpenMode mode) override {
    const int flags = O_RDWR | (mode == env::OpenMode::kMustExist ? 0 : O_CREAT) |
                      (mode == env::OpenMode::kCreateNew ? O_EXCL : 0);
    const int descriptor = ::open((root_ / path).c_str(), flags, 0644);
    if (descriptor < 0) return fail(ErrorCode::kIo, "open");
    return std::make_unique<PosixFile>(descriptor, synced_);
  }
  Result<bool> exists(std::string_view path) override { return std::filesystem::exists(root_ / path); }
  Status rename(std::string_view from, std::string_view to) override {
    std::filesystem::rename(root_ / from, root_ / to);
    return {};
  }
  Status remove(std::string_view path) override {
    std::filesystem::remove(root_ / path);
    return {};
  }
  Result<std::vector<std::string>> list(std::string_view directory) override {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(root_ / directory))
      names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }
  Status sync_dir(std::string_view directory) override {
    const int descriptor = ::open((root_ / directory).c_str(), O_RDONLY | O_DIRECTORY);
    if (synced_) ::fsync(descriptor);
    ::close(descriptor);
    return {};
  }

 private:
  std::filesystem::path root_;
  bool synced_;
};

struct Key {
  explicit Key(std::uint64_t index) {
    for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<char>(index >> (56 - 8 * i));
  }
  BytesView view() const { return {bytes, sizeof bytes}; }
  char bytes[8];
};

// Incompressible; a value is a window into it.
const Bytes& noise() {
  static const Bytes bytes = [] {
    Bytes made;
    Stream random(1, Purpose("bench.kv"), 0);
    while (made.size() < (1 << 16) + 4096) ByteWriter(made).u64(random.next());
    return made;
  }();
  return bytes;
}

BytesView value_of(std::uint64_t index, std::size_t size) {
  return BytesView(noise()).substr(index * 61 % (1 << 16), size);
}

std::unique_ptr<Store> open_store(env::Disk& disk, Options options = {}) {
  auto store = Store::open(disk, options);
  CHECK(store, store.error().message);
  return std::move(*store);
}

void fill(Batch& batch, std::uint64_t& index, std::uint64_t count, std::size_t value_bytes) {
  batch.clear();
  for (const std::uint64_t end = index + count; index < end; ++index)
    batch.put(1, Key(index).view(), value_of(index, value_bytes));
}

void append(benchmark::State& state) {
  PosixDisk disk(state.range(2) != 0);
  const auto store = open_store(disk);
  const auto count = static_cast<std::uint64_t>(state.range(0));
  std::uint64_t index = 0;
  Batch batch;
  for (auto _ : state) {
    fill(batch, index, count, static_cast<std::size_t>(state.range(1)));
    CHECK(store->write(batch));
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(index));
}
BENCHMARK(append)
    ->ArgNames({"batch", "value", "synced"})
    ->ArgsProduct({{1, 10, 100}, {100, 1024}, {0, 1}})
    ->UseRealTime();

// The shape of a Raft log: append, overwrite the hard state, drop the prefix, clean up as it goes.
void raft_log(benchmark::State& state) {
  PosixDisk disk(state.range(1) != 0);
  const auto store = open_store(disk);
  const auto count = static_cast<std::uint64_t>(state.range(0));
  std::uint64_t index = 0;
  Batch batch;
  for (auto _ : state) {
    fill(batch, index, count, kValueBytes);
    batch.put(2, "hard state", Key(index).view());
    if (index > 10'000) batch.erase_range(1, "", Key(index - 10'000).view());
    CHECK(store->write(batch));
    CHECK(store->clean_step());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(index));
  state.counters["segments"] = static_cast<double>(store->stats().segments);
}
BENCHMARK(raft_log)->ArgNames({"batch", "synced"})->ArgsProduct({{1, 10, 100}, {0, 1}})->UseRealTime();

void load(env::Disk& disk) {
  const auto store = open_store(disk);
  Batch batch;
  for (std::uint64_t index = 0; index < kEntries;) {
    fill(batch, index, 1000, kValueBytes);
    CHECK(store->write(batch));
  }
}

void load_million(benchmark::State& state) {
  for (auto _ : state) {
    PosixDisk disk(state.range(0) != 0);
    load(disk);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * kEntries));
}
BENCHMARK(load_million)
    ->ArgName("synced")
    ->Arg(0)
    ->Arg(1)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->Iterations(5);

void open_million(benchmark::State& state) {
  PosixDisk disk(true);
  load(disk);
  for (auto _ : state) benchmark::DoNotOptimize(open_store(disk));
}
BENCHMARK(open_million)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(10);

void scan_million(benchmark::State& state) {
  PosixDisk disk(false);
  load(disk);
  const auto store = open_store(disk);
  std::uint64_t bytes = 0;
  for (auto _ : state)
    CHECK(store->scan(1, "", "", [&](BytesView key, BytesView value) {
      bytes += key.size() + value.size();
      return true;
    }));
  CHECK(bytes == state.iterations() * kEntries * (8 + kValueBytes));
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * kEntries));
}
BENCHMARK(scan_million)->Unit(benchmark::kMillisecond)->UseRealTime();

void read_random(benchmark::State& state) {
  PosixDisk disk(false);
  load(disk);
  const auto store = open_store(disk);
  Stream random(2, Purpose("bench.kv.read"), 0);
  for (auto _ : state) {
    const auto value = store->get(1, Key(random.next_below(kEntries)).view());
    CHECK(value && value->has_value());
    benchmark::DoNotOptimize(value);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(read_random)->UseRealTime();

}  // namespace
}  // namespace lockstep::kv

BENCHMARK_MAIN();
