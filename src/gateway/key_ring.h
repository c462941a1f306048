// API keys: who may ask, and what. A key is 256 random bits that are shown once; only their SHA-256 is kept, as items
// of the system table quipu.keys (docs/formats/keys.md).
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/guarded.h"
#include "base/result.h"
#include "base/sha256.h"
#include "gateway/meter.h"
#include "gateway/plan_book.h"
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
  std::shared_ptr<Meter> meter;  // null where keys are off
};

struct KeyInfo {
  std::string id;
  std::string name;
  Role role = Role::client;
  std::string plan;  // empty: none
  std::int64_t created_ms = 0;
};

struct NewKey {
  KeyInfo info;
  std::string key;         // the only time that it is seen
  std::string aws_secret;  // likewise: the secret access key that belongs to the access key id info.id
};

struct PlanInfo {
  Plan plan;
  std::size_t keys = 0;  // that have it
};

struct KeyUsage {
  std::string id;
  std::string name;
  std::int64_t used = 0;
  std::int64_t left = 0;
};

// Of the quota of a plan, in the period that is now.
struct PlanUsage {
  Plan plan;
  Window window;
  std::vector<KeyUsage> keys;
};

// Which keys there are, and under which plan each is. Requests look keys up in shards, each behind a lock of its own,
// so that loops hardly ever wait for each other; and a connection that shows the same key again need not look at all,
// as long as version() is what it was.
class KeyRing {
 public:
  static Result<std::unique_ptr<KeyRing>> open(table::Tables& tables);
  // Brings what meters have at hand back to the store, which must still be there. No request may be under way.
  ~KeyRing();

  // The same work for a known and an unknown key.
  std::optional<Caller> check(std::string_view key) const;
  // Another number after each change that makes an earlier answer of check() wrong. Ask before check().
  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }
  // For signatures, which the server must be able to make itself: the secret that belongs to a key's id. It is made
  // from the key's hash, so nothing more is stored, and who has the key's secret does not have the key.
  std::optional<std::string> aws_secret(std::string_view id) const;
  // Of the key with that id; null if there is none.
  std::shared_ptr<Meter> meter(std::string_view id) const;
  std::vector<KeyInfo> list() const;  // by id
  bool empty() const;

  // These wait until the change is durable; then it holds for the next request.
  // Without a plan's name: `default` for clients, none for admins. `not_found` if there is no such plan.
  Result<NewKey> create(std::string_view name, Role role, std::optional<std::string_view> plan = std::nullopt);
  // `not_found` for an unknown id; `conflict` for the last admin key, without which nobody could make another.
  Result<> revoke(std::string_view id);
  // "none" takes the plan away.
  Result<KeyInfo> attach(std::string_view id, std::string_view plan);
  Result<PlanInfo> put_plan(const Plan& plan);
  // `conflict` while a key has it, and for `default`.
  Result<> erase_plan(std::string_view name);

  std::vector<PlanInfo> plans() const;
  // May wait for the disk. `not_found` also if the plan has no quota.
  Result<PlanUsage> usage(std::string_view plan) const;
  const PlanBook& plan_book() const { return *plans_; }

 private:
  struct Entry {
    KeyInfo info;  // but for the plan, which its meter knows
    Sha256 hash;
    std::shared_ptr<Meter> meter;
  };
  using EntryPointer = std::shared_ptr<const Entry>;
  using ById = std::map<std::string, EntryPointer, std::less<>>;
  // Some bytes of a hash are a hash; its first one has chosen the shard already.
  struct SomeBytes {
    std::size_t operator()(const Sha256& hash) const {
      std::size_t some = 0;
      std::memcpy(&some, hash.data() + 1, sizeof some);
      return some;
    }
  };
  using ByHash = std::unordered_map<Sha256, EntryPointer, SomeBytes>;
  template <class Map>
  struct alignas(64) Shard {
    Guarded<Map> entries;
  };
  static constexpr std::size_t shards = 64;

  KeyRing(table::Tables& tables, std::shared_ptr<const table::TableSchema> schema, std::unique_ptr<PlanBook> plans,
          std::unique_ptr<UsageTable> usage)
      : tables_{tables}, schema_{std::move(schema)}, plans_{std::move(plans)}, usage_{std::move(usage)} {}
  Result<> load();
  Result<EntryPointer> decode(std::string_view id, const value::Item& item) const;
  void add(const EntryPointer& entry);
  Result<> store(const Entry& entry, const LivePlan* plan);
  Result<LivePlan*> find_plan(std::string_view name) const;  // null for "none"

  const Guarded<ById>& by_id(std::string_view id) const;
  Guarded<ById>& by_id(std::string_view id) { return const_cast<Guarded<ById>&>(std::as_const(*this).by_id(id)); }
  const Guarded<ByHash>& by_hash(const Sha256& hash) const { return by_hash_[hash[0] % shards].entries; }
  EntryPointer find(std::string_view id) const;  // or null
  std::vector<EntryPointer> all() const;         // by id
  static KeyInfo info_of(const Entry& entry);

  table::Tables& tables_;
  const std::shared_ptr<const table::TableSchema> schema_;
  const std::unique_ptr<PlanBook> plans_;
  const std::unique_ptr<UsageTable> usage_;
  std::array<Shard<ById>, shards> by_id_;
  std::array<Shard<ByHash>, shards> by_hash_;
  std::atomic<std::uint64_t> version_{1};
  std::mutex changing_;  // one change at a time, so that the last admin key stays, and a plan that a key has
};

}  // namespace quipu::gateway
