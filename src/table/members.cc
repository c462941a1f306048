#include "table/members.h"

#include "base/assert.h"

namespace quipu::table {

using value::Item;
using value::Value;

void set_number(Item& item, std::string_view name, std::uint64_t value) {
  QUIPU_ASSERT(value <= INT64_MAX, "{} = {}", name, value);
  item.set(name, Value::number(static_cast<std::int64_t>(value)));
}

Value key_value(const KeyAttribute& partition_key, const std::optional<KeyAttribute>& sort_key) {
  Value::List keys;
  const auto add = [&](const KeyAttribute& attribute) {
    QUIPU_ASSERT(!attribute.name.empty() && attribute.name.size() <= key_attribute_name_bytes_max);
    Item key;
    key.set("name", Value::string(attribute.name));
    set_enum(key, "type", attribute.type);
    keys.push_back(Value::map(std::move(key)));
  };
  add(partition_key);
  if (sort_key) add(*sort_key);
  return Value::list(std::move(keys));
}

namespace {

bool read_key_attribute(const Value& value, KeyAttribute& attribute) {
  if (!value.is(value::Type::map)) return false;
  Members in{value.as_map()};
  return in.string("name", attribute.name) && !attribute.name.empty() &&
         attribute.name.size() <= key_attribute_name_bytes_max &&
         in.enumerated("type", attribute.type, KeyType::string, KeyType::binary) && in.nothing_left();
}

}  // namespace

const Value* Members::take(std::string_view name) {
  const Value* value = item_.find(name);
  taken_ += value != nullptr ? 1 : 0;
  return value;
}

bool Members::number(std::string_view name, std::uint64_t& out, std::uint64_t max) {
  const Value* value = take(name);
  const value::Number* number = value != nullptr ? value->if_number() : nullptr;
  const auto integer = number != nullptr ? number->to_int64() : std::nullopt;
  if (!integer || *integer < 0 || static_cast<std::uint64_t>(*integer) > max) return false;
  out = static_cast<std::uint64_t>(*integer);
  return true;
}

bool Members::id(std::uint32_t& out) {
  std::uint64_t value = 0;
  if (!number("id", value, UINT32_MAX)) return false;
  out = static_cast<std::uint32_t>(value);
  return true;
}

bool Members::string(std::string_view name, std::string& out) {
  const Value* value = take(name);
  if (value == nullptr || value->if_string() == nullptr) return false;
  out = *value->if_string();
  return true;
}

bool Members::boolean(std::string_view name, bool& out) {
  const Value* value = take(name);
  if (value == nullptr || !value->is(value::Type::boolean)) return false;
  out = value->as_boolean();
  return true;
}

bool Members::map(std::string_view name, Item& out) {
  const Value* value = take(name);
  if (value == nullptr || !value->is(value::Type::map)) return false;
  out = value->as_map();
  return true;
}

const Value::List* Members::list(std::string_view name) {
  const Value* value = take(name);
  return value != nullptr && value->is(value::Type::list) ? &value->as_list() : nullptr;
}

bool Members::key(KeyAttribute& partition_key, std::optional<KeyAttribute>& sort_key) {
  const Value::List* keys = list("key");
  if (keys == nullptr || keys->empty() || keys->size() > 2 || !read_key_attribute((*keys)[0], partition_key))
    return false;
  return keys->size() == 1 || read_key_attribute((*keys)[1], sort_key.emplace());
}

}  // namespace quipu::table
