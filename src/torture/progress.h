// How a running torture shows that it lives: on a terminal one line that renews itself, else a line now and then.
#pragma once

#include <chrono>
#include <cstdio>

#include "torture/torture.h"

namespace quipu::torture {

class Progress {
 public:
  explicit Progress(std::FILE* out);  // null: shows nothing

  void show(const TortureReport& report);  // often; it decides when to print
  void finish(const TortureReport& report);

 private:
  void print(const TortureReport& report);

  std::FILE* const out_;
  const bool terminal_;
  const std::chrono::steady_clock::time_point begin_;
  std::chrono::steady_clock::time_point next_;
};

}  // namespace quipu::torture
