// Histories as text, so that a failed run can be kept, read and judged again, also by another checker.
//
//   history   = { counter-line { operation-line } }
//   counter-line   = "counter" NAME START STEP                    begins the history of one counter
//   operation-line = ("increment" | "read") INVOKE RETURN OUTCOME
//   INVOKE, RETURN = nanoseconds of one monotonic clock; RETURN may be "-": no end is known
//   OUTCOME        = "acked" VALUE | "indeterminate" | "failed"
//
// Words are separated by one space, a line that begins with "#" is a comment. A name is kept with everything outside
// printable ASCII, "%" and the space percent-encoded.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "torture/counter_checker.h"

namespace quipu::torture {

struct History {
  std::vector<CounterRules> rules;
  std::vector<Operation> operations;
};

Result<> write_history(const std::filesystem::path& file, std::span<const CounterRules> rules,
                       std::span<const Operation> operations);
Result<History> read_history(std::istream& in);

// Judges every counter of the file ("-": standard input) on its own and prints a line for each to `out`: its name, then
// "ok" or "wrong: " and the first thing that is wrong. True if all are ok.
Result<bool> check_history_file(const std::string& file, std::ostream& out);

}  // namespace quipu::torture
