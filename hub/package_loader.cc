// Chunks come in order of their offsets; hash and length decide.
#include "hub/package_loader.h"

#include "base/hash.h"
#include "base/text.h"

namespace lockstep::hub {
namespace {

constexpr std::uint64_t kChunksInStep = 16;  // of at most 256 KiB: far below what a query may return

struct Loading {
  LocalDatabase& database;
  PackageRow package;
  std::function<void(Result<Bytes>)> then;
  Bytes bytes{};
};

Result<Bytes> whole(Loading& loading) {
  const PackageRow& package = loading.package;
  if (loading.bytes.size() != package.bytes)
    return fail(ErrorCode::kCorrupt,
                cat("expected ", package.bytes, " bytes of the package, found ", loading.bytes.size()));
  if (const std::uint64_t hash = hash64(loading.bytes); hash != package.hash)
    return fail(ErrorCode::kCorrupt,
                cat("expected bytes with the hash ", hex16(package.hash), ", found ", hex16(hash)));
  return std::move(loading.bytes);
}

void load_next(const std::shared_ptr<Loading>& loading) {
  const PackageRow& package = loading->package;
  loading->database.query(
      statement("SELECT data FROM hub_chunks WHERE kind = ?1 AND version = ?2 AND offset >= ?3 ORDER BY "
                "offset LIMIT ?4",
                static_cast<std::int64_t>(package.kind), package.version, loading->bytes.size(),
                kChunksInStep),
      wire::LOCAL, [loading](const Read& read) {
        if (!read.ok())
          return loading->then(fail(ErrorCode::kUnavailable, "the chunks could not be read now"));
        for (const wire::Row& row : read.reply.rows().rows()) loading->bytes += row.values(0).blob();
        const bool more = read.reply.rows().rows_size() == static_cast<int>(kChunksInStep);
        if (more && loading->bytes.size() < loading->package.bytes) return load_next(loading);
        loading->then(whole(*loading));
      });
}

}  // namespace

void load_package(LocalDatabase& database, const PackageRow& package,
                  std::function<void(Result<Bytes>)> then) {
  load_next(std::make_shared<Loading>(Loading{database, package, std::move(then)}));
}

}  // namespace lockstep::hub
