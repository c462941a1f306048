// Short words for what the tests of this folder do again and again.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "expression/placeholders.h"
#include "value/value.h"

namespace quipu::expression {

inline value::Value n(std::string_view number) {
  return value::Value::number(*value::Number::parse(number));
}
inline value::Value s(std::string_view text) {
  return value::Value::string(text);
}
inline value::Value b(std::string_view bytes) {
  return value::Value::binary(bytes);
}
inline value::Value ss(std::vector<std::string> elements) {
  return *value::Value::string_set(std::move(elements));
}
inline value::Value list(std::vector<value::Value> elements) {
  return value::Value::list(std::move(elements));
}

inline value::Item item(std::initializer_list<std::pair<std::string_view, value::Value>> attributes) {
  value::Item result;
  for (const auto& [name, value] : attributes) result.set(name, value);
  return result;
}
inline value::Value map(std::initializer_list<std::pair<std::string_view, value::Value>> members) {
  return value::Value::map(item(members));
}

// Names begin with '#' and stand for strings, values with ':'.
inline Placeholders placeholders(std::initializer_list<std::pair<std::string_view, value::Value>> entries) {
  Placeholders result;
  for (const auto& [key, value] : entries) {
    if (key.starts_with('#'))
      result.add_name(key, value.as_string());
    else
      result.add_value(key, value);
  }
  return result;
}

template <class T>
std::string message_of(const Result<T>& result) {
  return result ? "no error" : result.error().message;
}

}  // namespace quipu::expression
