// The best that a client of MySQL can do with counters: threads with a connection each, that do nothing but increment
// with the one statement that sets and returns, prepared once. Prints one line:
//
//   requests_per_second p50_us p99_us
#include <mysql.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Asked {
  std::string host = "127.0.0.1";
  std::uint16_t port = 3306;
  std::string user = "root";
  std::string database = "quipu";
  unsigned connections = 64;
  unsigned keys = 1;
  double seconds = 2;
};

constexpr std::string_view statement =
    "INSERT INTO counters (counter_id, counter_value) VALUES (?, 1) ON DUPLICATE KEY UPDATE counter_value = "
    "LAST_INSERT_ID(counter_value + 1)";

void demand(bool good, const char* what, const char* why) {
  if (good) return;
  std::fprintf(stderr, "%s: %s\n", what, why);
  std::exit(1);
}

void count(const Asked& asked, unsigned index, Clock::time_point end, std::vector<std::uint32_t>& micros) {
  MYSQL* connection = mysql_init(nullptr);
  demand(mysql_real_connect(connection, asked.host.c_str(), asked.user.c_str(), "", asked.database.c_str(), asked.port,
                            nullptr, 0) != nullptr,
         "connect", mysql_error(connection));
  MYSQL_STMT* prepared = mysql_stmt_init(connection);
  demand(mysql_stmt_prepare(prepared, statement.data(), statement.size()) == 0, "prepare", mysql_stmt_error(prepared));
  char name[32];
  unsigned long name_size = 0;
  MYSQL_BIND bind{};
  bind.buffer_type = MYSQL_TYPE_STRING;
  bind.buffer = name;
  bind.length = &name_size;
  demand(mysql_stmt_bind_param(prepared, &bind) == 0, "bind", mysql_stmt_error(prepared));
  std::minstd_rand random{index + 1};
  for (auto start = Clock::now(); start < end;) {
    name_size = static_cast<unsigned long>(std::snprintf(name, sizeof name, "counter-%lu", random() % asked.keys));
    demand(mysql_stmt_execute(prepared) == 0, "execute", mysql_stmt_error(prepared));
    const auto done = Clock::now();
    micros.push_back(
        static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::microseconds>(done - start).count()));
    start = done;
  }
  mysql_stmt_close(prepared);
  mysql_close(connection);
}

}  // namespace

int main(int argc, char** argv) {
  Asked asked;
  CLI::App app{"Increments counters in MySQL as fast as it goes"};
  app.add_option("--host", asked.host);
  app.add_option("--port", asked.port)->required();
  app.add_option("--user", asked.user);
  app.add_option("--database", asked.database);
  app.add_option("--connections", asked.connections);
  app.add_option("--keys", asked.keys);
  app.add_option("--seconds", asked.seconds);
  CLI11_PARSE(app, argc, argv);
  mysql_library_init(0, nullptr, nullptr);
  std::vector<std::vector<std::uint32_t>> micros(asked.connections);
  const auto start = Clock::now();
  const auto end = start + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>{asked.seconds});
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < asked.connections; ++i) threads.emplace_back([&, i] { count(asked, i, end, micros[i]); });
  }
  const double took = std::chrono::duration<double>(Clock::now() - start).count();
  std::vector<std::uint32_t> all;
  for (const auto& each : micros) all.insert(all.end(), each.begin(), each.end());
  demand(!all.empty(), "count", "nothing was counted");
  std::ranges::sort(all);
  std::printf("%.0f %u %u\n", static_cast<double>(all.size()) / took, all[all.size() / 2], all[all.size() * 99 / 100]);
  return 0;
}
