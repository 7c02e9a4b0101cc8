// An operator at the socket of a real process: work is held until he says so, and nothing stays held without
// him.
#include "net/faults/admin.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/temporary_directory.h"

namespace lockstep::faults {
namespace {

using namespace std::chrono_literals;

constexpr env::ProbePoint kPoint{"test.point"};

struct IdleActor final : env::Actor {
  void start() override {}
  void on_message(NodeId, Channel, BytesView) override {}
  void on_alarm() override {}
  void on_job_done(std::unique_ptr<env::Job>) override {}
};

class FaultAdmin : public testing::Test {
 protected:
  FaultAdmin() {
    net::HostOptions options;
    options.place = {.self = NodeId(1), .cluster = ClusterId(1)};
    options.incarnation = Incarnation(4);
    host_ = std::make_unique<net::Host>(loop_, std::move(options),
                                        [](const env::Env&) { return std::make_unique<IdleActor>(); });
  }
  ~FaultAdmin() override {
    if (operator_) operator_->close();
    admin_.reset();
    host_.reset();
  }

  void open() {
    auto admin = Admin::open(loop_, *host_, directory_.path(), {});
    ASSERT_TRUE(admin.has_value()) << admin.error().message;
    admin_ = std::move(*admin);
  }
  void connect() {
    LocalSocket::socket socket(loop_.context());
    socket.connect(LocalSocket::endpoint(directory_ / kSocketFile));
    operator_ = std::make_shared<LineSocket>(
        std::move(socket),
        LineSocket::Callbacks{
            .on_line = [this](std::string_view line) { notes_.push_back(parse_note(line).value()); },
            .on_end = [] {}});
    operator_->start();
    ASSERT_TRUE(await_notes(1));
    EXPECT_EQ(notes_[0], Note(Greeting{.node = NodeId(1), .incarnation = Incarnation(4)}));
  }
  bool await_notes(std::size_t count) {
    return loop_.run_until([&] { return notes_.size() >= count; }, 20s);
  }
  void order(const Orders& orders) { operator_->send(to_line(orders)); }
  void reach() {
    host_->env().probe.reached(kPoint, 5, [this] { ++passed_; });
  }
  bool passes(int count) {
    return loop_.run_until([&] { return passed_ >= count; }, 20s);
  }

  net::EventLoop loop_;
  tests::TemporaryDirectory directory_;
  std::unique_ptr<net::Host> host_;
  std::unique_ptr<Admin> admin_;
  std::shared_ptr<LineSocket> operator_;
  std::vector<Note> notes_;
  int passed_ = 0;
};

TEST_F(FaultAdmin, WorkAtAnArmedPointIsHeldUntilItIsReleased) {
  open();
  connect();
  reach();
  EXPECT_EQ(passed_, 1) << "nothing is armed at first";
  Orders arm;
  arm.probes = {std::string(kPoint.name)};
  order(arm);
  operator_->send("no order");  // its complaint says that the order before it was obeyed
  ASSERT_TRUE(await_notes(2));
  reach();
  EXPECT_EQ(passed_, 1);
  ASSERT_TRUE(await_notes(3));
  EXPECT_EQ(notes_[2], Note(ProbeNote{.ticket = 1, .point = "test.point", .object = 5}));
  Orders release;
  release.release = {1};
  order(release);
  EXPECT_TRUE(passes(2));
}

TEST_F(FaultAdmin, TheFileIsObeyedBeforeAnybodyConnectsAndHitsWaitForHim) {
  std::ofstream(directory_ / kOrdersFile) << "{\"probes\":[\"test.point\"]}\n";
  open();
  reach();
  EXPECT_EQ(passed_, 0);
  connect();
  ASSERT_TRUE(await_notes(2));
  EXPECT_EQ(notes_[1], Note(ProbeNote{.ticket = 1, .point = "test.point", .object = 5}));
}

TEST_F(FaultAdmin, AFileThatIsNoOrderIsRefusedWithItsPlace) {
  std::ofstream(directory_ / kOrdersFile) << "{}\n{\"probe\":[]}\n";
  const auto admin = Admin::open(loop_, *host_, directory_.path(), {});
  ASSERT_FALSE(admin.has_value());
  EXPECT_NE(admin.error().message.find("faults.jsonl, line 2: expected"), std::string::npos)
      << admin.error().message;
}

TEST_F(FaultAdmin, WhenTheOperatorLeavesNothingStaysHeld) {
  std::ofstream(directory_ / kOrdersFile) << "{\"probes\":[\"test.point\"]}\n";
  open();
  reach();
  connect();
  operator_->close();
  EXPECT_TRUE(passes(1));
  reach();
  EXPECT_EQ(passed_, 2) << "disarmed";
}

TEST_F(FaultAdmin, TellsHowManyFramesRulesHaveStruckAcrossOrders) {
  open();
  connect();
  Orders cut;
  cut.links = {net::LinkRule{.id = 3, .filter = {.peers = {{NodeId(2)}}}}};
  order(cut);
  operator_->send("no order");
  ASSERT_TRUE(await_notes(2));
  host_->env().transport.send(NodeId(2), Channel::kRaft, "x");
  ASSERT_TRUE(await_notes(3));
  EXPECT_EQ(notes_[2], Note(StruckNote{.frames = {{3, 1}}}));
  order(cut);
  operator_->send("no order");
  ASSERT_TRUE(await_notes(4));
  host_->env().transport.send(NodeId(2), Channel::kRaft, "x");
  ASSERT_TRUE(await_notes(5));
  EXPECT_EQ(notes_[4], Note(StruckNote{.frames = {{3, 2}}}));
}

}  // namespace
}  // namespace lockstep::faults
