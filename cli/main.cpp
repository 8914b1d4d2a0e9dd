#include "cli/run.h"

int main(int argc, char** argv) { return nsr::cli::run(argc, argv); }
