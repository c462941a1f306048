#include "table/purge.h"

#include "table/rows.h"

namespace quipu::table {

namespace {

constexpr std::string_view version = "\x01";

}  // namespace

std::string purge_key(std::string_view prefix) {
  std::string key;
  append_row_kind(key, RowKind::purge);
  key += prefix;
  return key;
}

std::string purge_value() {
  return std::string{version};
}

std::string_view purge_prefix(std::string_view key) {
  return key.substr(1);
}

bool is_purge_value(std::string_view value) {
  return value == version;
}

}  // namespace quipu::table
