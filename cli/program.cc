// The `thresher` program: reads the command line, does the command, prints at most one problem. A
// problem goes to standard error as one line; results alone go to standard output.
#include "thresher/cli/program.h"

#include "thresher/cli/campaign/worker.h"
#include "thresher/cli/campaign_command.h"
#include "thresher/cli/command_line.h"
#include "thresher/cli/list_command.h"
#include "thresher/cli/run_command.h"

#include <charconv>
#include <ostream>

namespace thresher::cli {

namespace {

/// Does each command; made for std::visit.
struct Dispatcher {
  const Surroundings& around;

  Parsed<int> operator()(const Message& message) const {
    around.out << message.text;
    return 0;
  }
  Parsed<int> operator()(const ListArguments& arguments) const {
    around.out << list_text(around.scenarios, arguments);
    return 0;
  }
  Parsed<int> operator()(const RunArguments& arguments) const { return do_run(arguments, around); }
  Parsed<int> operator()(const ReplayArguments& arguments) const {
    return do_replay(arguments, around);
  }
  Parsed<int> operator()(const CampaignArguments& arguments) const {
    return do_campaign(arguments, around);
  }
  Parsed<int> operator()(const WorkerArguments& arguments) const {
    WorkerLimits limits;
    const std::string& text = arguments.memory_bytes;
    std::from_chars(text.data(), text.data() + text.size(), limits.memory_bytes);
    return serve_tasks(around.scenarios, limits);
  }
};

}  // namespace

int run_program(int argc, const char* const* argv, const Surroundings& surroundings) {
  Parsed<int> code = misuse("");
  if (auto line = read_command_line(argc, argv); line) {
    code = std::visit(Dispatcher{surroundings}, *line);
  } else {
    code = runtime::Unexpected{line.error()};
  }
  surroundings.out.flush();
  if (code) return *code;
  surroundings.err << "thresher: " << code.error().text << '\n';
  return code.error().exit_code;
}

}  // namespace thresher::cli
