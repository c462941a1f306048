// API keys: who may ask, and what. A key is 256 random bits that are shown once; only their SHA-256 is kept, as items
// of the system table quipu.keys (docs/formats/keys.md).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.h"
#include "base/result.h"
#include "base/sha256.h"
#include "table/tables.h"

namespace quipu::gateway {

inline constexpr std::size_t keys_max = 100'000;
inline constexpr std::size_t key_name_bytes_max = 255;

// Stored as text in the table: "client" and "admin".
enum class Role : std::uint8_t {
  client,  // may use counters and read figures
  admin,   // may also manage keys
};

std::string_view to_string(Role role);
std::optional<Role> parse_role(std::string_view text);

struct Caller {
  std::string id;  // empty where keys are off
  Role role = Role::client;
};

struct KeyInfo {
  std::string id;
  std::string name;
  Role role = Role::client;
  std::int64_t created_ms = 0;
};

struct NewKey {
  KeyInfo info;
  std::string key;         // the only time that it is seen
  std::string aws_secret;  // likewise: the secret access key that belongs to the access key id info.id
};

class KeyRing {
 public:
  static Result<std::unique_ptr<KeyRing>> open(table::Tables& tables);

  // The same work for a known and an unknown key.
  std::optional<Caller> check(std::string_view key) const;
  // For signatures, which the server must be able to make itself: the secret that belongs to a key's id. It is made
  // from the key's hash, so nothing more is stored, and who has the key's secret does not have the key.
  std::optional<std::string> aws_secret(std::string_view id) const;
  std::vector<KeyInfo> list() const;
  bool empty() const;

  // These wait until the change is durable.
  Result<NewKey> create(std::string_view name, Role role);
  // `not_found` for an unknown id; `conflict` for the last admin key, without which nobody could make another.
  Result<> revoke(std::string_view id);

 private:
  struct Entry {
    KeyInfo info;
    Sha256 hash;
  };
  struct Keys {
    std::map<std::string, std::shared_ptr<const Entry>, std::less<>> by_id;
    std::map<Sha256, std::shared_ptr<const Entry>> by_hash;
  };
  class Write;

  KeyRing(table::Tables& tables, std::shared_ptr<const table::TableSchema> schema)
      : tables_{tables}, schema_{std::move(schema)} {}
  Result<> load();

  table::Tables& tables_;
  const std::shared_ptr<const table::TableSchema> schema_;
  Guarded<Keys> keys_;
  std::mutex changing_;  // one change at a time, so that the last admin key stays
};

}  // namespace quipu::gateway
