#include "aws/shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "aws/json_integer.h"
#include "aws/shown_value.h"
#include "aws/table_name.h"
#include "base/text.h"

namespace quipu::aws {

namespace {

// Where a value stands in the request: kept on the stack, and only written out when there is something to tell.
struct Path {
  const Path* parent = nullptr;
  std::string_view name = {};  // of a member or a map's key; else an element
  std::size_t position = 0;    // of an element, from 1
  bool is_key = false;
};

void append_path(std::string& out, const Path& path) {
  if (path.parent != nullptr) append_path(out, *path.parent);
  if (path.name.data() == nullptr && path.position == 0) return;  // the input itself
  if (path.position != 0) {
    out += fmt::format(".{}.member", path.position);
  } else if (path.is_key) {
    out += fmt::format(".{}.member", path.name);
  } else {
    if (!out.empty()) out += '.';
    append_member_name(out, path.name);
  }
}

std::int64_t length_of(const JsonNode& node) {
  switch (node.type()) {
    case JsonType::array: return static_cast<std::int64_t>(node.elements().size());
    case JsonType::object: return static_cast<std::int64_t>(node.members().size());
    default: return utf16_units(node.text());
  }
}

std::int64_t number_of(const Shape& shape, const JsonNode& node) {
  const std::int64_t number = integer_of(node);
  if (shape.kind == Kind::long_integer) return number;
  return std::clamp<std::int64_t>(number, INT32_MIN, INT32_MAX);
}

bool below(const Shape& shape, std::int64_t value) {
  return shape.min != Shape::no_limit && value < shape.min;
}

bool above(const Shape& shape, std::int64_t value) {
  return shape.max != Shape::no_limit && value > shape.max;
}

std::string at_least(std::string_view what, std::int64_t limit) {
  return fmt::format("Member must have {} greater than or equal to {}", what, limit);
}

std::string at_most(std::string_view what, std::int64_t limit) {
  return fmt::format("Member must have {} less than or equal to {}", what, limit);
}

bool satisfies(const Shape& shape, std::string_view text) {
  const std::int64_t length = utf16_units(text);
  return !below(shape, length) && !above(shape, length) && (shape.matches == nullptr || shape.matches(text));
}

// All constraints of a map's keys, or of the lists in it, whichever of them is violated.
std::string all_constraints(const Shape& shape) {
  std::string all;
  const auto add = [&all](const std::string& constraint) {
    if (!all.empty()) all += ", ";
    all += constraint;
  };
  if (shape.max != Shape::no_limit) add(at_most("length", shape.max));
  if (shape.min != Shape::no_limit) add(at_least("length", shape.min));
  if (shape.matches != nullptr) add(fmt::format("Member must satisfy regular expression pattern: {}", shape.pattern));
  return all;
}

class ConstraintCheck {
 public:
  // Calls itself for what is inside, as deep as shapes are; attribute values, the only ones that contain themselves,
  // have no constraints.
  void check(const Shape& shape, const JsonNode* node, const Path& path, bool is_required) {
    if (count_ >= told_violations_max) return;
    if (node == nullptr || node->is_null()) {
      if (is_required) violated(shape, nullptr, path, "Member must not be null");
      return;
    }
    switch (shape.kind) {
      case Kind::string: check_string(shape, *node, path); break;
      case Kind::integer:
      case Kind::long_integer: check_number(shape, *node, path); break;
      case Kind::list: check_list(shape, *node, path); break;
      case Kind::map: check_map(shape, *node, path); break;
      case Kind::structure: check_structure(shape, *node, path); break;
      case Kind::blob:
      case Kind::boolean:
      case Kind::timestamp: break;
    }
  }

  Answer<> answer() const {
    if (count_ == 0) return table_name_;
    return validation("{} validation error{} detected: {}", count_, count_ == 1 ? "" : "s", violations_);
  }

 private:
  void violated(const Shape& shape, const JsonNode* node, const Path& path, std::string_view constraint) {
    if (count_ >= told_violations_max) return;
    if (count_++ > 0) violations_ += "; ";
    violations_ += "Value ";
    if (node == nullptr) {
      violations_ += "null";
    } else {
      violations_ += '\'';
      append_shown_value(violations_, shape, *node);
      violations_ += '\'';
    }
    std::string where;
    append_path(where, path);
    violations_ += fmt::format(" at '{}' failed to satisfy constraint: {}", where, constraint);
  }

  void check_length(const Shape& shape, const JsonNode& node, const Path& path) {
    const std::int64_t length = length_of(node);
    if (below(shape, length)) violated(shape, &node, path, at_least("length", shape.min));
    if (above(shape, length)) violated(shape, &node, path, at_most("length", shape.max));
  }

  void check_string(const Shape& shape, const JsonNode& node, const Path& path) {
    if (!shape.values.empty() && std::ranges::find(shape.values, node.text()) == shape.values.end())
      violated(shape, &node, path,
               fmt::format("Member must satisfy enum value set: [{}]", fmt::join(shape.values, ", ")));
    if (shape.matches != nullptr && !shape.matches(node.text()))
      violated(shape, &node, path, fmt::format("Member must satisfy regular expression pattern: {}", shape.pattern));
    check_length(shape, node, path);
    if (shape.names_table) check_table_name(node.text());
  }

  void check_table_name(std::string_view name) {
    if (!table_name_) return;
    if (auto checked = checked_table_name(name); !checked) table_name_ = std::unexpected(std::move(checked).error());
  }

  void check_number(const Shape& shape, const JsonNode& node, const Path& path) {
    const std::int64_t number = number_of(shape, node);
    if (below(shape, number)) violated(shape, &node, path, at_least("value", shape.min));
    if (above(shape, number)) violated(shape, &node, path, at_most("value", shape.max));
  }

  void check_list(const Shape& shape, const JsonNode& node, const Path& path) {
    check_length(shape, node, path);
    if (shape.element->unconstrained) return;
    std::size_t position = 0;
    for (const JsonNode& element : node.elements())
      check(*shape.element, &element, {.parent = &path, .position = ++position}, required);
  }

  void check_map(const Shape& shape, const JsonNode& node, const Path& path) {
    check_length(shape, node, path);
    const auto members = node.members();
    if (shape.key != nullptr &&
        !std::ranges::all_of(members, [&](const JsonMember& m) { return satisfies(*shape.key, m.name); }))
      violated(shape, &node, path, fmt::format("Map keys must satisfy constraint: [{}]", all_constraints(*shape.key)));
    if (shape.key != nullptr && shape.key->names_table)
      for (const JsonMember& member : members) check_table_name(member.name);
    if (shape.element->unconstrained) return;
    const Shape& element = *shape.element;
    const bool is_list = element.kind == Kind::list;
    if (is_list && std::ranges::any_of(members, [&](const JsonMember& m) {
          const std::int64_t length = length_of(m.value);
          return !m.value.is_null() && (below(element, length) || above(element, length));
        }))
      violated(shape, &node, path, fmt::format("Map value must satisfy constraint: [{}]", all_constraints(element)));
    for (const JsonMember& member : members) {
      const Path inside{.parent = &path, .name = member.name, .is_key = true};
      // What is wrong with the length of a list is told with its map.
      if (is_list && !member.value.is_null())
        check_elements(element, member.value, inside);
      else
        check(element, &member.value, inside, required);
    }
  }

  void check_elements(const Shape& list, const JsonNode& node, const Path& path) {
    Shape without_length = list;
    without_length.min = without_length.max = Shape::no_limit;
    check_list(without_length, node, path);
  }

  void check_structure(const Shape& shape, const JsonNode& node, const Path& path) {
    if (shape.unconstrained) return;
    for (const std::uint8_t index : shape.order) {
      const Member& member = shape.members[index];
      check(*member.shape, node.find(member.name), {.parent = &path, .name = member.name}, member.required);
    }
  }

  std::string violations_;
  std::size_t count_ = 0;
  Answer<> table_name_;  // told only if there is no violation
};

// What is wrong with the name of a table in an operation on tables.
Answer<> check_table_name_first(const JsonNode& input) {
  const JsonNode* const name = input.find("TableName");
  if (name == nullptr) return validation("The parameter 'TableName' is required but was not present in the request");
  QUIPU_CHECK(checked_table_name(name->text()));
  return {};
}

}  // namespace

Answer<> check_constraints(const Shape& shape, const JsonNode& node) {
  ConstraintCheck check;
  check.check(shape, &node, Path{}, required);
  return check.answer();
}

Answer<> check_input(const Shape& shape, const JsonNode& input) {
  QUIPU_CHECK(check_types(shape, input));
  if (shape.table_name_first) QUIPU_CHECK(check_table_name_first(input));
  QUIPU_CHECK(check_constraints(shape, input));
  for (const Member& member : shape.members) {
    if (member.shape->empty_message.empty()) continue;
    const JsonNode* const given = input.find(member.name);
    if (given != nullptr && length_of(*given) == 0)
      return refuse(ErrorType::validation, std::string{member.shape->empty_message});
  }
  return {};
}

}  // namespace quipu::aws
