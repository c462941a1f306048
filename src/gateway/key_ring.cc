#include "gateway/key_ring.h"

#include <algorithm>
#include <semaphore>

#include "base/bytes.h"
#include "base/random.h"
#include "base/text.h"
#include "table/key_codec.h"
#include "table/rows.h"

namespace quipu::gateway {

namespace {

constexpr std::string_view table_name = "quipu.keys";
constexpr std::string_view id_attribute = "id";
constexpr std::string_view name_attribute = "name";
constexpr std::string_view role_attribute = "role";
constexpr std::string_view hash_attribute = "hash";
constexpr std::string_view created_attribute = "created_ms";

constexpr std::string_view key_prefix = "qk_";  // so that people and secret scanners recognize one
constexpr std::size_t secret_bytes = 32;
constexpr std::size_t id_bytes = 8;

std::string_view bytes_of(const Sha256& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

std::string aws_secret_of(const Sha256& key_hash) {
  std::string text{"quipu aws secret access key "};
  text += bytes_of(key_hash);
  return to_hex(bytes_of(sha256(text)));
}

}  // namespace

std::string_view to_string(Role role) {
  return role == Role::admin ? "admin" : "client";
}

std::optional<Role> parse_role(std::string_view text) {
  if (text == "admin") return Role::admin;
  if (text == "client") return Role::client;
  return std::nullopt;
}

// Puts or erases the item of one key, and waits.
class KeyRing::Write final : private table::Transaction {
 public:
  Write(KeyRing& ring, std::string_view id) : ring_{ring} {
    const table::TableSchema& schema = *ring.schema_;
    add_step(schema, [&](std::string& out) { table::key_codec::append_row_key(out, schema, id); });
  }

  Result<> put(const Entry& entry) {
    wanted_.set(name_attribute, value::Value::string(entry.info.name));
    wanted_.set(role_attribute, value::Value::string(to_string(entry.info.role)));
    wanted_.set(hash_attribute, value::Value::binary(bytes_of(entry.hash)));
    wanted_.set(created_attribute, value::Value::number(entry.info.created_ms));
    verdict_ = Verdict::put;
    return run();
  }

  Result<> erase() {
    verdict_ = Verdict::erase;
    return run();
  }

 private:
  Result<> run() {
    ring_.tables_.submit(*this);
    done_.acquire();
    return std::move(result_);
  }

  Verdict decide(std::size_t, bool, value::Item& item) override {
    if (verdict_ == Verdict::put) item = wanted_;
    return verdict_;
  }
  void append_outcome(std::string&) const override {}
  bool read_outcome(std::string_view) override { return true; }
  void finished(const Error* error) noexcept override {
    if (error != nullptr) result_ = std::unexpected(*error);
    done_.release();
  }

  KeyRing& ring_;
  value::Item wanted_;
  Verdict verdict_ = Verdict::keep;
  Result<> result_;
  std::binary_semaphore done_{0};
};

Result<std::unique_ptr<KeyRing>> KeyRing::open(table::Tables& tables) {
  table::TableSchema wanted;
  wanted.name = table_name;
  wanted.partition_key.name = id_attribute;
  wanted.system = true;
  wanted.created_ms = static_cast<std::uint64_t>(tables.clock().wall_ms());
  QUIPU_TRY(auto schema, tables.find_or_create(wanted));
  std::unique_ptr<KeyRing> ring{new KeyRing{tables, std::move(schema)}};
  QUIPU_CHECK(ring->load());
  return ring;
}

Result<> KeyRing::load() {
  std::string prefix;
  table::key_codec::append_table_prefix(prefix, schema_->id);
  Keys keys;
  std::string damaged;
  QUIPU_CHECK(
      tables_.scan(prefix, table::end_of_prefix(prefix), [&](std::string_view row_key, const value::Item& item) {
        const value::Value* name = item.find(name_attribute);
        const value::Value* role = item.find(role_attribute);
        const value::Value* hash = item.find(hash_attribute);
        const value::Value* created = item.find(created_attribute);
        auto entry = std::make_shared<Entry>();
        entry->info.id = row_key.substr(prefix.size());
        if (name == nullptr || !name->if_string() || role == nullptr || !role->if_string() ||
            !parse_role(role->as_string()) || hash == nullptr || !hash->is(value::Type::binary) ||
            hash->as_binary().size() != entry->hash.size() || created == nullptr || !created->if_number()) {
          damaged = entry->info.id;
          return false;
        }
        entry->info.name = name->as_string();
        entry->info.role = *parse_role(role->as_string());
        entry->info.created_ms = created->as_number().to_int64().value_or(0);
        std::ranges::copy(hash->as_binary(), entry->hash.begin());
        keys.by_id.emplace(entry->info.id, entry);
        keys.by_hash.emplace(entry->hash, entry);
        return true;
      }));
  if (!damaged.empty())
    return fail(ErrorCode::damaged, "the API key {:?} is stored in a form that is unknown", damaged);
  keys_.with([&](Keys& mine) { mine = std::move(keys); });
  return {};
}

std::optional<Caller> KeyRing::check(std::string_view key) const {
  // What an attacker could time is the look-up by a hash that he cannot choose, and one comparison.
  const Sha256 hash = sha256(key);
  static const Sha256 nobody{};
  return keys_.with([&](const Keys& keys) -> std::optional<Caller> {
    const auto found = keys.by_hash.lower_bound(hash);
    const bool there = found != keys.by_hash.end();
    const bool equal = equal_in_constant_time(bytes_of(there ? found->second->hash : nobody), bytes_of(hash));
    if (!there || !equal) return std::nullopt;
    return Caller{.id = found->second->info.id, .role = found->second->info.role};
  });
}

std::optional<std::string> KeyRing::aws_secret(std::string_view id) const {
  return keys_.with([&](const Keys& keys) -> std::optional<std::string> {
    const auto found = keys.by_id.find(id);
    if (found == keys.by_id.end()) return std::nullopt;
    return aws_secret_of(found->second->hash);
  });
}

std::vector<KeyInfo> KeyRing::list() const {
  return keys_.with([](const Keys& keys) {
    std::vector<KeyInfo> infos;
    for (const auto& [id, entry] : keys.by_id) infos.push_back(entry->info);
    return infos;
  });
}

bool KeyRing::empty() const {
  return keys_.with([](const Keys& keys) { return keys.by_id.empty(); });
}

Result<NewKey> KeyRing::create(std::string_view name, Role role) {
  if (name.empty() || name.size() > key_name_bytes_max || !is_valid_utf8(name))
    return fail(ErrorCode::invalid_argument, "a key's name must have 1 to {} bytes of UTF-8", key_name_bytes_max);
  const std::scoped_lock lock{changing_};
  if (keys_.with([](const Keys& keys) { return keys.by_id.size() >= keys_max; }))
    return fail(ErrorCode::limit_reached, "there are {} keys already; revoke some first", keys_max);

  NewKey made;
  made.key = std::string{key_prefix} + to_hex(secure_random_bytes(secret_bytes));
  made.info = {.id = to_hex(secure_random_bytes(id_bytes)),
               .name = std::string{name},
               .role = role,
               .created_ms = tables_.clock().wall_ms()};
  const auto entry = std::make_shared<const Entry>(Entry{.info = made.info, .hash = sha256(made.key)});
  made.aws_secret = aws_secret_of(entry->hash);
  QUIPU_CHECK(Write(*this, made.info.id).put(*entry));
  keys_.with([&](Keys& keys) {
    keys.by_id.emplace(entry->info.id, entry);
    keys.by_hash.emplace(entry->hash, entry);
  });
  return made;
}

Result<> KeyRing::revoke(std::string_view id) {
  const std::scoped_lock lock{changing_};
  std::shared_ptr<const Entry> entry;
  std::size_t admins = 0;
  keys_.with([&](const Keys& keys) {
    if (const auto found = keys.by_id.find(id); found != keys.by_id.end()) entry = found->second;
    for (const auto& [other_id, other] : keys.by_id) admins += other->info.role == Role::admin ? 1 : 0;
  });
  if (entry == nullptr) return fail(ErrorCode::not_found, "there is no key with the id {:?}", id);
  if (entry->info.role == Role::admin && admins == 1)
    return fail(ErrorCode::conflict, "this is the last admin key; make another one before you revoke it");
  QUIPU_CHECK(Write(*this, id).erase());
  keys_.with([&](Keys& keys) {
    keys.by_id.erase(entry->info.id);
    keys.by_hash.erase(entry->hash);
  });
  return {};
}

}  // namespace quipu::gateway
