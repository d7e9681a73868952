// The folder of a campaign. Files are written aside and renamed, so that nobody ever reads half of
// one.
#include "thresher/cli/campaign/out_folder.h"

#include "thresher/cli/campaign/channel.h"
#include "thresher/cli/text.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fcntl.h>
#include <unistd.h>

namespace thresher::cli {

namespace fs = std::filesystem;

namespace {

runtime::Unexpected<Problem> unwritable(const std::string& path, const std::string& why) {
  return misuse("--out " + shell_word(path) + ": cannot be written (" + why +
                "); give a folder of yours");
}

runtime::Unexpected<Problem> failed_later(const std::string& path, const std::string& why) {
  return broken(shell_word(path) + ": cannot be written (" + why +
                "); make room and go on with --resume");
}

}  // namespace

Parsed<OutFolder> OutFolder::open(const std::string& path) {
  std::error_code error;
  fs::create_directories(path + "/failures", error);
  if (error) return unwritable(path, error.message());
  if (::access(path.c_str(), W_OK | X_OK) != 0) return unwritable(path, std::strerror(errno));
  return OutFolder{path};
}

Parsed<void> OutFolder::set_aside() {
  constexpr std::array<std::string_view, 3> names{"campaign.jsonl", "summary.json", "summary.txt"};
  std::error_code error;
  for (const std::string_view name : names) {
    const fs::path from = fs::path{path_} / name;
    if (!fs::exists(from, error)) continue;
    fs::create_directories(fs::path{path_} / "previous", error);
    if (!error) fs::rename(from, fs::path{path_} / "previous" / name, error);
    if (error) return unwritable(path_, error.message());
  }
  return {};
}

Parsed<std::string> OutFolder::failure_folder(const RunSettings& settings,
                                              const std::string& label, std::uint64_t seed) {
  constexpr std::size_t label_chars_max = 80;
  const std::string path = path_ + "/failures/" + file_word(settings.scenario) + "-" +
                           file_word(label.substr(0, label_chars_max)) + "-" +
                           hex64(seed).substr(2);
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return failed_later(path, error.message());
  return path;
}

Parsed<void> OutFolder::write(const std::string& path, const std::string& text) {
  const std::string aside = path + ".part";
  {
    Descriptor file{::open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)};
    if (!file.valid()) return failed_later(path, std::strerror(errno));
    std::string_view left = text;
    while (!left.empty()) {
      const ssize_t written = ::write(file.get(), left.data(), left.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) {
        const int why = errno;
        ::unlink(aside.c_str());
        return failed_later(path, std::strerror(why));
      }
      left.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  std::error_code error;
  fs::rename(aside, path, error);
  if (error) return failed_later(path, error.message());
  return {};
}

}  // namespace thresher::cli
