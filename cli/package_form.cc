// The readers of the hub, whose own sentences are kept.
#include "cli/package_form.h"

#include "base/text.h"
#include "hub/model/safetensors.h"
#include "json/text.h"

namespace lockstep::cli {
namespace {

bool begins_like_json(BytesView file) {
  const std::size_t first = file.find_first_not_of(" \t\r\n");
  return first != BytesView::npos && (file[first] == '{' || file[first] == '[');
}

}  // namespace

Status check_form(wire::PackageKind kind, BytesView file) {
  if (kind == wire::MODEL) {
    const auto tensors = model::read_tensors(file);
    if (tensors) return {};
    if (!begins_like_json(file)) return fail(ErrorCode::kInvalidArgument, tensors.error().message);
    return fail(
        ErrorCode::kInvalidArgument,
        "expected a model (safetensors), found JSON: --kind policy sends a policy, --kind settings settings");
  }
  if (kind == wire::POLICY)
    if (const auto read = json::parse(file); !read)
      return fail(ErrorCode::kInvalidArgument, json::to_text(read.error().front(), "policy"));
  return {};
}

}  // namespace lockstep::cli
