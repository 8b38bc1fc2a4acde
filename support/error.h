// The two kinds of error: the user's (Error) and ours (Bug).
#pragma once

#include <stdexcept>
#include <string>

namespace catenary {

/// Something the caller can mend. The message is a sentence: whose object, what was asked, what was found, what to do.
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& sentence) : std::runtime_error(sentence) {}
};

/// What a device answered: out of its memory, a fault of its own. What was asked may be half done.
class DeviceError : public Error {
 public:
  using Error::Error;
};

/// A broken promise of the library itself; worth a report with the message.
class Bug : public std::logic_error {
 public:
  explicit Bug(const std::string& fact) : std::logic_error("catenary bug: " + fact) {}
};

}  // namespace catenary
