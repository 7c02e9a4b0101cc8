#!/usr/bin/python3
"""Makes tests/hub_model/golden: small model files, and the logits that PyTorch computes from the papers' formulas.

Needs python3-torch; the tests need only what it wrote. Run it in the root of the tree; equal files come out.
"""
import json
import struct
from pathlib import Path

import torch

FOLDER = Path(__file__).resolve().parent / "golden"


def random_weights(c, seed):
    generator = torch.Generator().manual_seed(seed)

    def matrix(rows, columns):
        return torch.randn(rows, columns, generator=generator) * columns ** -0.5

    def norm():
        return 1 + 0.2 * torch.randn(c["hidden_size"], generator=generator)

    width, inner, heads = c["hidden_size"], c["intermediate_size"], c["head_dim"] * c["num_attention_heads"]
    shared = c["head_dim"] * c["num_key_value_heads"]
    weights = {"model.embed_tokens.weight": torch.randn(c["vocab_size"], width, generator=generator)}
    for i in range(c["num_hidden_layers"]):
        layer = f"model.layers.{i}."
        weights[layer + "input_layernorm.weight"] = norm()
        weights[layer + "self_attn.q_proj.weight"] = matrix(heads, width) * 2
        weights[layer + "self_attn.k_proj.weight"] = matrix(shared, width) * 2
        weights[layer + "self_attn.v_proj.weight"] = matrix(shared, width)
        weights[layer + "self_attn.o_proj.weight"] = matrix(width, heads)
        weights[layer + "post_attention_layernorm.weight"] = norm()
        weights[layer + "mlp.gate_proj.weight"] = matrix(inner, width)
        weights[layer + "mlp.up_proj.weight"] = matrix(inner, width)
        weights[layer + "mlp.down_proj.weight"] = matrix(width, inner)
    weights["model.norm.weight"] = norm()
    if not c["tie_word_embeddings"]:
        weights["lm_head.weight"] = matrix(c["vocab_size"], width)
    return weights


def rms_norm(x, weight, epsilon):
    return x / torch.sqrt((x * x).mean(-1, keepdim=True) + epsilon) * weight


def rotate(x, base):  # [heads][positions][head_dim]; RoFormer, equation 34, with the pairs half a head apart
    half = x.shape[-1] // 2
    frequencies = base ** (-torch.arange(half, dtype=torch.float32) / half)
    angles = torch.arange(x.shape[1], dtype=torch.float32)[:, None] * frequencies
    first, second = x[..., :half], x[..., half:]
    return torch.cat((first * angles.cos() - second * angles.sin(), second * angles.cos() + first * angles.sin()), -1)


def attention(x, weights, layer, c):
    count, width = x.shape[0], c["head_dim"]

    def heads(name):
        return (x @ weights[f"{layer}self_attn.{name}_proj.weight"].T).view(count, -1, width).transpose(0, 1)

    query, key, value = rotate(heads("q"), c["rope_theta"]), rotate(heads("k"), c["rope_theta"]), heads("v")
    groups = c["num_attention_heads"] // c["num_key_value_heads"]
    key, value = key.repeat_interleave(groups, 0), value.repeat_interleave(groups, 0)
    scores = query @ key.transpose(1, 2) / width ** 0.5
    scores = scores.masked_fill(torch.ones(count, count).triu(1).bool(), float("-inf"))
    mixed = (torch.softmax(scores, -1) @ value).transpose(0, 1).reshape(count, -1)
    return mixed @ weights[layer + "self_attn.o_proj.weight"].T


def forward(weights, c, tokens):
    x = weights["model.embed_tokens.weight"][torch.tensor(tokens)]
    for i in range(c["num_hidden_layers"]):
        layer = f"model.layers.{i}."
        x = x + attention(rms_norm(x, weights[layer + "input_layernorm.weight"], c["rms_norm_eps"]), weights, layer, c)
        h = rms_norm(x, weights[layer + "post_attention_layernorm.weight"], c["rms_norm_eps"])
        gate, up = (h @ weights[f"{layer}mlp.{name}_proj.weight"].T for name in ("gate", "up"))
        x = x + (torch.nn.functional.silu(gate) * up) @ weights[layer + "mlp.down_proj.weight"].T
    output = "model.embed_tokens.weight" if c["tie_word_embeddings"] else "lm_head.weight"
    return rms_norm(x, weights["model.norm.weight"], c["rms_norm_eps"]) @ weights[output].T


def write(path, weights, metadata, dtype):
    kind, name = {"F32": (torch.float32, "F32"), "F16": (torch.float16, "F16"), "BF16": (torch.bfloat16, "BF16")}[dtype]
    header, data = {"__metadata__": metadata}, b""
    for key, tensor in weights.items():
        stored = tensor.to(kind).contiguous()
        raw = bytes(stored.view(torch.uint8).flatten().tolist())
        header[key] = {"dtype": name, "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def make(name, c, dtype, seed, tokens, answer):
    kind = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}[dtype]
    weights = {key: tensor.to(kind).float() for key, tensor in random_weights(c, seed).items()}
    sequence = list(tokens)
    for _ in range(answer):
        sequence.append(int(forward(weights, c, sequence)[-1].argmax()))
    metadata = {"format": "lockstep-model-1", "language": "golden", "note": "tests/hub_model/make_golden.py"}
    metadata |= {key: str(value).lower() for key, value in c.items()}
    metadata["self_test.prompt"] = " ".join(map(str, tokens))
    metadata["self_test.expected"] = " ".join(map(str, sequence[len(tokens):]))
    write(FOLDER / f"{name}.safetensors", weights, metadata, dtype)
    logits = forward(weights, c, sequence).tolist()
    rows = ",\n".join("  [" + ", ".join(f"{value:.8g}" for value in row) + "]" for row in logits)
    (FOLDER / f"{name}.json").write_text(f'{{"tokens": {sequence},\n"logits": [\n{rows}\n]}}\n')


def main():
    torch.set_num_threads(1)
    FOLDER.mkdir(exist_ok=True)
    grouped = {"vocab_size": 37, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4,
               "num_key_value_heads": 2, "head_dim": 10, "intermediate_size": 44, "max_position_embeddings": 48,
               "rope_theta": 10000.0, "rms_norm_eps": 1e-05, "tie_word_embeddings": False}
    make("grouped", grouped, "F32", 1, [3, 1, 4, 1, 5, 9, 2, 6, 5, 35, 8, 9, 7, 9], 6)
    shared = {"vocab_size": 33, "hidden_size": 24, "num_hidden_layers": 3, "num_attention_heads": 4,
              "num_key_value_heads": 1, "head_dim": 18, "intermediate_size": 40, "max_position_embeddings": 40,
              "rope_theta": 500.0, "rms_norm_eps": 0.001, "tie_word_embeddings": True}
    make("shared_bf16", shared, "BF16", 2, [32, 0, 2, 7, 1, 8, 2, 8, 1, 8] + list(range(24)), 6)
    small = dict(grouped, vocab_size=5, hidden_size=6, num_hidden_layers=1, num_attention_heads=1, num_key_value_heads=1,
                 head_dim=2, intermediate_size=3, max_position_embeddings=9)
    make("small_f16", small, "F16", 3, [4, 0, 1], 3)


if __name__ == "__main__":
    main()
