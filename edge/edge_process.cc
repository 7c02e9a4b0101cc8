// The parts of an edge put together: opening, messages, time, and a disk that is full.
#include "edge/edge_process.h"

#include <algorithm>

#include "base/text.h"
#include "edge/events.h"
#include "edge/lost_store.h"

namespace lockstep::edge {

EdgeProcess::Parts::Parts(EdgeProcess& edge, BufferContents buffer, SlotContents contents)
    : sensing(edge.env_, edge.config_.sensing, std::move(buffer), edge.lane_, edge.link_),
      executions(edge.env_, edge.config_.executions, edge.description_, edge.driver_, edge.lane_,
                 [&edge](const wire::FieldMessage& message) { edge.link_.send(message); }),
      slots(edge.env_, edge.config_.slots, std::move(contents), edge.description_, edge.lane_,
            {.apply = [&edge](const Settings& settings) { edge.apply(settings); },
             .ailment = [&edge] { return edge.ailment(); },
             .send = [&edge](const wire::FieldMessage& message) { edge.link_.send(message); }}) {}

EdgeProcess::EdgeProcess(const env::Env& env, EdgeConfig config, Driver& driver)
    : env_(env),
      config_(std::move(config)),
      description_(config_.name, driver.devices()),
      driver_(driver),
      lane_(env, config_.kv, [this](const Error& error) { on_failure(error); }),
      sampler_(env.clock, description_, driver, config_.sample_period),
      link_(env, config_.link,
            {.hello = [this] { return hello(); },
             .found =
                 [this](NodeId leader, std::uint32_t credit) {
                   env_.trace.emit({kHubFound, {leader.value()}});
                   credit_ = credit;
                   has_fallen_back_ = false;
                   if (!parts_) return;
                   parts_->sensing.uplink().on_found(credit);
                   parts_->executions.on_found();
                   parts_->slots.on_found();
                 },
             .lost =
                 [this](NodeId former) {
                   env_.trace.emit({kHubLost, {former.value()}});
                   if (parts_) parts_->sensing.uplink().on_lost();
                 }}),
      reopen_pause_(config_.reopen_least) {}

EdgeProcess::~EdgeProcess() = default;

// ---- the store --------------------------------------------------------------------------------------

void EdgeProcess::start() { open(); }

void EdgeProcess::open() {
  lane_.open(
      [this](kv::Store& store) -> Result<Contents> {
        if (config_.had_store && store.trees().empty())
          return fail(ErrorCode::kNotFound, cat("expected the store that edge '", config_.name,
                                                "' had, found an empty one: ", kAdviceOnLostStore));
        LOCKSTEP_TRY(buffer, Buffer::restore(store, env_.trace, config_.name, env_.seed));
        LOCKSTEP_TRY(executions, Executions::restore(store));
        LOCKSTEP_TRY(slots, Slots::restore(store, env_.trace));
        return Contents{std::move(buffer), std::move(executions), std::move(slots)};
      },
      [this](Contents contents) { on_opened(std::move(contents)); });
}

void EdgeProcess::on_opened(Contents contents) {
  lacks_room_.reset();
  count_refused(contents.buffer);
  const std::size_t instructions = contents.executions.rows.size();
  parts_ = std::make_unique<Parts>(*this, std::move(contents.buffer), std::move(contents.slots));
  const Buffer& buffer = parts_->sensing.buffer();
  env_.trace.emit({kEdgeOpened, {buffer.id(), buffer.batches(), instructions, parts_->slots.version()}});
  parts_->slots.start();
  parts_->executions.start(std::move(contents.executions));
  if (!link_.leader().is_none()) parts_->sensing.uplink().on_found(credit_);
  if (is_started_) return link_.greet_leader();  // who leads by now may have heard the old word only
  is_started_ = true;
  sampler_.start();
  link_.start();
}

void EdgeProcess::on_failure(const Error& error) {
  if (parts_) {
    of_store_ = word_of_store();
    if (parts_->sensing.batches() > 0) reopen_pause_ = config_.reopen_least;
    for (const Sensing::Doubtful& readings : parts_->sensing.doubtful()) doubtful_.push_back(readings);
  }
  parts_.reset();
  if (error.code == ErrorCode::kNoSpace) {
    lacks_room_ = error;
    reopen_at_ = env_.clock.monotonic_now() + reopen_pause_;
    reopen_pause_ = std::min(2 * reopen_pause_, config_.reopen_most);
    return;
  }
  failure_ = error;
  if (error.code == ErrorCode::kCorrupt) failure_->message += cat(": ", kAdviceOnDamagedStore);
  count_refused({});
  env_.trace.emit({kEdgeStopped, {static_cast<std::uint64_t>(error.code)}, failure_->message});
}

// A batch that was not known to be durable may be found all the same.
void EdgeProcess::count_refused(const BufferContents& found) {
  for (const Sensing::Doubtful& one : doubtful_) {
    const auto stream = found.streams.find(one.stream);
    const bool is_there =
        one.sequence != 0 && stream != found.streams.end() && one.sequence < stream->second.next;
    if (!is_there) refused_[one.stream] += one.readings;
  }
  doubtful_.clear();
  for (const auto& [stream, readings] : refused_) env_.trace.emit({kReadingsRefused, {stream, readings}});
  refused_.clear();
}

// ---- messages ---------------------------------------------------------------------------------------

wire::Hello EdgeProcess::word_of_store() const {
  wire::Hello word;
  word.set_floor(parts_->executions.floor());
  word.set_newest(parts_->executions.newest());
  word.set_settings_version(parts_->slots.version());
  word.set_store(parts_->sensing.buffer().id());
  return word;
}

// What the store said last holds while it is closed: it is not a new one when it is opened again.
wire::Hello EdgeProcess::hello() const {
  wire::Hello hello = parts_ ? word_of_store() : of_store_;
  description_.describe(hello);
  hello.set_anew(config_.begins_anew);
  return hello;
}

void EdgeProcess::on_message(NodeId from, Channel channel, BytesView payload) {
  wire::FieldMessage message;
  if (failure_ || channel != Channel::kField || !link_.is_hub(from)) return;
  if (!message.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) return;
  if (message.has_refused()) {
    env_.trace.emit({kHubRefuses, {from.value()}, message.refused().reason()});
    return link_.on_not_taken(from);
  }
  if (message.has_hello_wanted()) return link_.on_not_taken(from);
  link_.heard(from);
  dispatch(from, message);
}

// A new leader sends what is open to the number that it knows, before it hears who bears it.
bool EdgeProcess::is_for_us(const wire::Instruction& instruction) const {
  return instruction.store() == 0 || instruction.store() == parts_->sensing.buffer().id();
}

void EdgeProcess::dispatch(NodeId from, const wire::FieldMessage& message) {
  if (message.has_welcome()) return link_.on_welcome(from, message.welcome());
  if (!parts_) return;  // the hub will say it again
  switch (message.what_case()) {
    case wire::FieldMessage::kBatchAck: parts_->sensing.uplink().on_ack(message.batch_ack()); break;
    case wire::FieldMessage::kInstruction:
      if (is_for_us(message.instruction())) parts_->executions.on_instruction(message.instruction());
      break;
    case wire::FieldMessage::kCancel: parts_->executions.on_cancel(message.cancel().id()); break;
    case wire::FieldMessage::kSettled: parts_->executions.on_settled(message.settled()); break;
    case wire::FieldMessage::kPackage: parts_->slots.on_package(message.package()); break;
    case wire::FieldMessage::kChunk: parts_->slots.on_chunk(message.chunk()); break;
    case wire::FieldMessage::kActivate: parts_->slots.on_activate(message.activate()); break;
    default: break;  // not for an edge
  }
}

// ---- settings ---------------------------------------------------------------------------------------

// Whatever the settings leave out is as it was configured.
void EdgeProcess::apply(const Settings& settings) {
  settings_ = settings;
  settings_since_ = env_.clock.monotonic_now();
  for (std::size_t device = 0; device < description_.devices().size(); ++device) {
    const auto period = settings_.sample_period.find(device);
    sampler_.set_period(device,
                        period == settings_.sample_period.end() ? config_.sample_period : period->second);
  }
}

// A device that has not been heard since the settings are in use.
std::string EdgeProcess::ailment() const {
  for (std::size_t device = 0; device < description_.devices().size(); ++device) {
    const auto last = sampler_.last_reading(device);
    if (!last || *last < settings_since_)
      return cat("'", description_.devices()[device].name, "' gave no reading");
  }
  return {};
}

Instant EdgeProcess::fallback_at() const {
  const auto since = link_.silent_since();
  if (!since || !settings_.fallback_after || has_fallen_back_) return kNever;
  return *since + *settings_.fallback_after;
}

// Nobody has said anything for long: what the settings have for that, once.
void EdgeProcess::fall_back() {
  has_fallen_back_ = true;
  for (std::size_t device = 0; device < description_.devices().size(); ++device) {
    bool told = false;
    for (const Settings::SetPoint& point : settings_.fallback)
      if (point.device == device)
        told = driver_.actuate(device, point.actuator, point.value).has_value() || told;
    if (told) env_.trace.emit({kFallbackTaken, {device}});
  }
}

// ---- time -------------------------------------------------------------------------------------------

void EdgeProcess::take_reading(std::uint32_t stream, const std::string& series, series::Point point) {
  if (parts_) {
    parts_->sensing.take(stream, series, point);
  } else {
    ++refused_[stream];
  }
}

void EdgeProcess::on_alarm() {
  if (failure_) return;
  sampler_.on_deadline([this](std::uint32_t stream, const std::string& series, series::Point point) {
    take_reading(stream, series, point);
  });
  link_.on_deadline();
  if (parts_) {
    parts_->sensing.on_deadline();
    parts_->executions.on_deadline();
    parts_->slots.on_deadline();
  }
  // It needs no store: a disk may be full for as long as a hub is silent.
  if (fallback_at() <= env_.clock.monotonic_now()) fall_back();
  if (reopen_at_ <= env_.clock.monotonic_now()) {
    reopen_at_ = kNever;
    open();
  }
}

Instant EdgeProcess::deadline() const {
  Instant first =
      std::min({sampler_.deadline(), link_.deadline(), lane_.deadline(), reopen_at_, fallback_at()});
  if (parts_)
    first = std::min(
        {first, parts_->sensing.deadline(), parts_->executions.deadline(), parts_->slots.deadline()});
  return first;
}

void EdgeProcess::on_turn_end() {
  if (failure_) return env_.alarm.set(kNever);
  if (parts_) parts_->sensing.on_turn_end();
  lane_.flush();
  env_.alarm.set(deadline());
}

}  // namespace lockstep::edge
