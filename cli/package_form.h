// Whether a file can be what it is sent as at all, looked at before a version number is spent on it.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "core/proto/dispatch.pb.h"

namespace lockstep::cli {

// Only its form: a model is safetensors, a policy is JSON. What it says the hub judges. kInvalidArgument: the
// sentence asks for another --kind, if the file looks like one.
Status check_form(wire::PackageKind kind, BytesView file);

}  // namespace lockstep::cli
