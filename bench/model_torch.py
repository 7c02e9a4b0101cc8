#!/usr/bin/python3
"""One token of the model of bench/model.cc in PyTorch, one thread: append it to the cache, compute its logits.

Needs python3-torch. Prints microseconds of processor time per token: the median of --rounds rounds of the whole context.
"""
import argparse
import statistics
import time

import torch

VOCABULARY, WIDTH, LAYERS, HEADS, SHARED, HEAD, INNER, CONTEXT = 585, 64, 4, 4, 2, 16, 212, 48


class Layer:
    def __init__(self):
        def matrix(rows, columns):
            return (torch.rand(rows, columns) - 0.5) / 2

        self.norms = torch.ones(2, WIDTH)
        self.projections = matrix((HEADS + 2 * SHARED) * HEAD, WIDTH)
        self.output = matrix(WIDTH, HEADS * HEAD)
        self.gate_up = matrix(2 * INNER, WIDTH)
        self.down = matrix(WIDTH, INNER)
        self.keys = torch.zeros(SHARED, CONTEXT, HEAD)
        self.values = torch.zeros(SHARED, CONTEXT, HEAD)


def norm(x, weight):
    return x * torch.rsqrt(x.dot(x) / WIDTH + 1e-5) * weight


def rotated(x, cosine, sine):
    first, second = x[:, : HEAD // 2], x[:, HEAD // 2:]
    return torch.cat((first * cosine - second * sine, second * cosine + first * sine), 1)


def token(layers, embedding, cosines, sines, position, number):
    x = embedding[number]
    for layer in layers:
        projected = torch.mv(layer.projections, norm(x, layer.norms[0])).view(-1, HEAD)
        turned = rotated(projected[: HEADS + SHARED], cosines[position], sines[position])
        layer.keys[:, position] = turned[HEADS:]
        layer.values[:, position] = projected[HEADS + SHARED:]
        query = turned[:HEADS].view(SHARED, HEADS // SHARED, HEAD)
        scores = torch.bmm(query, layer.keys[:, : position + 1].transpose(1, 2)) / HEAD ** 0.5
        mixed = torch.bmm(torch.softmax(scores, -1), layer.values[:, : position + 1])
        x = x + torch.mv(layer.output, mixed.reshape(-1))
        inner = torch.mv(layer.gate_up, norm(x, layer.norms[1]))
        x = x + torch.mv(layer.down, torch.nn.functional.silu(inner[:INNER]) * inner[INNER:])
    return torch.mv(embedding, norm(x, torch.ones(WIDTH)))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=50)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    layers = [Layer() for _ in range(LAYERS)]
    embedding = (torch.rand(VOCABULARY, WIDTH) - 0.5) / 2
    angles = torch.arange(CONTEXT)[:, None] * 10000.0 ** (-torch.arange(HEAD // 2) / (HEAD // 2))
    cosines, sines = angles.cos(), angles.sin()
    took = []
    for _ in range(arguments.rounds + 1):
        begin = time.process_time()
        for position in range(CONTEXT):
            token(layers, embedding, cosines, sines, position, position)
        took.append((time.process_time() - begin) / CONTEXT * 1e6)
    print(f"PyTorch {torch.__version__}: {statistics.median(took[1:]):.0f} us per token, least {min(took[1:]):.0f}")


if __name__ == "__main__":
    main()
