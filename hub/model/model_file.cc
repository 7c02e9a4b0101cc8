// Metadata to configuration and back, and the self-test on both sides.
#include "hub/model/model_file.h"

#include <charconv>
#include <cmath>
#include <functional>
#include <map>

#include "base/check.h"
#include "base/hash.h"
#include "base/join.h"
#include "base/text.h"
#include "hub/model/model.h"
#include "json/problem.h"

namespace lockstep::model {
namespace {

using Metadata = std::map<std::string, std::string>;

constexpr std::string_view kFormat = "lockstep-model-1";
constexpr std::size_t kMaxTestTokens = 256;  // a hostile file cannot keep a node busy for long

std::unexpected<Error> corrupt(std::string what) { return fail(ErrorCode::kCorrupt, cat("model: ", what)); }

struct WholeNumber {
  const char* key;  // Hugging Face's name
  std::uint32_t Configuration::* member;
};
constexpr WholeNumber kWholeNumbers[] = {
    {"vocab_size", &Configuration::vocabulary},
    {"hidden_size", &Configuration::width},
    {"num_hidden_layers", &Configuration::layers},
    {"num_attention_heads", &Configuration::heads},
    {"num_key_value_heads", &Configuration::key_value_heads},
    {"head_dim", &Configuration::head_width},
    {"intermediate_size", &Configuration::inner_width},
    {"max_position_embeddings", &Configuration::context},
};
constexpr const char* kRotaryBase = "rope_theta";
constexpr const char* kNormEpsilon = "rms_norm_eps";
constexpr const char* kTiedOutput = "tie_word_embeddings";
constexpr const char* kPrompt = "self_test.prompt";
constexpr const char* kExpected = "self_test.expected";
constexpr const char* kLogitsHash = "self_test.logits_hash";

Result<std::string_view> text_of(const Metadata& metadata, const char* key) {
  const auto found = metadata.find(key);
  if (found == metadata.end()) return corrupt(cat("expected '", key, "' in __metadata__"));
  return std::string_view(found->second);
}

template <class Number>
Result<Number> parse(std::string_view text, const char* key) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    return corrupt(cat("'", key, "': expected a number, found ", json::in_quotes(text)));
  return value;
}

template <class Number>
Result<Number> number_of(const Metadata& metadata, const char* key) {
  LOCKSTEP_TRY(text, text_of(metadata, key));
  return parse<Number>(text, key);
}

Result<Configuration> read_configuration(const Metadata& metadata) {
  Configuration configuration;
  for (const auto& [key, member] : kWholeNumbers) {
    LOCKSTEP_TRY(value, number_of<std::uint32_t>(metadata, key));
    configuration.*member = value;
  }
  LOCKSTEP_TRY(base, number_of<double>(metadata, kRotaryBase));
  LOCKSTEP_TRY(epsilon, number_of<double>(metadata, kNormEpsilon));
  LOCKSTEP_TRY(tied, text_of(metadata, kTiedOutput));
  if (tied != "true" && tied != "false")
    return corrupt(cat("'", kTiedOutput, "': expected true or false, found ", json::in_quotes(tied)));
  configuration.rotary_base = base;
  configuration.norm_epsilon = epsilon;
  configuration.tied_output = tied == "true";
  if (const Status status = check_configuration(configuration); !status)
    return fail(status.error().code, cat("model: ", status.error().message));
  return configuration;
}

// Numbers with one space between them, each below the vocabulary's size.
Result<std::vector<Token>> tokens_of(const Metadata& metadata, const char* key, std::uint32_t vocabulary) {
  LOCKSTEP_TRY(text, text_of(metadata, key));
  std::vector<Token> tokens;
  while (true) {
    const std::size_t space = text.find(' ');
    LOCKSTEP_TRY(token, parse<Token>(text.substr(0, space), key));
    if (token >= vocabulary)
      return corrupt(cat("'", key, "': expected tokens below ", vocabulary, ", found ", token));
    tokens.push_back(token);
    if (tokens.size() > kMaxTestTokens)
      return corrupt(cat("'", key, "': expected at most ", kMaxTestTokens, " tokens"));
    if (space == std::string_view::npos) return tokens;
    text.remove_prefix(space + 1);
  }
}

Result<SelfTest> read_self_test(const Metadata& metadata, const Configuration& configuration) {
  SelfTest test;
  LOCKSTEP_TRY(prompt, tokens_of(metadata, kPrompt, configuration.vocabulary));
  LOCKSTEP_TRY(expected, tokens_of(metadata, kExpected, configuration.vocabulary));
  if (prompt.size() + expected.size() > configuration.context)
    return corrupt(cat("self-test: expected at most ", configuration.context,
                       " tokens with the answer, found ", prompt.size() + expected.size()));
  test.prompt = std::move(prompt);
  test.expected = std::move(expected);
  const auto hash = metadata.find(kLogitsHash);
  if (hash == metadata.end()) return test;
  std::uint64_t value = 0;
  const char* end = hash->second.data() + hash->second.size();
  const auto [reached, error] = std::from_chars(hash->second.data(), end, value, 16);
  if (error != std::errc() || reached != end || hash->second.size() != 16)
    return corrupt(cat("'", kLogitsHash, "': expected 16 hex digits, found ", json::in_quotes(hash->second)));
  test.logits_hash = value;
  return test;
}

std::string in_brackets(std::span<const std::uint64_t> shape) {
  return cat("[", joined(shape, [](std::uint64_t size) { return cat(size); }), "]");
}

// Every tensor of the configuration is in the file, with its shape, and no other one.
Status fill(const TensorFile& file, Weights& weights) {
  std::map<std::string_view, const StoredTensor*> stored;
  for (const StoredTensor& tensor : file.tensors) stored.emplace(tensor.name, &tensor);
  for (const NamedTensor& wanted : tensors(weights)) {
    const auto found = stored.find(wanted.name);
    if (found == stored.end()) return corrupt(cat("expected tensor '", wanted.name, "'"));
    const StoredTensor& tensor = *found->second;
    if (tensor.shape != wanted.shape)
      return corrupt(cat("tensor '", wanted.name, "': expected shape ", in_brackets(wanted.shape), ", found ",
                         in_brackets(tensor.shape)));
    LOCKSTEP_TRY_STATUS(read_numbers(tensor, wanted.values));
    stored.erase(found);
  }
  if (!stored.empty()) return corrupt(cat("unexpected tensor ", json::in_quotes(stored.begin()->first)));
  return {};
}

struct Answer {
  std::vector<Token> tokens;
  std::uint64_t logits_hash = 0;
  bool finite = true;  // all logits
};

Answer continue_prompt(const Weights& weights, std::span<const Token> prompt, std::size_t count) {
  const Model model(weights);
  Session session(model);
  Answer answer;
  for (const Token token : prompt) session.append(token);
  while (true) {
    const std::span<const float> logits = session.logits();
    answer.logits_hash =
        hash64({reinterpret_cast<const char*>(logits.data()), logits.size_bytes()}, answer.logits_hash);
    for (const float logit : logits) answer.finite = answer.finite && std::isfinite(logit);
    Token best = 0;
    for (Token token = 1; token < logits.size(); ++token) best = logits[token] > logits[best] ? token : best;
    answer.tokens.push_back(best);
    if (answer.tokens.size() == count) return answer;
    session.append(best);
  }
}

std::string joined(std::span<const Token> tokens) {
  std::string out;
  for (const Token token : tokens) append_text(out, cat(out.empty() ? "" : " ", token));
  return out;
}

Metadata metadata_of(const Configuration& configuration, const ModelNotes& notes) {
  Metadata metadata;
  metadata["format"] = kFormat;
  metadata["language"] = notes.language;
  metadata["note"] = notes.note;
  for (const auto& [key, member] : kWholeNumbers) metadata[key] = cat(configuration.*member);
  metadata[kRotaryBase] = cat(configuration.rotary_base);
  metadata[kNormEpsilon] = cat(configuration.norm_epsilon);
  metadata[kTiedOutput] = configuration.tied_output ? "true" : "false";
  return metadata;
}

}  // namespace

Result<ModelFile> read_model(BytesView file) {
  LOCKSTEP_TRY(stored, read_tensors(file));
  LOCKSTEP_TRY(format, text_of(stored.metadata, "format"));
  if (format != kFormat)
    return corrupt(cat("expected format ", kFormat, ", found ", json::in_quotes(format)));
  LOCKSTEP_TRY(language, text_of(stored.metadata, "language"));
  LOCKSTEP_TRY(configuration, read_configuration(stored.metadata));
  LOCKSTEP_TRY(self_test, read_self_test(stored.metadata, configuration));
  // Nothing is allocated for weights that are not in the file.
  if (count_parameters(configuration) > file.size())
    return corrupt(cat("expected ", count_parameters(configuration), " parameters, the file has ",
                       file.size(), " bytes"));
  ModelFile model{make_weights(configuration), std::move(self_test), std::string(language),
                  stored.metadata["note"]};
  LOCKSTEP_TRY_STATUS(fill(stored, model.weights));
  return model;
}

Status check_self_test(const ModelFile& model) {
  const SelfTest& test = model.self_test;
  const Answer answer = continue_prompt(model.weights, test.prompt, test.expected.size());
  if (!answer.finite) return corrupt("self-test: expected finite logits, found others");
  if (answer.tokens != test.expected)
    return corrupt(
        cat("self-test: expected the answer ", joined(test.expected), ", found ", joined(answer.tokens)));
  if (test.logits_hash && *test.logits_hash != answer.logits_hash)
    return corrupt(cat("self-test: expected logits of hash ", hex16(*test.logits_hash), ", found ",
                       hex16(answer.logits_hash)));
  return {};
}

Result<Bytes> write_model(const Weights& weights, const ModelNotes& notes, NumberType type,
                          std::span<const Token> prompt, std::size_t answer_tokens) {
  const Configuration& configuration = weights.configuration;
  LOCKSTEP_TRY_STATUS(check_configuration(configuration));
  const std::size_t sequence = prompt.size() + answer_tokens;
  if (prompt.empty() || answer_tokens == 0 || sequence > configuration.context || sequence > kMaxTestTokens)
    return fail(ErrorCode::kInvalidArgument,
                cat("self-test: expected a prompt and an answer of together at most ", configuration.context,
                    " tokens, found ", sequence));
  for (const Token token : prompt) {
    if (token >= configuration.vocabulary)
      return fail(ErrorCode::kInvalidArgument,
                  cat("self-test: expected tokens below ", configuration.vocabulary, ", found ", token));
  }
  Weights rounded = weights;
  for (const NamedTensor& tensor : tensors(rounded)) {
    for (float& value : tensor.values) value = round_to(type, value);
  }
  const Answer answer = continue_prompt(rounded, prompt, answer_tokens);
  if (!answer.finite)
    return fail(ErrorCode::kInvalidArgument, "self-test: expected weights that give finite logits");
  Metadata metadata = metadata_of(configuration, notes);
  metadata[kPrompt] = joined(prompt);
  metadata[kExpected] = joined(answer.tokens);
  metadata[kLogitsHash] = hex16(answer.logits_hash);
  return write_tensors(metadata, tensors(std::as_const(rounded)), type);
}

}  // namespace lockstep::model
