// A model as one self-contained file: safetensors with the configuration, the language and a self-test as
// metadata. docs/model.md has the layout.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "hub/model/safetensors.h"
#include "hub/model/weights.h"

namespace lockstep::model {

// What the model must say on every machine: after the prompt, always the token with the largest logit (of
// equal ones the first).
struct SelfTest {
  std::vector<Token> prompt;
  std::vector<Token> expected;
  std::optional<std::uint64_t> logits_hash;  // hash64 over the float bits of all logits that chose `expected`
  bool operator==(const SelfTest&) const = default;
};

struct ModelFile {
  Weights weights;
  SelfTest self_test;
  std::string language;  // of its tokens; hub/policy/tokens.h
  std::string note;      // for people
};

// Everything but the self-test is checked: container, configuration, a tensor of the right shape for every
// name and no other, finite numbers. kCorrupt, kInvalidArgument or kTooLarge, with the reason.
Result<ModelFile> read_model(BytesView file);

// Computes the answer again. kCorrupt: this machine or this file says something else than the writer's.
Status check_self_test(const ModelFile& model);

struct ModelNotes {
  std::string language;
  std::string note;
};
// Rounds the weights to `type`, lets that model continue `prompt` by `answer_tokens` tokens for its
// self-test, and writes it all. Errors: as check_configuration and write_tensors; kInvalidArgument: a prompt
// that is empty, unknown tokens in it, a sequence longer than the context.
Result<Bytes> write_model(const Weights& weights, const ModelNotes& notes, NumberType type,
                          std::span<const Token> prompt, std::size_t answer_tokens);

}  // namespace lockstep::model
