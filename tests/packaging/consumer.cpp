// SPDX-License-Identifier: Apache-2.0
// Uses the installed library through its public header alone, without a word about fmt, oneDNN or compiler flags.
#if __has_include(<pellucid/pellucid.h>)
#include <pellucid/pellucid.h>
#else
#include <pellucid/base/error.h>
#include <pellucid/base/parallel.h>
#endif

#include <cstdio>

int main() {
  pellucid::set_thread_count(1);
  int sum = 0;
  pellucid::parallel_for(10, 1, [&](std::int64_t begin, std::int64_t end) { sum += static_cast<int>(end - begin); });
  try {
    pellucid::check(sum != 10, "{} items", sum);
  } catch (const pellucid::Error& error) {
    std::puts(error.what());
    return 0;
  }
  std::puts("the library did not throw");
  return 1;
}
