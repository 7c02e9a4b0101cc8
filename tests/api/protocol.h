// Lets one body of tests run over every protocol: what it asks and what it is answered are the core's
// messages.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "tests/api/real_cluster.h"

namespace lockstep::tests {

struct Answer {
  bool let_in = true;  // false: the token was refused, and nothing below is set
  wire::Reply reply;
};

// A client of one node, which asks once and tries nothing again.
class Caller {
 public:
  virtual ~Caller() = default;
  virtual Answer ask(const wire::Request& request) = 0;
};

class Protocol {
 public:
  virtual ~Protocol() = default;
  // Every member of the cluster listens; what was opened goes with its member (RealCluster::attach).
  virtual void open(RealCluster& cluster) = 0;
  // `token`: empty: none is shown. For the test's thread.
  virtual std::unique_ptr<Caller> connect(RealCluster& cluster, NodeId node, const std::string& token) = 0;
};

// What the suite is instantiated with.
struct ProtocolKind {
  std::string name;
  std::function<std::unique_ptr<Protocol>()> make;
};
inline void PrintTo(const ProtocolKind& kind, std::ostream* out) { *out << kind.name; }

ProtocolKind native_protocol();
ProtocolKind grpc_protocol();
ProtocolKind http_protocol();

}  // namespace lockstep::tests
