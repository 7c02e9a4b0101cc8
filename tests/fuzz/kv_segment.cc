// Recovery of a store whose files are the input: it opens, or says what is damaged.
#include "base/check.h"
#include "sim/disk_image.h"
#include "storage/kv/segment.h"
#include "storage/kv/store.h"
#include "tests/fuzz/targets.h"

namespace lockstep::fuzz {
namespace {

void put_file(env::Disk& disk, const std::string& name, BytesView bytes) {
  const auto file = disk.open("kv/" + name, env::OpenMode::kCreate);
  CHECK(file && (*file)->write_at(0, bytes) && (*file)->sync(), name);
}

}  // namespace

// The input's first two bytes say how long the first of two segments is.
void kv_segment(BytesView input) {
  if (input.size() < 2) return;
  const std::size_t split = std::min<std::size_t>(
      input.size() - 2, static_cast<unsigned char>(input[0]) | static_cast<unsigned char>(input[1]) << 8);
  const BytesView bytes = input.substr(2);
  sim::DiskImage disk(1);
  put_file(disk, kv::segment_name(1), bytes.substr(0, split));
  if (split < bytes.size()) put_file(disk, kv::segment_name(2), bytes.substr(split));
  CHECK(disk.sync_dir("kv"), "sync_dir");
  const kv::Options options{.segment_bytes = 480, .ready_bytes = 1600};
  auto store = kv::Store::open(disk, options);
  if (!store) {
    CHECK(!store.error().message.empty(), "no sentence");
    return;
  }
  for (const kv::TreeId tree : (*store)->trees())
    (void)(*store)->scan(tree, {}, {}, [](BytesView, BytesView) { return true; });
  kv::Batch batch;
  batch.put(1, "key", "value");
  CHECK((*store)->write(batch), "a recovered store takes a write");
  store->reset();
  const auto again = kv::Store::open(disk, options);
  CHECK(again, "what one recovery accepted, the next one does, too: ", again ? "" : again.error().message);
  const auto found = (*again)->get(1, "key");
  CHECK(found && *found == "value", "a durable write is found");
}

}  // namespace lockstep::fuzz
