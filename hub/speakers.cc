// Kinds of messages against kinds of numbers, and names against numbers.
#include "hub/speakers.h"

#include <optional>

#include "base/field_numbers.h"
#include "base/text.h"
#include "hub/schema.h"

namespace lockstep::hub {
namespace {

bool is_of_an_edge(wire::FieldMessage::WhatCase what) {
  switch (what) {
    case wire::FieldMessage::kBatch:
    case wire::FieldMessage::kInstructionAck:
    case wire::FieldMessage::kProgress:
    case wire::FieldMessage::kResult:
    case wire::FieldMessage::kPackageStatus: return true;
    default: return false;
  }
}

bool is_of_a_cloud(wire::FieldMessage::WhatCase what) {
  switch (what) {
    case wire::FieldMessage::kPackage:
    case wire::FieldMessage::kChunk:
    case wire::FieldMessage::kActivate:
    case wire::FieldMessage::kTelemetry: return true;
    default: return false;
  }
}

// Most blocks of a batch are of one edge: the name is looked at again only where it changes.
std::string objection_to_series(NodeId from, const wire::SensorBatch& batch) {
  std::optional<std::string_view> known;
  for (const wire::SensorBlock& block : batch.blocks()) {
    const std::string_view edge = edge_of(block.series());
    if (edge == known) continue;
    if (edge_number(edge) != from)
      return cat("expected readings of the edge with number ", from, ", found the series '", block.series(),
                 "' of number ", edge_number(edge));
    known = edge;
  }
  return {};
}

std::string objection_to_hello(NodeId from, const wire::Hello& hello) {
  const bool is_edge = field_kind(from) == FieldKind::kEdge;
  if (hello.role() == wire::EDGE && (!is_edge || edge_number(hello.name()) != from))
    return cat("expected edge '", hello.name(), "' under number ", edge_number(hello.name()),
               ", found it under ", from);
  if (hello.role() == wire::CLOUD && is_edge)
    return cat("expected a cloud under the number of a cloud, such as ", kCloudNumber, ", found it under ",
               from);
  return {};
}

}  // namespace

std::string objection_to(NodeId from, const wire::FieldMessage& message) {
  const wire::FieldMessage::WhatCase what = message.what_case();
  const bool is_edge = field_kind(from) == FieldKind::kEdge;
  if (message.has_hello()) return objection_to_hello(from, message.hello());
  if (is_of_a_cloud(what) && is_edge)
    return cat(
        "expected models, policies, settings and questions from a cloud, found them from the edge with "
        "number ",
        from);
  if (is_of_an_edge(what) && !is_edge)
    return cat("expected readings, results and states from an edge, found them from number ", from);
  return message.has_batch() ? objection_to_series(from, message.batch()) : std::string();
}

}  // namespace lockstep::hub
