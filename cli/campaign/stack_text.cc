// Turns the addresses of a stack into functions and lines. All addresses of one file go to one call
// of addr2line, since starting it costs more than its work.
#include "thresher/cli/campaign/stack_text.h"

#include "thresher/cli/text.h"

#include <array>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace thresher::cli {

namespace {

/// One line of a stack: `FILE(+0xOFFSET)[0xADDRESS]`.
struct Frame {
  std::string file;
  std::string offset;
};

std::optional<Frame> frame_of(std::string_view line) {
  const std::size_t open = line.find("(+0x");
  const std::size_t close = line.find(')', open == line.npos ? 0 : open);
  if (open == line.npos || close == line.npos || open == 0) return std::nullopt;
  return Frame{std::string{line.substr(0, open)},
               std::string{line.substr(open + 2, close - open - 2)}};
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::vector<std::string> output_of(const std::string& command) {
  std::vector<std::string> lines;
  const auto close = [](std::FILE* pipe) { ::pclose(pipe); };
  const std::unique_ptr<std::FILE, decltype(close)> pipe{::popen(command.c_str(), "r"), close};
  if (pipe == nullptr) return lines;
  std::array<char, 4096> line;
  while (std::fgets(line.data(), static_cast<int>(line.size()), pipe.get()) != nullptr) {
    lines.emplace_back(line.data());
    while (!lines.back().empty() && lines.back().back() == '\n') lines.back().pop_back();
  }
  return lines;
}

/// offset -> "function at file:line", for what addr2line knows.
std::map<std::string, std::string> names_in(const std::string& file,
                                            const std::vector<std::string>& offsets) {
  std::string command = "addr2line -C -f -p -s -e " + shell_word(file);
  for (const std::string& offset : offsets) command += " " + shell_word(offset);
  const std::vector<std::string> told = output_of(command + " 2>/dev/null");
  std::map<std::string, std::string> names;
  if (told.size() != offsets.size()) return names;
  for (std::size_t i = 0; i < told.size(); ++i) {
    if (told[i].find("??") == std::string::npos) names[offsets[i]] = told[i];
  }
  return names;
}

/// (file, offset) -> name, for all frames among the lines.
std::map<std::pair<std::string, std::string>, std::string> names_of(
    const std::vector<std::string_view>& lines) {
  std::map<std::string, std::vector<std::string>> wanted;
  for (const std::string_view line : lines) {
    if (const auto frame = frame_of(line)) wanted[frame->file].push_back(frame->offset);
  }
  std::map<std::pair<std::string, std::string>, std::string> names;
  for (const auto& [file, offsets] : wanted) {
    for (const auto& [offset, name] : names_in(file, offsets)) names[{file, offset}] = name;
  }
  return names;
}

}  // namespace

std::string with_names(std::string_view text) {
  const std::vector<std::string_view> lines = lines_of(text);
  const auto names = names_of(lines);
  bool below_harness = false;
  std::string out;
  for (const std::string_view line : lines) {
    const auto frame = frame_of(line);
    const auto name = frame ? names.find({frame->file, frame->offset}) : names.end();
    const bool of_stack = line.find("[0x") != line.npos;
    if (below_harness && of_stack) continue;
    if (name == names.end()) {
      // The address changes from process to process and says nothing without its layout.
      out.append(line.substr(0, line.find("[0x"))).append("\n");
      continue;
    }
    if (name->second.find("::say_stack") != std::string::npos) continue;
    out += "  " + name->second + "\n";
    // What is below is how the harness came to run it.
    below_harness = name->second.find("::Executor::perform") != std::string::npos;
  }
  return out;
}

}  // namespace thresher::cli
