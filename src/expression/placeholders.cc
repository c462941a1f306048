#include "expression/placeholders.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <utility>

namespace quipu::expression {

namespace {

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// `sigil` and at least one letter, digit or underscore.
Result<> check_key(std::string_view parameter, std::string_view key, char sigil) {
  if (key.empty())
    return fail(ErrorCode::invalid_argument,
                "{} contains invalid key: The expression attribute map contains an empty key;", parameter);
  if (key.size() > placeholder_bytes_max) {
    if (sigil == ':')
      return fail(ErrorCode::invalid_argument,
                  "{} contains invalid key: The expression attribute map contains a key that is too long;", parameter);
    return fail(
        ErrorCode::invalid_argument,
        "{} contains invalid key: The expression attribute map contains a key that is too long; size of key: {}",
        parameter, key.size());
  }
  if (key[0] != sigil || key.size() == 1 || !std::ranges::all_of(key.substr(1), is_word))
    return fail(ErrorCode::invalid_argument, "{} contains invalid key: Syntax error; key: \"{}\"", parameter, key);
  return {};
}

// The service is written in Java and lists what is unused in the order of a HashSet's buckets. Clients see that order
// in the message, so it is made the same way here.
std::uint32_t java_hash(std::string_view ascii) {
  std::uint32_t hash = 0;
  for (const char c : ascii) hash = hash * 31 + static_cast<unsigned char>(c);
  return hash ^ (hash >> 16);
}

std::string in_java_set_order(std::vector<std::string_view> keys) {
  constexpr std::size_t capacity_min = 16;
  const std::size_t capacity = std::max(capacity_min, std::bit_ceil((keys.size() * 4 + 2) / 3));
  std::ranges::sort(keys, {},
                    [capacity](std::string_view key) { return std::pair{java_hash(key) & (capacity - 1), key}; });
  std::string text;
  for (const std::string_view key : keys) {
    if (!text.empty()) text += ", ";
    text += key;
  }
  return text;
}

template <class Entries>
Result<> check_used(std::string_view parameter, const Entries& entries) {
  std::vector<std::string_view> unused;
  for (const auto& entry : entries)
    if (!entry.used) unused.push_back(entry.placeholder);
  if (unused.empty()) return {};
  return fail(ErrorCode::invalid_argument, "Value provided in {} unused in expressions: keys: {{{}}}", parameter,
              in_java_set_order(std::move(unused)));
}

template <class Entry>
Entry* find(std::vector<Entry>& entries, bool& sorted, std::string_view placeholder) {
  if (!sorted) std::ranges::sort(entries, {}, &Entry::placeholder);
  sorted = true;
  const auto found = std::ranges::lower_bound(entries, placeholder, {}, &Entry::placeholder);
  return found == entries.end() || found->placeholder != placeholder ? nullptr : &*found;
}

}  // namespace

void Placeholders::add_name(std::string_view placeholder, std::string_view attribute) {
  has_names_ = true;
  names_sorted_ = false;
  names_.push_back({.placeholder = std::string{placeholder}, .attribute = std::string{attribute}});
}

void Placeholders::add_value(std::string_view placeholder, value::Value value) {
  has_values_ = true;
  values_sorted_ = false;
  values_.push_back({.placeholder = std::string{placeholder}, .value = std::move(value)});
}

Result<> Placeholders::check() const {
  constexpr std::string_view names = "ExpressionAttributeNames";
  constexpr std::string_view values = "ExpressionAttributeValues";
  if (has_names_ && names_.empty()) return fail(ErrorCode::invalid_argument, "{} must not be empty", names);
  for (const Name& name : names_) QUIPU_CHECK(check_key(names, name.placeholder, '#'));
  for (const Name& name : names_) {
    if (name.attribute.empty())
      return fail(ErrorCode::invalid_argument, "{} contains invalid value: Empty attribute name for key {}", names,
                  name.placeholder);
    if (name.attribute.size() > attribute_name_bytes_max)
      return fail(ErrorCode::invalid_argument,
                  "{} contains invalid value: Attribute name is too large, must be less than {} bytes for key {}",
                  names, attribute_name_bytes_max + 1, name.placeholder);
  }
  if (has_values_ && values_.empty()) return fail(ErrorCode::invalid_argument, "{} must not be empty", values);
  for (const NamedValue& value : values_) QUIPU_CHECK(check_key(values, value.placeholder, ':'));
  return {};
}

const std::string* Placeholders::use_name(std::string_view placeholder) {
  Name* const name = find(names_, names_sorted_, placeholder);
  if (name == nullptr) return nullptr;
  name->used = true;
  return &name->attribute;
}

const value::Value* Placeholders::use_value(std::string_view placeholder) {
  NamedValue* const value = find(values_, values_sorted_, placeholder);
  if (value == nullptr) return nullptr;
  value->used = true;
  return &value->value;
}

Result<> Placeholders::check_all_used() const {
  QUIPU_CHECK(check_used("ExpressionAttributeNames", names_));
  return check_used("ExpressionAttributeValues", values_);
}

}  // namespace quipu::expression
