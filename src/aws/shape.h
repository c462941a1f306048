// What a request may look like, as data: for each operation a Shape with its members, their types and their
// constraints (shapes.h), and one engine that checks a request against it, with the errors of the service and in their
// order:
//
//   1. types, in the order of the request: SerializationException, "NUMBER_VALUE cannot be converted to String";
//   2. the name of the table, where an operation on tables is asked for: alone, before everything else;
//   3. constraints, all together: "2 validation errors detected: Value 'x' at 'returnValues' failed to satisfy
//      constraint: Member must ...; Value null at 'item' ...";
//   4. the first name of a table that is neither a table's name nor its ARN.
//
// The service finds the members of a structure in the order of Java's HashMap with names that begin with a small
// letter; this is what `order` is. Known members that are null are absent, unknown ones are ignored.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include "aws/api_error.h"
#include "aws/json_tree.h"

namespace quipu::aws {

// So many violations are told, no more.
inline constexpr std::size_t told_violations_max = 10;
// What a message shows of the value that it is about.
inline constexpr std::size_t shown_value_bytes_max = 64_KiB;

enum class Kind : std::uint8_t {
  string,
  blob,
  boolean,
  integer,       // 32 bits
  long_integer,  // 64 bits
  timestamp,
  list,
  map,
  structure,
};

struct Shape;

struct Member {
  std::string_view name;
  const Shape* shape;
  bool required = false;
};

inline constexpr bool required = true;

struct Shape {
  static constexpr std::int64_t no_limit = std::numeric_limits<std::int64_t>::min();

  Kind kind;
  std::string_view name = {};  // of a structure, without the service's prefix
  // Of a number its value, of a string, list or map its length.
  std::int64_t min = no_limit;
  std::int64_t max = no_limit;
  bool (*matches)(std::string_view text) = nullptr;  // the pattern
  std::string_view pattern = {};
  std::span<const std::string_view> values = {};  // an enumeration's, in the order in which the service lists them
  const Shape* element = nullptr;                 // of a list or a map
  const Shape* key = nullptr;                     // of a map, where its keys have constraints
  std::span<const Member> members = {};           // of a structure, in the order of the service's documentation
  std::span<const std::uint8_t> order = {};       // indexes of `members`, as they are checked
  std::span<const std::string_view> shown = {};   // a structure's members in messages, if there are more than `members`
  bool unconstrained = false;                     // nothing inside has a constraint
  bool names_table = false;                       // a table's name or ARN
  // An operation on tables: the name is checked before everything else, and missed in other words.
  bool table_name_first = false;
  // Of a map or list in the input itself: what is said if it is empty.
  std::string_view empty_message = {};
};

template <std::size_t N>
struct Members {
  std::array<Member, N> declared;
  std::array<std::uint8_t, N> order;
};

constexpr char small_letter(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

// java.util.HashMap's bucket of a member's name.
constexpr std::uint32_t hash_bucket(std::string_view name, std::uint32_t buckets) {
  std::uint32_t hash = 0;
  for (std::size_t i = 0; i < name.size(); ++i)
    hash = 31 * hash + static_cast<unsigned char>(i == 0 ? small_letter(name[i]) : name[i]);
  return (hash ^ hash >> 16) & (buckets - 1);
}

template <std::size_t N>
consteval Members<N> members(const Member (&declared)[N]) {
  std::uint32_t buckets = 16;
  while (N > buckets / 4 * 3) buckets *= 2;
  Members<N> result{};
  std::size_t next = 0;
  for (std::uint32_t bucket = 0; bucket < buckets; ++bucket)
    for (std::size_t i = 0; i < N; ++i)
      if (hash_bucket(declared[i].name, buckets) == bucket) result.order[next++] = static_cast<std::uint8_t>(i);
  for (std::size_t i = 0; i < N; ++i) result.declared[i] = declared[i];
  return result;
}

template <std::size_t N>
constexpr Shape structure(std::string_view name, const Members<N>& members) {
  return {.kind = Kind::structure, .name = name, .members = members.declared, .order = members.order};
}

// The whole request. What has passed has the types that the shape says, wherever it is not null.
Answer<> check_input(const Shape& shape, const JsonNode& input);

// The two halves of it.
Answer<> check_types(const Shape& shape, const JsonNode& node);
Answer<> check_constraints(const Shape& shape, const JsonNode& node);

}  // namespace quipu::aws
