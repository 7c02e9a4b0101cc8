// What an operation says about the object, per model and option.
#include "reports/linearizability/translate.h"

#include <optional>

#include "base/text.h"

namespace lockstep::linearizability {

namespace {

using reports::Completion;
using reports::History;
using reports::Operation;
using reports::Value;

using MaybeStep = std::optional<Step>;  // none: the operation says nothing

std::unexpected<Error> misfit(const Operation& operation, std::string_view expected, const Value& found) {
  return fail(ErrorCode::kInvalidArgument,
              cat("event ", operation.invoked.index, " (process ", operation.process, ", ", operation.f,
                  "): expected ", expected, ", found ", to_json(found)));
}

// Distributes calls to objects. `step_of(operation)` gives Result<MaybeStep>.
template <class StepOf>
Result<std::vector<Object>> split(const History& history, bool by_key, const StepOf& step_of) {
  std::vector<Object> objects;
  ValueTable keys;
  for (std::uint32_t number = 0; number < history.size(); ++number) {
    const Operation& operation = history[number];
    LOCKSTEP_TRY(step, step_of(operation));
    if (!step) continue;
    const std::uint32_t object = by_key ? keys.intern(operation.key) : 0;
    if (object == objects.size()) objects.push_back({by_key ? operation.key : Value(), {}});
    const bool returns = operation.completion != Completion::kInfo;
    objects[object].calls.push_back({*step, operation.invoked.position,
                                     returns ? operation.returned.position : kNoReturn, number});
  }
  return objects;
}

// Nothing can be learned from an operation that failed, or from a read whose answer nobody got.
bool says_nothing(const Operation& operation, bool reads) {
  return operation.completion == Completion::kFail || (reads && operation.completion == Completion::kInfo);
}

bool is_read(const Operation& operation) { return operation.f == "read" || operation.f == "get"; }
bool is_write(const Operation& operation) { return operation.f == "write" || operation.f == "put"; }

class RegisterTranslator {
 public:
  RegisterTranslator(RegisterModel& model, const ModelOptions& options) : model_(model), options_(options) {}

  Result<MaybeStep> operator()(const Operation& operation) const {
    if (is_read(operation)) return read(operation);
    if (is_write(operation)) {
      if (says_nothing(operation, false)) return MaybeStep();
      return Step{Step::Kind::kAssign, false, model_.values.intern(operation.argument), 0};
    }
    if (operation.f == "cas" && options_.name != "register") return swap(operation);
    return fail(ErrorCode::kInvalidArgument,
                cat("event ", operation.invoked.index, ": expected f to be read, get, write, put",
                    options_.name == "register" ? "" : " or cas", " in the model ", options_.name, ", found ", operation.f));
  }

 private:
  Result<MaybeStep> read(const Operation& operation) const {
    if (says_nothing(operation, true)) return MaybeStep();
    if (operation.result.is_null() && options_.nil_read_says_nothing) return MaybeStep();
    const Value& seen = operation.result.is_null() ? options_.initial : operation.result;
    return Step{Step::Kind::kEquals, true, model_.values.intern(seen), 0};
  }

  Result<MaybeStep> swap(const Operation& operation) const {
    const Value::Array* pair = operation.argument.as_array();
    if (pair == nullptr || pair->size() != 2) return misfit(operation, "a value [old,new]", operation.argument);
    const std::uint32_t from = model_.values.intern((*pair)[0]);
    const std::uint32_t to = model_.values.intern((*pair)[1]);
    if (operation.completion == Completion::kFail) {
      if (!options_.observe_failed_cas || operation.error != "cas-mismatch") return MaybeStep();
      return Step{Step::Kind::kDiffers, true, from, 0};
    }
    return Step{Step::Kind::kSwap, false, from, to};
  }

  RegisterModel& model_;
  const ModelOptions& options_;
};

Result<MaybeStep> text_step(AppendModel& model, const ModelOptions& options, const Operation& operation) {
  if (is_read(operation)) {
    if (says_nothing(operation, true)) return MaybeStep();
    if (operation.result.is_null() && options.nil_read_says_nothing) return MaybeStep();
    const Value& seen = operation.result.is_null() ? options.initial : operation.result;
    if (seen.as_text() == nullptr) return misfit(operation, "a string as the answer", seen);
    return Step{Step::Kind::kEquals, true, model.text_state(*seen.as_text()), 0};
  }
  if (!is_write(operation) && operation.f != "append") {
    return fail(ErrorCode::kInvalidArgument,
                cat("event ", operation.invoked.index, ": expected f to be get, put or append in the model ",
                    options.name, ", found ", operation.f));
  }
  if (says_nothing(operation, false)) return MaybeStep();
  const std::string* text = operation.argument.as_text();
  if (text == nullptr) return misfit(operation, "a string as the value", operation.argument);
  if (is_write(operation)) return Step{Step::Kind::kAssign, false, model.text_state(*text), 0};
  return Step{Step::Kind::kAppend, false, model.piece(*text), 0};
}

class LockTranslator {
 public:
  LockTranslator(LockModel& model, const ModelOptions& options) : model_(model), options_(options) {}

  std::uint32_t free() const { return model_.values.intern("free"); }

  Result<MaybeStep> operator()(const Operation& operation) const {
    const bool acquires = operation.f == "acquire";
    if (!acquires && operation.f != "release") {
      return fail(ErrorCode::kInvalidArgument,
                  cat("event ", operation.invoked.index,
                      ": expected f to be acquire or release in the model mutex, found ", operation.f));
    }
    if (says_nothing(operation, false)) return MaybeStep();
    const Value holder =
        options_.owner_releases ? Value(cat("held by process ", operation.process)) : Value("held");
    const std::uint32_t held = model_.values.intern(holder);
    return acquires ? Step{Step::Kind::kSwap, false, free(), held}
                    : Step{Step::Kind::kSwap, false, held, free()};
  }

 private:
  LockModel& model_;
  const ModelOptions& options_;
};

class TransactionTranslator {
 public:
  TransactionTranslator(MultiModel& model, const ModelOptions& options) : model_(model), options_(options) {}

  Result<MaybeStep> operator()(const Operation& operation) const {
    if (operation.f != "txn") {
      return fail(ErrorCode::kInvalidArgument, cat("event ", operation.invoked.index,
                                                   ": expected f to be txn in the model multi-register, found ", operation.f));
    }
    if (operation.completion == Completion::kFail) return MaybeStep();
    const bool answered = operation.completion == Completion::kOk;
    const Value& source = answered ? operation.result : operation.argument;
    const Value::Array* parts = source.as_array();
    if (parts == nullptr) return misfit(operation, "a list of [read|write,key,value]", source);
    std::vector<MultiModel::Access> accesses;
    bool writes = false;
    for (const Value& part : *parts) {
      LOCKSTEP_TRY(access, access_of(operation, part, answered));
      if (access) accesses.push_back(*access);
      writes |= access && access->writes;
    }
    if (accesses.empty()) return MaybeStep();
    return Step{Step::Kind::kTransaction, !writes, model_.transaction(std::move(accesses)), 0};
  }

  // The value that stands for "as it was initially" until all keys are known.
  Value initial_of(const Value& key) const {
    if (const Value::Object* members = options_.initial.as_object()) {
      for (const auto& [name, value] : *members) {
        const std::string* text = key.as_text();
        if (name == (text ? *text : to_json(key))) return value;
      }
    }
    return {};
  }

 private:
  Result<std::optional<MultiModel::Access>> access_of(const Operation& operation, const Value& part, bool answered) const {
    const Value::Array* items = part.as_array();
    if (items == nullptr || items->size() != 3 || (*items)[0].as_text() == nullptr) {
      return misfit(operation, "[read|write,key,value]", part);
    }
    const std::string& verb = *(*items)[0].as_text();
    const Value& key = (*items)[1];
    const Value& value = (*items)[2];
    const std::uint32_t cell = model_.keys.intern(key);
    if (verb == "write" || verb == "w") return MultiModel::Access{cell, true, model_.values.intern(value)};
    if (verb != "read" && verb != "r") return misfit(operation, "read or write", (*items)[0]);
    if (!answered || (value.is_null() && options_.nil_read_says_nothing)) return std::nullopt;
    const Value seen = value.is_null() ? initial_of(key) : value;
    return MultiModel::Access{cell, false, model_.values.intern(seen)};
  }

  MultiModel& model_;
  const ModelOptions& options_;
};

}  // namespace

Result<Problem<RegisterModel>> translate_registers(const History& history, const ModelOptions& options) {
  Problem<RegisterModel> problem;
  problem.initial = problem.model.values.intern(options.initial);
  LOCKSTEP_TRY(objects, split(history, true, RegisterTranslator(problem.model, options)));
  problem.objects = std::move(objects);
  return problem;
}

Result<Problem<AppendModel>> translate_texts(const History& history, const ModelOptions& options) {
  Problem<AppendModel> problem;
  if (options.initial.as_text() == nullptr) {
    return fail(ErrorCode::kInvalidArgument, cat("option init: expected a string, found ", to_json(options.initial)));
  }
  problem.initial = problem.model.text_state(*options.initial.as_text());
  LOCKSTEP_TRY(objects, split(history, true, [&](const Operation& operation) {
    return text_step(problem.model, options, operation);
  }));
  problem.objects = std::move(objects);
  return problem;
}

Result<Problem<LockModel>> translate_locks(const History& history, const ModelOptions& options) {
  Problem<LockModel> problem;
  const LockTranslator translator(problem.model, options);
  problem.initial = translator.free();
  LOCKSTEP_TRY(objects, split(history, true, translator));
  problem.objects = std::move(objects);
  return problem;
}

Result<Problem<MultiModel>> translate_transactions(const History& history, const ModelOptions& options) {
  Problem<MultiModel> problem;
  const TransactionTranslator translator(problem.model, options);
  LOCKSTEP_TRY(objects, split(history, false, translator));
  problem.objects = std::move(objects);
  MultiModel::Tuple initial;
  for (std::uint32_t cell = 0; cell < problem.model.keys.size(); ++cell) {
    initial.push_back(problem.model.values.intern(translator.initial_of(problem.model.keys[cell])));
  }
  problem.initial = problem.model.intern(std::move(initial));
  return problem;
}

}  // namespace lockstep::linearizability
