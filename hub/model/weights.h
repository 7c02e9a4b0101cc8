// A small decoder-only transformer as numbers: its configuration and its tensors, named and laid out as
// LLaMA's.
//
// RMSNorm (Zhang and Sennrich 2019), rotary positions (Su et al. 2021, halves rotated against each other as
// in Hugging Face's LLaMA), SwiGLU (Shazeer 2020), grouped-query heads (Ainslie et al. 2023). Plain values:
// the trainer fills them, model_file.h writes and reads them, model.h computes with them.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace lockstep::model {

using Token = std::uint32_t;
using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;  // [outputs][inputs]
using Vector = Eigen::Matrix<float, Eigen::Dynamic, 1>;

struct Configuration {
  std::uint32_t vocabulary = 0;       // vocab_size
  std::uint32_t width = 0;            // hidden_size
  std::uint32_t layers = 0;           // num_hidden_layers
  std::uint32_t heads = 0;            // num_attention_heads
  std::uint32_t key_value_heads = 0;  // num_key_value_heads; divides heads
  std::uint32_t head_width = 0;       // head_dim; even
  std::uint32_t inner_width = 0;      // intermediate_size
  std::uint32_t context = 0;          // max_position_embeddings: tokens in one sequence
  double rotary_base = 10000;         // rope_theta
  double norm_epsilon = 1e-5;         // rms_norm_eps
  bool tied_output = true;            // tie_word_embeddings: logits through the embedding's own rows
  bool operator==(const Configuration&) const = default;
};

// kInvalidArgument, kTooLarge: which number is not as above, or beyond what a node holds for a model (64 MiB
// of weights as float, as much for one sequence).
Status check_configuration(const Configuration& configuration);

struct Layer {
  Vector input_norm;      // input_layernorm.weight            [width]
  Matrix query;           // self_attn.q_proj.weight           [heads * head_width][width]
  Matrix key;             // self_attn.k_proj.weight           [key_value_heads * head_width][width]
  Matrix value;           // self_attn.v_proj.weight           [key_value_heads * head_width][width]
  Matrix output;          // self_attn.o_proj.weight           [width][heads * head_width]
  Vector attention_norm;  // post_attention_layernorm.weight   [width]
  Matrix gate;            // mlp.gate_proj.weight              [inner_width][width]
  Matrix up;              // mlp.up_proj.weight                [inner_width][width]
  Matrix down;            // mlp.down_proj.weight              [width][inner_width]
};

struct Weights {
  Configuration configuration;
  Matrix embedding;  // model.embed_tokens.weight  [vocabulary][width]
  std::vector<Layer> layers;
  Vector final_norm;  // model.norm.weight          [width]
  Matrix output;      // lm_head.weight             [vocabulary][width]; empty if tied
};

// All tensors of the right shapes: norms 1, the rest 0. The configuration must have passed its check.
Weights make_weights(const Configuration& configuration);

// One tensor by its name in files; values in row-major order.
struct NamedTensor {
  std::string name;
  std::vector<std::uint64_t> shape;
  std::span<float> values;
};
struct ConstNamedTensor {
  std::string name;
  std::vector<std::uint64_t> shape;
  std::span<const float> values;
};

// Every tensor once, always in the same order: embedding, layers from the first, final norm, output if not
// tied.
std::vector<NamedTensor> tensors(Weights& weights);
std::vector<ConstNamedTensor> tensors(const Weights& weights);

// Numbers in all tensors together.
std::uint64_t count_parameters(const Configuration& configuration);

}  // namespace lockstep::model
