// Model names and options as text.
#include "base/text.h"
#include "reports/json_cursor.h"
#include "reports/linearizability/check.h"

namespace lockstep::linearizability {

namespace {

using Kind = ModelOptions::Kind;

// One of two words; true for the first.
Result<bool> either(std::string_view key, std::string_view value, std::string_view yes, std::string_view no) {
  if (value == yes) return true;
  if (value == no) return false;
  return fail(ErrorCode::kInvalidArgument,
              cat("option ", key, ": expected ", yes, " or ", no, ", found ", value));
}

Status only(std::string_view key, std::string_view value, std::string_view wanted) {
  if (value == wanted) return {};
  return fail(ErrorCode::kInvalidArgument, cat("option ", key, ": expected ", wanted, ", found ", value));
}

Status set_initial(ModelOptions& model, std::string_view value) {
  reports::JsonCursor cursor("option init", value);
  LOCKSTEP_TRY(initial, cursor.value());
  if (!cursor.at_end()) return cursor.expected("one JSON value");
  if (model.kind == Kind::kMultiRegister && initial.as_object() == nullptr) {
    return fail(ErrorCode::kInvalidArgument, cat("option init: expected an object with a value per key, found ", value));
  }
  if (model.kind == Kind::kAppend && initial.as_text() == nullptr) {
    return fail(ErrorCode::kInvalidArgument, cat("option init: expected a string, found ", value));
  }
  model.initial = std::move(initial);
  return {};
}

std::string options_of(const ModelOptions& model) {
  if (model.kind == Kind::kMutex) return "owner, fail, partition";
  return cat("init, nil-read, fail",
             model.kind == Kind::kRegister && model.name != "register" ? ", fail-cas" : "",
             model.kind == Kind::kMultiRegister ? "" : ", partition");
}

Status set_option(ModelOptions& model, std::string_view key, std::string_view value) {
  const bool has_values = model.kind != Kind::kMutex;
  if (key == "init" && has_values) return set_initial(model, value);
  if (key == "owner" && model.kind == Kind::kMutex) {
    LOCKSTEP_TRY(process, either(key, value, "process", "any"));
    model.owner_releases = process;
    return {};
  }
  if (key == "nil-read" && has_values) {
    LOCKSTEP_TRY(any, either(key, value, "any", "initial"));
    model.nil_read_says_nothing = any;
    return {};
  }
  if (key == "fail-cas" && model.name != "register" && model.kind == Kind::kRegister) {
    LOCKSTEP_TRY(observe, either(key, value, "observe", "drop"));
    model.observe_failed_cas = observe;
    return {};
  }
  // The only way that there is, said aloud.
  if (key == "fail") return only(key, value, "drop");
  if (key == "partition" && model.kind != Kind::kMultiRegister) return only(key, value, "key");
  return fail(ErrorCode::kInvalidArgument,
              cat("option ", key, ": expected one of ", options_of(model), " for the model ", model.name));
}

}  // namespace

bool is_model(std::string_view name) {
  return name == "register" || name == "cas-register" || name == "kv" || name == "kv-append" ||
         name == "multi-register" || name == "mutex";
}

Result<ModelOptions> parse_model(std::string_view name, std::span<const std::string> options) {
  ModelOptions model;
  model.name = name;
  if (name == "kv-append") {
    model.kind = Kind::kAppend;
    model.initial = "";
  } else if (name == "multi-register") {
    model.kind = Kind::kMultiRegister;
  } else if (name == "mutex") {
    model.kind = Kind::kMutex;
  } else if (name != "register" && name != "cas-register" && name != "kv") {
    return fail(
        ErrorCode::kInvalidArgument,
        cat("expected a model (register, cas-register, kv, kv-append, multi-register, mutex), found ", name));
  }
  for (const std::string& option : options) {
    const std::size_t equals = option.find('=');
    if (equals == option.npos) {
      return fail(ErrorCode::kInvalidArgument, cat("expected an option key=value, found ", option));
    }
    LOCKSTEP_TRY_STATUS(set_option(model, std::string_view(option).substr(0, equals),
                                   std::string_view(option).substr(equals + 1)));
  }
  return model;
}

}  // namespace lockstep::linearizability
