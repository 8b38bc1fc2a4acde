// The environment variables that Catenary reads, all of them.
#include <catenary/support/environment.h>

#include <charconv>
#include <cstdlib>
#include <string>
#include <string_view>

#include <catenary/support/error.h>

namespace catenary {
namespace {

std::optional<std::string_view> variable(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

std::optional<int> whole_number(const char* name, int least, int most) {
  auto text = variable(name);
  if (!text) return std::nullopt;
  int number = 0;
  auto [end, fault] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (fault != std::errc() || end != text->data() + text->size() || number < least || number > most)
    throw Error("the environment variable " + std::string(name) + " is '" + std::string(*text) +
                "'; it must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return number;
}

// By default where users' programs keep what they can make again (XDG Base Directory Specification).
std::filesystem::path cache_folder() {
  if (auto folder = variable("CATENARY_CACHE")) return *folder == "off" ? "" : std::filesystem::path(*folder);
  auto caches = variable("XDG_CACHE_HOME"), home = variable("HOME");
  if (caches && std::filesystem::path(*caches).is_absolute()) return std::filesystem::path(*caches) / "catenary";
  if (home && std::filesystem::path(*home).is_absolute()) return std::filesystem::path(*home) / ".cache" / "catenary";
  return {};
}

}  // namespace

Environment read_environment() {
  Environment environment;
  if (auto folder = variable("CATENARY_DUMP")) environment.dump = std::filesystem::path(*folder);
  environment.cache = cache_folder();
  environment.threads = whole_number("CATENARY_THREADS", 1, 1024);
  environment.plain = variable("NO_COLOR").has_value();
  return environment;
}

}  // namespace catenary
