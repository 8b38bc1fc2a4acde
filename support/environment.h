// The environment variables that Catenary reads, all of them.
#pragma once

#include <filesystem>
#include <optional>

namespace catenary {

struct Environment {
  std::optional<std::filesystem::path> dump;  ///< CATENARY_DUMP: a folder for every stage of the compiler
  std::filesystem::path cache;                ///< CATENARY_CACHE: a folder for compiled code; empty: none is kept
  std::optional<int> threads;                 ///< CATENARY_THREADS: threads of a sampler that asks for no number
  bool plain = false;                         ///< NO_COLOR: text on terminals without colours
};

/// Reads the variables as they are now; one that is empty counts as not set. Error: a value that does not parse.
Environment read_environment();

}  // namespace catenary
