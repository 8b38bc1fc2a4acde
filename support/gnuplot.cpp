// gnuplot as a child process, without a shell.
#include <catenary/support/gnuplot.h>

#include <cstring>

#include <spawn.h>
#include <sys/wait.h>

#include <catenary/support/error.h>

extern char** environ;

namespace catenary {

void run_gnuplot(const std::string& script_file) {
  std::string name = "gnuplot", argument = script_file;
  char* arguments[] = {name.data(), argument.data(), nullptr};
  pid_t child = 0;
  if (int error = posix_spawnp(&child, "gnuplot", nullptr, nullptr, arguments, environ))
    throw Error("The picture needs gnuplot, which does not start (" + std::string(std::strerror(error)) +
                "). Install gnuplot-nox, then run: gnuplot " + script_file);
  int status = 0;
  if (waitpid(child, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
    throw Error("gnuplot failed on '" + script_file + "' (its reason is above).");
}

std::string gnuplot_string(std::string text) {
  for (size_t at = 0; (at = text.find('\'', at)) != std::string::npos; at += 2) text.insert(at, 1, '\'');
  return "'" + text + "'";
}

}  // namespace catenary
