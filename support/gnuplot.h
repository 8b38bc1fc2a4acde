// Pictures: gnuplot, run on a script.
#pragma once

#include <string>

namespace catenary {

/// Runs gnuplot on `script_file`; what gnuplot says goes to stderr. Throws Error if it is not installed or fails.
void run_gnuplot(const std::string& script_file);

/// `text` as a string of gnuplot's, which takes it literally: in quotes, with those inside doubled.
std::string gnuplot_string(std::string text);

}  // namespace catenary
