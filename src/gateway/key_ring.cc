#include "gateway/key_ring.h"

#include <algorithm>
#include <functional>

#include "base/bytes.h"
#include "base/random.h"
#include "base/text.h"
#include "gateway/stored_item.h"
#include "table/rows.h"

namespace quipu::gateway {

namespace {

constexpr std::string_view table_name = "quipu.keys";
constexpr std::string_view id_attribute = "id";
constexpr std::string_view name_attribute = "name";
constexpr std::string_view role_attribute = "role";
constexpr std::string_view hash_attribute = "hash";
constexpr std::string_view created_attribute = "created_ms";
constexpr std::string_view plan_attribute = "plan";

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

Result<std::unique_ptr<KeyRing>> KeyRing::open(table::Tables& tables) {
  table::TableSchema wanted;
  wanted.name = table_name;
  wanted.partition_key.name = id_attribute;
  wanted.system = true;
  wanted.created_ms = static_cast<std::uint64_t>(tables.clock().wall_ms());
  QUIPU_TRY(auto schema, tables.find_or_create(wanted));
  QUIPU_TRY(auto plans, PlanBook::open(tables));
  QUIPU_TRY(auto usage, UsageTable::open(tables));
  std::unique_ptr<KeyRing> ring{new KeyRing{tables, std::move(schema), std::move(plans), std::move(usage)}};
  QUIPU_CHECK(ring->load());
  return ring;
}

KeyRing::~KeyRing() {
  // All of them share a few group commits, instead of each waiting for one of its own.
  const auto entries = all();
  for (const auto& entry : entries) entry->meter->give_back();
  for (const auto& entry : entries) entry->meter->wait_until_idle();
}

Result<> KeyRing::load() {
  std::string prefix;
  table::key_codec::append_table_prefix(prefix, schema_->id);
  Result<> result;
  QUIPU_CHECK(
      tables_.scan(prefix, table::end_of_prefix(prefix), [&](std::string_view row_key, const value::Item& item) {
        const auto entry = decode(row_key.substr(prefix.size()), item);
        if (entry)
          add(*entry);
        else
          result = std::unexpected(entry.error());
        return entry.has_value();
      }));
  return result;
}

Result<KeyRing::EntryPointer> KeyRing::decode(std::string_view id, const value::Item& item) const {
  const value::Value* name = item.find(name_attribute);
  const value::Value* role = item.find(role_attribute);
  const value::Value* hash = item.find(hash_attribute);
  const value::Value* created = item.find(created_attribute);
  const value::Value* plan = item.find(plan_attribute);
  auto entry = std::make_shared<Entry>();
  if (name == nullptr || !name->if_string() || role == nullptr || !role->if_string() ||
      !parse_role(role->as_string()) || hash == nullptr || !hash->is(value::Type::binary) ||
      hash->as_binary().size() != entry->hash.size() || created == nullptr || !created->if_number() ||
      (plan != nullptr && !plan->if_string()))
    return fail(ErrorCode::damaged, "the API key {:?} is stored in a form that is unknown", id);
  LivePlan* live = nullptr;
  if (plan != nullptr && (live = plans_->live(plan->as_string())) == nullptr)
    return fail(ErrorCode::damaged, "the API key {:?} has the plan {:?}, which is not there", id, plan->as_string());
  entry->info.id = id;
  entry->info.name = name->as_string();
  entry->info.role = *parse_role(role->as_string());
  entry->info.created_ms = created->as_number().to_int64().value_or(0);
  std::ranges::copy(hash->as_binary(), entry->hash.begin());
  entry->meter = std::make_shared<Meter>(*usage_, id, live);
  return entry;
}

void KeyRing::add(const EntryPointer& entry) {
  by_id(entry->info.id).with([&](ById& entries) { entries.emplace(entry->info.id, entry); });
  by_hash_[entry->hash[0] % shards].entries.with([&](ByHash& entries) { entries.emplace(entry->hash, entry); });
}

const Guarded<KeyRing::ById>& KeyRing::by_id(std::string_view id) const {
  return by_id_[std::hash<std::string_view>{}(id) % shards].entries;
}

std::optional<Caller> KeyRing::check(std::string_view key) const {
  // What an attacker could time is the look-up by a hash that he cannot choose.
  const Sha256 hash = sha256(key);
  return by_hash(hash).with([&](const ByHash& entries) -> std::optional<Caller> {
    const auto found = entries.find(hash);
    if (found == entries.end()) return std::nullopt;
    const Entry& entry = *found->second;
    return Caller{.id = entry.info.id, .role = entry.info.role, .meter = entry.meter};
  });
}

KeyRing::EntryPointer KeyRing::find(std::string_view id) const {
  return by_id(id).with([&](const ById& entries) -> EntryPointer {
    const auto found = entries.find(id);
    return found == entries.end() ? nullptr : found->second;
  });
}

std::vector<KeyRing::EntryPointer> KeyRing::all() const {
  std::vector<EntryPointer> entries;
  for (const auto& shard : by_id_)
    shard.entries.with([&](const ById& some) {
      for (const auto& [id, entry] : some) entries.push_back(entry);
    });
  std::ranges::sort(entries, {}, [](const EntryPointer& entry) -> const std::string& { return entry->info.id; });
  return entries;
}

std::optional<std::string> KeyRing::aws_secret(std::string_view id) const {
  const EntryPointer entry = find(id);
  if (entry == nullptr) return std::nullopt;
  return aws_secret_of(entry->hash);
}

std::shared_ptr<Meter> KeyRing::meter(std::string_view id) const {
  const EntryPointer entry = find(id);
  return entry == nullptr ? nullptr : entry->meter;
}

KeyInfo KeyRing::info_of(const Entry& entry) {
  KeyInfo info = entry.info;
  if (const LivePlan* plan = entry.meter->plan()) info.plan = plan->name();
  return info;
}

std::vector<KeyInfo> KeyRing::list() const {
  std::vector<KeyInfo> infos;
  for (const auto& entry : all()) infos.push_back(info_of(*entry));
  return infos;
}

bool KeyRing::empty() const {
  return std::ranges::all_of(by_id_, [](const Shard<ById>& shard) {
    return shard.entries.with([](const ById& entries) { return entries.empty(); });
  });
}

Result<LivePlan*> KeyRing::find_plan(std::string_view name) const {
  if (name == no_plan_name) return nullptr;
  LivePlan* const plan = plans_->live(name);
  if (plan == nullptr) return fail(ErrorCode::not_found, "there is no plan {:?}", name);
  return plan;
}

Result<> KeyRing::store(const Entry& entry, const LivePlan* plan) {
  value::Item item;
  item.set(name_attribute, value::Value::string(entry.info.name));
  item.set(role_attribute, value::Value::string(to_string(entry.info.role)));
  item.set(hash_attribute, value::Value::binary(bytes_of(entry.hash)));
  item.set(created_attribute, value::Value::number(entry.info.created_ms));
  if (plan != nullptr) item.set(plan_attribute, value::Value::string(plan->name()));
  return StoredItem(tables_, *schema_, entry.info.id).put(std::move(item));
}

Result<NewKey> KeyRing::create(std::string_view name, Role role, std::optional<std::string_view> plan) {
  if (name.empty() || name.size() > key_name_bytes_max || !is_valid_utf8(name))
    return fail(ErrorCode::invalid_argument, "a key's name must have 1 to {} bytes of UTF-8", key_name_bytes_max);
  const std::scoped_lock lock{changing_};
  std::size_t count = 0;
  for (const auto& shard : by_id_) count += shard.entries.with([](const ById& entries) { return entries.size(); });
  if (count >= keys_max)
    return fail(ErrorCode::limit_reached, "there are {} keys already; revoke some first", keys_max);
  QUIPU_TRY(LivePlan* const live, find_plan(plan.value_or(role == Role::admin ? no_plan_name : default_plan_name)));

  NewKey made;
  made.key = std::string{key_prefix} + to_hex(secure_random_bytes(secret_bytes));
  const auto entry = std::make_shared<Entry>();
  entry->info = {.id = to_hex(secure_random_bytes(id_bytes)),
                 .name = std::string{name},
                 .role = role,
                 .plan = {},
                 .created_ms = tables_.clock().wall_ms()};
  entry->hash = sha256(made.key);
  entry->meter = std::make_shared<Meter>(*usage_, entry->info.id, live);
  QUIPU_CHECK(store(*entry, live));
  add(entry);
  made.info = info_of(*entry);
  made.aws_secret = aws_secret_of(entry->hash);
  return made;
}

Result<> KeyRing::revoke(std::string_view id) {
  const std::scoped_lock lock{changing_};
  const EntryPointer entry = find(id);
  if (entry == nullptr) return fail(ErrorCode::not_found, "there is no key with the id {:?}", id);
  const auto is_admin = [](const EntryPointer& other) { return other->info.role == Role::admin; };
  if (is_admin(entry) && std::ranges::count_if(all(), is_admin) == 1)
    return fail(ErrorCode::conflict, "this is the last admin key; make another one before you revoke it");
  StoredItem write{tables_, *schema_, id};
  for (const Period period : {Period::day, Period::week, Period::month})
    write.and_erase(usage_->schema(), UsageTable::item_key(id, period));
  QUIPU_CHECK(write.erase());
  by_id(id).with([&](ById& entries) { entries.erase(entry->info.id); });
  by_hash_[entry->hash[0] % shards].entries.with([&](ByHash& entries) { entries.erase(entry->hash); });
  version_.fetch_add(1, std::memory_order_acq_rel);
  // Nobody else will, and it must not outlive the ring.
  entry->meter->wait_until_idle();
  return {};
}

Result<KeyInfo> KeyRing::attach(std::string_view id, std::string_view plan) {
  const std::scoped_lock lock{changing_};
  const EntryPointer entry = find(id);
  if (entry == nullptr) return fail(ErrorCode::not_found, "there is no key with the id {:?}", id);
  QUIPU_TRY(LivePlan* const live, find_plan(plan));
  QUIPU_CHECK(store(*entry, live));
  entry->meter->set_plan(live);
  return info_of(*entry);
}

Result<PlanInfo> KeyRing::put_plan(const Plan& plan) {
  const std::scoped_lock lock{changing_};
  QUIPU_CHECK(plans_->put(plan));
  PlanInfo info{.plan = *plans_->find(plan.name)};
  const LivePlan* const live = plans_->live(plan.name);
  const auto entries = all();  // keeps the meters
  std::vector<Meter*> meters;
  for (const auto& entry : entries)
    if (entry->meter->plan() == live) meters.push_back(entry->meter.get());
  Meter::limits_changed(meters);
  info.keys = meters.size();
  return info;
}

Result<> KeyRing::erase_plan(std::string_view name) {
  const std::scoped_lock lock{changing_};
  if (name == default_plan_name)
    return fail(ErrorCode::conflict, "the plan {} is for keys that name none; change it instead", name);
  const LivePlan* const live = plans_->live(name);
  if (live == nullptr) return fail(ErrorCode::not_found, "there is no plan {:?}", name);
  const auto count = std::ranges::count_if(all(), [&](const auto& entry) { return entry->meter->plan() == live; });
  if (count != 0)
    return fail(ErrorCode::conflict, "{} keys have the plan {}; attach them to another one first", count, name);
  return plans_->erase(name);
}

std::vector<PlanInfo> KeyRing::plans() const {
  std::map<std::string, std::size_t, std::less<>> keys;
  for (const auto& entry : all())
    if (const LivePlan* plan = entry->meter->plan()) ++keys[plan->name()];
  std::vector<PlanInfo> infos;
  for (Plan& plan : plans_->list()) {
    const auto found = keys.find(plan.name);
    infos.push_back({.plan = std::move(plan), .keys = found == keys.end() ? 0 : found->second});
  }
  return infos;
}

Result<PlanUsage> KeyRing::usage(std::string_view name) const {
  auto plan = plans_->find(name);
  if (!plan) return fail(ErrorCode::not_found, "there is no plan {:?}", name);
  if (!plan->limits.quota) return fail(ErrorCode::not_found, "the plan {} has no quota", name);
  const Quota quota = *plan->limits.quota;
  PlanUsage usage{.plan = *std::move(plan), .window = window_of(quota.period, tables_.clock().wall_ms()), .keys = {}};
  for (const auto& entry : all()) {
    if (const LivePlan* live = entry->meter->plan(); live == nullptr || live->name() != name) continue;
    // In this order: a block that is taken in between would look as used, not as never taken.
    const std::int64_t at_hand = entry->meter->at_hand(quota.period, usage.window);
    QUIPU_TRY(const std::int64_t taken, usage_->taken(entry->info.id, quota.period, usage.window));
    const std::int64_t used = std::max<std::int64_t>(0, taken - at_hand);
    usage.keys.push_back({.id = entry->info.id,
                          .name = entry->info.name,
                          .used = used,
                          .left = std::max<std::int64_t>(0, quota.limit - used)});
  }
  return usage;
}

}  // namespace quipu::gateway
