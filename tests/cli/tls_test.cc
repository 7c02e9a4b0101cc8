// `sql` and `client` with a node that wants certificates and a token.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "tests/cli/local_cluster.h"
#include "tests/net/certificates.h"

namespace lockstep::tests {
namespace {

// `lockstep node --config FILE`, until the end of the test.
class RunningNode {
 public:
  explicit RunningNode(const std::string& config) : process_(::fork()) {
    CHECK(process_ >= 0, "fork");
    if (process_ > 0) return;
    ::execl(LOCKSTEP_PROGRAM, LOCKSTEP_PROGRAM, "node", "--config", config.c_str(), nullptr);
    ::_exit(127);
  }
  ~RunningNode() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  RunningNode(const RunningNode&) = delete;
  RunningNode& operator=(const RunningNode&) = delete;

 private:
  pid_t process_;
};

class CommandsWithTls : public testing::Test {
 protected:
  std::string configuration() {
    const std::string file = home_ / "node.json";
    std::ofstream(file) << R"({"data": "data", "listen": {"native": ")" << address_
                        << R"("}, "tls": {"ca": ")" << members_.path() << R"(", "client_ca": ")"
                        << clients_.path() << R"(", "certificate": ")" << shown_.certificate
                        << R"(", "key": ")" << shown_.key
                        << R"("}, "tokens": [{"name": "test", "role": "write", "token": "open-sesame"}]})";
    return file;
  }
  std::string showing(const net::Issued& certificate) const {
    return cat(" --ca ", members_.path(), " --certificate ", certificate.certificate, " --key ",
               certificate.key);
  }
  Outcome sql(const std::string& how) {
    return lockstep(cat("sql --mode csv --nodes ", address_, " ", how, " -c 'SELECT 40 + 2 AS answer'"));
  }

  TemporaryDirectory home_;
  net::Authority members_{home_ / "", "members"};
  net::Authority clients_{home_ / "", "clients"};
  net::Issued shown_ = members_.issue("node", "IP:127.0.0.1");
  net::Issued ours_ = clients_.issue("ours", "");
  std::string address_ = cat("127.0.0.1:", free_ports(1));
  std::string token_ = " --token open-sesame";
  RunningNode node_{configuration()};
};

TEST_F(CommandsWithTls, LetInWithCertificateAndToken) {
  Outcome answer = sql(showing(ours_) + token_);
  for (int i = 0; i < 1000 && answer.code != 0; ++i)
    answer = sql(showing(ours_) + token_);  // it is coming up
  ASSERT_EQ(answer.out, "answer\r\n42\r\n");
  const Outcome full =
      lockstep(cat("client --nodes ", address_, showing(ours_), token_, " --record ", home_ / "r.json"));
  EXPECT_EQ(full.code, 0) << full.out;

  const auto refused = [&](const std::string& how, std::string_view reason) {
    const Outcome outcome = sql(how);
    EXPECT_EQ(outcome.code, 1) << how;
    EXPECT_NE(outcome.out.find("no node answers"), std::string::npos) << outcome.out;
    EXPECT_NE(outcome.out.find(reason), std::string::npos) << outcome.out;
  };
  refused(token_, "does it want TLS?");
  refused(showing(ours_), "token");
  refused(showing(ours_) + " --token wrong", "token");
  EXPECT_EQ(sql(cat(" --ca ", members_.path(), token_)).code, 0) << "where there are tokens, one is enough";
  refused(cat(" --ca ", clients_.path(), " --certificate ", ours_.certificate, " --key ", ours_.key, token_),
          "certificate");
  EXPECT_EQ(sql(cat(" --ca ", home_ / "none.pem", token_)).code, 2);
  EXPECT_EQ(sql(cat(" --certificate ", ours_.certificate, token_)).code, 2)
      << "a certificate without an authority";
}

}  // namespace
}  // namespace lockstep::tests
