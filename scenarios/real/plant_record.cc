// Lines of words; a command is one write at the end of the file.
#include "scenarios/real/plant_record.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/text.h"

namespace lockstep::real {
namespace {

constexpr std::string_view kFirstWord = "plants";
constexpr std::uint64_t kLayout = 1;

std::unexpected<Error> not_written(const std::string& path) {
  return fail(ErrorCode::kIo, cat(path, ": cannot be written: ", std::strerror(errno)));
}

std::string line_of(const PlantRecord::Command& command) {
  return cat("told ", command.at.count(), ' ', command.device, ' ', command.actuator, ' ', command.value,
             '\n');
}

// The words of a line, taken one after another; whoever takes more than there are, or another kind, has
// misread.
class Words {
 public:
  explicit Words(std::string_view line) : rest_(line) {}

  std::string_view word() {
    if (rest_.empty()) is_fine_ = false;
    const std::size_t end = std::min(rest_.find(' '), rest_.size());
    const std::string_view out = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    return out;
  }
  template <class Number>
  Number number() {
    const std::string_view text = word();
    Number out{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (error != std::errc() || end != text.data() + text.size()) is_fine_ = false;
    return out;
  }
  bool are_done() const { return is_fine_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool is_fine_ = true;
};

// False: it is no line of a record.
bool take_line(std::string_view line, PlantRecord& into) {
  Words words(line);
  const std::string_view what = words.word();
  if (what == "device") {
    PlantRecord::Device& device = into.devices.emplace_back();
    device.kind = words.word();
    device.name = words.word();
    device.seed = words.number<std::uint64_t>();
    device.window = Duration(words.number<std::int64_t>());
  } else if (what == "told") {
    PlantRecord::Command& command = into.commands.emplace_back();
    command.at = Duration(words.number<std::int64_t>());
    command.device = words.number<std::size_t>();
    command.actuator = words.word();
    command.value = words.number<double>();
    if (command.device >= into.devices.size()) return false;
  } else {
    return false;
  }
  return words.are_done();
}

bool take_first_line(std::string_view line, PlantRecord& into) {
  Words words(line);
  if (words.word() != kFirstWord || words.number<std::uint64_t>() != kLayout) return false;
  into.began = Instant(Duration(words.number<std::int64_t>()));
  into.lasting = Duration(words.number<std::int64_t>());
  return words.are_done();
}

Result<std::string> whole_lines_of(const std::string& path) {
  std::error_code unknown;
  const bool is_file = std::filesystem::is_regular_file(path, unknown);
  if (!is_file && std::filesystem::exists(path, unknown))
    return fail(ErrorCode::kInvalidArgument, cat(path, ": expected a file with a record of plants, found something else"));
  std::ifstream in(path, std::ios::binary);
  if (!in)
    return fail(ErrorCode::kInvalidArgument,
                cat(path, ": expected a record of plants: ", std::strerror(errno)));
  std::string out((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  out.resize(out.rfind('\n') + 1);  // of no line: nothing
  return out;
}

Result<PlantRecord> parse(std::string_view text, const std::string& path) {
  PlantRecord out;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (number == 1 ? take_first_line(line, out) : take_line(line, out)) continue;
    return fail(ErrorCode::kInvalidArgument,
                cat(path, ", line ", number, ": expected a record of plants, found \"", line, "\""));
  }
  if (out.devices.empty())
    return fail(ErrorCode::kInvalidArgument, cat(path, ": expected a record of plants with a device"));
  return out;
}

}  // namespace

Status write_plant_record(const std::string& path, const PlantRecord& record) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << cat(kFirstWord, ' ', kLayout, ' ', record.began.time_since_epoch().count(), ' ',
             record.lasting.count(), '\n');
  for (const PlantRecord::Device& device : record.devices)
    out << cat("device ", device.kind, ' ', device.name, ' ', device.seed, ' ', device.window.count(), '\n');
  for (const PlantRecord::Command& command : record.commands) out << line_of(command);
  if (!out.flush()) return not_written(path);
  return {};
}

Result<PlantRecord> read_plant_record(const std::string& path) {
  LOCKSTEP_TRY(text, whole_lines_of(path));
  return parse(text, path);
}

Result<std::unique_ptr<RecordedPlants>> RecordedPlants::open(const std::string& path) {
  LOCKSTEP_TRY(text, whole_lines_of(path));
  LOCKSTEP_TRY(record, parse(text, path));
  const int file = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (file < 0) return not_written(path);
  std::unique_ptr<RecordedPlants> out(new RecordedPlants(path, file, record));
  if (::ftruncate(file, static_cast<off_t>(text.size())) != 0) return not_written(path);
  for (const PlantRecord::Device& device : record.devices) LOCKSTEP_TRY_STATUS(out->add(device));
  for (const PlantRecord::Command& command : record.commands) {
    devices::Plant& plant = *out->plants_[command.device];
    plant.advance(command.at);
    LOCKSTEP_TRY_STATUS(plant.actuate(command.actuator, command.value));
  }
  return out;
}

RecordedPlants::~RecordedPlants() { ::close(file_); }

Status RecordedPlants::add(const PlantRecord::Device& device) {
  LOCKSTEP_TRY(plant, devices::make_plant(device.kind, device.name, device.seed));
  infos_.push_back(plant->info());
  infos_.back().window = device.window;
  plants_.push_back(std::move(plant));
  return {};
}

void RecordedPlants::sample(std::size_t device, std::vector<edge::Sample>& samples) {
  const Duration at = now();
  if (at >= lasting_) return;
  plants_[device]->advance(at);
  const auto readings = plants_[device]->readings();
  for (std::size_t signal = 0; signal < readings.size(); ++signal)
    if (readings[signal]) samples.push_back({.signal = signal, .value = *readings[signal], .ago = {}});
}

Status RecordedPlants::actuate(std::size_t device, std::string_view actuator, double value) {
  const Duration at = now();
  plants_[device]->advance(at);
  LOCKSTEP_TRY_STATUS(plants_[device]->actuate(actuator, value));
  const std::string line =
      line_of({.at = at, .device = device, .actuator = std::string(actuator), .value = value});
  if (::write(file_, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
    return not_written(path_);
  return {};
}

}  // namespace lockstep::real
