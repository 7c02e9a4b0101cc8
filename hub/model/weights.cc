// Shapes and names of the tensors, in one list that everybody walks.
#include "hub/model/weights.h"

#include <string_view>
#include <type_traits>

#include "base/check.h"
#include "base/text.h"

namespace lockstep::model {
namespace {

constexpr std::uint64_t kMaxParameters = (64ull << 20) / sizeof(float);

// Calls visit(name, tensor, rows, columns) for every tensor; columns 0: a vector.
template <class AnyWeights, class Visit>
void walk(AnyWeights& weights, const Visit& visit) {
  const Configuration& c = weights.configuration;
  const std::uint64_t queries = std::uint64_t{c.heads} * c.head_width;
  const std::uint64_t keys = std::uint64_t{c.key_value_heads} * c.head_width;
  visit("model.embed_tokens.weight", weights.embedding, c.vocabulary, c.width);
  for (std::size_t i = 0; i < weights.layers.size(); ++i) {
    auto& layer = weights.layers[i];
    const std::string prefix = cat("model.layers.", i, ".");
    visit(prefix + "input_layernorm.weight", layer.input_norm, c.width, 0);
    visit(prefix + "self_attn.q_proj.weight", layer.query, queries, c.width);
    visit(prefix + "self_attn.k_proj.weight", layer.key, keys, c.width);
    visit(prefix + "self_attn.v_proj.weight", layer.value, keys, c.width);
    visit(prefix + "self_attn.o_proj.weight", layer.output, c.width, queries);
    visit(prefix + "post_attention_layernorm.weight", layer.attention_norm, c.width, 0);
    visit(prefix + "mlp.gate_proj.weight", layer.gate, c.inner_width, c.width);
    visit(prefix + "mlp.up_proj.weight", layer.up, c.inner_width, c.width);
    visit(prefix + "mlp.down_proj.weight", layer.down, c.width, c.inner_width);
  }
  visit("model.norm.weight", weights.final_norm, c.width, 0);
  if (!c.tied_output) visit("lm_head.weight", weights.output, c.vocabulary, c.width);
}

template <class Tensor, class AnyWeights>
std::vector<Tensor> list(AnyWeights& weights) {
  std::vector<Tensor> all;
  walk(weights, [&](std::string_view name, auto& tensor, std::uint64_t rows, std::uint64_t columns) {
    Tensor& added = all.emplace_back(std::string(name), std::vector<std::uint64_t>{rows});
    if (columns != 0) added.shape.push_back(columns);
    added.values = {tensor.data(), static_cast<std::size_t>(tensor.size())};
    CHECK(added.values.size() == rows * (columns == 0 ? 1 : columns), "a tensor of another size: ", name);
  });
  return all;
}

Status check_number(std::string_view name, std::uint64_t value, std::uint64_t most) {
  if (value >= 1 && value <= most) return {};
  return fail(ErrorCode::kInvalidArgument, cat(name, ": expected 1 to ", most, ", found ", value));
}

}  // namespace

Status check_configuration(const Configuration& c) {
  LOCKSTEP_TRY_STATUS(check_number("vocab_size", c.vocabulary, 1 << 16));
  LOCKSTEP_TRY_STATUS(check_number("hidden_size", c.width, 1 << 12));
  LOCKSTEP_TRY_STATUS(check_number("num_hidden_layers", c.layers, 64));
  LOCKSTEP_TRY_STATUS(check_number("num_attention_heads", c.heads, 256));
  LOCKSTEP_TRY_STATUS(check_number("num_key_value_heads", c.key_value_heads, c.heads));
  LOCKSTEP_TRY_STATUS(check_number("head_dim", c.head_width, 512));
  LOCKSTEP_TRY_STATUS(check_number("intermediate_size", c.inner_width, 1 << 14));
  LOCKSTEP_TRY_STATUS(check_number("max_position_embeddings", c.context, 1 << 14));
  if (c.heads % c.key_value_heads != 0)
    return fail(ErrorCode::kInvalidArgument,
                cat("num_key_value_heads: expected a divisor of num_attention_heads (", c.heads, "), found ",
                    c.key_value_heads));
  if (c.head_width % 2 != 0)
    return fail(ErrorCode::kInvalidArgument, cat("head_dim: expected an even number, found ", c.head_width));
  if (!(c.rotary_base > 1 && c.rotary_base <= 1e9))
    return fail(ErrorCode::kInvalidArgument,
                cat("rope_theta: expected above 1 to 1e9, found ", c.rotary_base));
  if (!(c.norm_epsilon >= 1e-12 && c.norm_epsilon <= 1))
    return fail(ErrorCode::kInvalidArgument,
                cat("rms_norm_eps: expected 1e-12 to 1, found ", c.norm_epsilon));
  const std::uint64_t parameters = count_parameters(c);
  if (parameters > kMaxParameters)
    return fail(ErrorCode::kTooLarge,
                cat("expected at most ", kMaxParameters, " parameters, found ", parameters));
  const std::uint64_t cached = 2ull * c.layers * c.context * c.key_value_heads * c.head_width;
  if (cached > kMaxParameters)
    return fail(ErrorCode::kTooLarge,
                cat("expected at most ", kMaxParameters,
                    " cached numbers (2 * layers * positions * key and value width), found ", cached));
  return {};
}

Weights make_weights(const Configuration& configuration) {
  Weights weights;
  weights.configuration = configuration;
  weights.layers.resize(configuration.layers);
  walk(weights, [](std::string_view, auto& tensor, std::uint64_t rows, std::uint64_t columns) {
    if constexpr (std::is_same_v<std::remove_reference_t<decltype(tensor)>, Vector>)
      tensor.setOnes(static_cast<Eigen::Index>(rows));
    else
      tensor.setZero(static_cast<Eigen::Index>(rows), static_cast<Eigen::Index>(columns));
  });
  return weights;
}

std::vector<NamedTensor> tensors(Weights& weights) { return list<NamedTensor>(weights); }
std::vector<ConstNamedTensor> tensors(const Weights& weights) { return list<ConstNamedTensor>(weights); }

std::uint64_t count_parameters(const Configuration& c) {
  const std::uint64_t width = c.width;
  const std::uint64_t queries = std::uint64_t{c.heads} * c.head_width;
  const std::uint64_t keys = std::uint64_t{c.key_value_heads} * c.head_width;
  const std::uint64_t layer = 2 * width + 2 * width * queries + 2 * width * keys + 3 * width * c.inner_width;
  return (c.tied_output ? 1 : 2) * width * c.vocabulary + c.layers * layer + width;
}

}  // namespace lockstep::model
