#include "base/random.h"

#include <sys/random.h>

#include "base/assert.h"

namespace quipu {

std::string secure_random_bytes(std::size_t size) {
  std::string bytes(size, '\0');
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = getrandom(bytes.data() + done, size - done, 0);
    QUIPU_ASSERT(got > 0, "getrandom gave {}", got);
    done += static_cast<std::size_t>(got);
  }
  return bytes;
}

}  // namespace quipu
