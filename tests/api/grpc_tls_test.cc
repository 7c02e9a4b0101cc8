// The gRPC port with mutual TLS: whom it lets in.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/check.h"
#include "tests/api/grpc_client.h"
#include "tests/api/grpc_doors.h"
#include "tests/net/certificates.h"
#include "tests/temporary_directory.h"

namespace lockstep::tests {
namespace {

using namespace std::chrono_literals;

std::string text_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  CHECK(!text.str().empty(), path);
  return text.str();
}

api::GrpcOptions with_tls(api::GrpcOptions::Tls tls) {
  api::GrpcOptions options;
  options.tls = std::move(tls);
  return options;
}

class GrpcTls : public testing::Test {
 protected:
  GrpcTls()
      : ours_(directory_.path(), "ours"),
        theirs_(directory_.path(), "theirs"),
        node_(ours_.issue("node", "IP:127.0.0.1")),
        cluster_({.nodes = 1}),
        doors_(cluster_, with_tls(api::GrpcOptions::Tls{.certificate = text_of(node_.certificate),
                                                        .key = text_of(node_.key),
                                                        .client_ca = text_of(ours_.path())})) {
    leader_ = cluster_.leader();
  }

  // Asks for the status; does not wait for a port that lets nobody in.
  grpc::Status ask(const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
    GrpcCaller caller(doors_.address(leader_), "", credentials);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + 60s);
    v1::StatusResponse response;
    return caller.stub().Status(&context, {}, &response);
  }
  std::shared_ptr<grpc::ChannelCredentials> showing(const net::Issued& certificate) {
    return grpc::SslCredentials({.pem_root_certs = text_of(ours_.path()),
                                 .pem_private_key = text_of(certificate.key),
                                 .pem_cert_chain = text_of(certificate.certificate)});
  }

  TemporaryDirectory directory_;
  net::Authority ours_;
  net::Authority theirs_;
  net::Issued node_;
  RealCluster cluster_;
  GrpcDoors doors_;
  NodeId leader_;
};

TEST_F(GrpcTls, AClientWithACertificateOfOursIsLetIn) {
  const grpc::Status status = ask(showing(ours_.issue("client", "")));
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST_F(GrpcTls, NobodyElseIs) {
  EXPECT_FALSE(ask(showing(theirs_.issue("stranger", ""))).ok());
  EXPECT_FALSE(
      ask(grpc::SslCredentials(
              {.pem_root_certs = text_of(ours_.path()), .pem_private_key = "", .pem_cert_chain = ""}))
          .ok());
  EXPECT_FALSE(ask(grpc::InsecureChannelCredentials()).ok());
}

}  // namespace
}  // namespace lockstep::tests
