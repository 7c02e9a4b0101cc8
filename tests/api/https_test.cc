// The HTTP port with TLS, asked by a stock client: whom it lets in, and that it says the same as without.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>

#include "base/check.h"
#include "tests/api/http_doors.h"
#include "tests/net/certificates.h"
#include "tests/temporary_directory.h"

namespace lockstep::tests {
namespace {

struct Answered {
  int code = -1;     // of curl: 0, or why there is no answer
  std::string body;  // then the status of HTTP in a line of its own
};

class Https : public testing::Test {
 protected:
  std::unique_ptr<net::TlsSecurity> security() {
    auto made = net::TlsSecurity::create({.authority = members_.path(),
                                          .certificate = node_.certificate,
                                          .key = node_.key,
                                          .client_authority = clients_.path()},
                                         {});
    CHECK(made.has_value(), made.error().message);
    return std::move(*made);
  }
  static std::shared_ptr<const api::TokenTable> tokens() {
    auto table = std::make_shared<api::TokenTable>();
    table->add_token("shop", api::Access::kWrite, "open-sesame");
    return table;
  }
  std::string showing(const net::Issued& certificate) const {
    return cat(" --cert ", certificate.certificate, " --key ", certificate.key);
  }
  // `how` are curl's arguments.
  Answered ask(std::string_view path, const std::string& how) {
    const std::string url = cat(doors_.origin(leader_), path);
    const std::string command = cat("curl -sS --max-time 60 -w '\\n%{http_code}' --cacert ", members_.path(),
                                    " ", how, " ", url, " 2>&1");
    FILE* pipe = ::popen(command.c_str(), "r");
    CHECK(pipe != nullptr, "popen");
    Answered out;
    char buffer[4096];
    for (std::size_t read = 0; (read = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;)
      out.body.append(buffer, read);
    const int status = ::pclose(pipe);
    out.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return out;
  }

  TemporaryDirectory directory_;
  net::Authority members_{directory_.path(), "members"};
  net::Authority clients_{directory_.path(), "clients"};
  net::Authority others_{directory_.path(), "others"};
  net::Issued node_ = members_.issue("node", "IP:127.0.0.1");
  net::Issued ours_ = clients_.issue("ours", "");
  std::unique_ptr<net::TlsSecurity> security_ = security();
  RealCluster cluster_{{.nodes = 1, .tokens = tokens()}};
  HttpDoors doors_{cluster_, security_.get()};
  NodeId leader_ = cluster_.leader();
  std::string token_ = " -H 'Authorization: Bearer open-sesame'";
};

TEST_F(Https, AClientWithCertificateAndTokenWritesAndReads) {
  const std::string how = showing(ours_) + token_;
  const Answered made =
      ask("/v1/execute",
          how + " --json '{\"statements\": [\"CREATE TABLE t(a)\", \"INSERT INTO t VALUES(3.0)\"]}'");
  ASSERT_EQ(made.code, 0) << made.body;
  EXPECT_TRUE(made.body.ends_with("\n200")) << made.body;
  const Answered rows = ask("/v1/query", how + " --json '{\"sql\": \"SELECT a FROM t\"}'");
  EXPECT_NE(rows.body.find("\"rows\":[[3.0]]"), std::string::npos) << rows.body;
  const Answered large =
      ask("/v1/query", how + " --json '{\"sql\": \"SELECT hex(zeroblob(1000000)) AS zeros\"}'");
  EXPECT_NE(large.body.find(std::string(2'000'000, '0')), std::string::npos) << large.body.size() << " bytes";
}

TEST_F(Https, NobodyElseIsLetIn) {
  const Answered refused = ask("/v1/query", showing(ours_) + " --json '{\"sql\": \"SELECT 1\"}'");
  EXPECT_TRUE(refused.body.ends_with("\n401")) << "without a token: " << refused.body;
  EXPECT_NE(ask("/healthz", token_).code, 0) << "without a certificate";
  EXPECT_NE(ask("/healthz", showing(others_.issue("stranger", "")) + token_).code, 0);
  EXPECT_EQ(ask("/healthz", showing(ours_)).code, 0) << "the port goes on";
  EXPECT_EQ(doors_.ask(leader_, "GET", "/healthz").status, 0) << "in the clear";
}

}  // namespace
}  // namespace lockstep::tests
