// The composition root of the `thresher` program: its scenarios, its streams, its own file.
// Everything else is in run_program, which tests call as well.
#include "thresher/cli/program.h"
#include "thresher/scenarios/scenario.h"

#include <iostream>

int main(int argc, char** argv) {
  return thresher::cli::run_program(
      argc, argv,
      {.scenarios = thresher::scenarios::all_scenarios(), .out = std::cout, .err = std::cerr});
}
