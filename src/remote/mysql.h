// Counters in TiDB, MySQL or MariaDB: the table counters(counter_id, counter_value). One statement sets and returns the
// new value; a call with a marker is one transaction with a row of counter_requests.
#pragma once

#include "remote/link.h"

namespace quipu::remote {

struct MysqlSettings {
  std::string host;
  std::uint16_t port = 4000;  // TiDB's
  std::string user;
  std::string password;
  std::string database;
  bool tls = false;  // verified against the system's certificates
};

Result<std::unique_ptr<Remote>> make_mysql(const MysqlSettings& settings);

}  // namespace quipu::remote
