#include "aws/shown_value.h"

#include <algorithm>

#include "aws/attribute_json.h"
#include "aws/json_integer.h"
#include "base/text.h"

namespace quipu::aws {

namespace {

class ShownValue {
 public:
  explicit ShownValue(std::string& out) : out_{out}, end_{out.size() + shown_value_bytes_max} {}

  // Calls itself for what is inside; a tree is no deeper than json_tree_depth_max.
  void append(const Shape& shape, const JsonNode* node) {
    if (out_.size() >= end_) return;
    if (node == nullptr || node->is_null()) {
      out_ += "null";
      return;
    }
    switch (shape.kind) {
      case Kind::string: out_ += node->text(); break;
      case Kind::blob: append_blob(node->text()); break;
      case Kind::boolean: append_boolean(*node); break;
      case Kind::integer: append_int64(out_, std::clamp<std::int64_t>(integer_of(*node), INT32_MIN, INT32_MAX)); break;
      case Kind::long_integer:
      case Kind::timestamp: append_int64(out_, integer_of(*node)); break;
      case Kind::list: append_list(shape, *node); break;
      case Kind::map: append_map(shape, *node); break;
      case Kind::structure: append_structure(shape, *node); break;
    }
  }

 private:
  void append_boolean(const JsonNode& node) {
    const bool value = node.is(JsonType::boolean) ? node.as_boolean() : read_boolean_word(node.text()).value_or(false);
    out_ += value ? "true" : "false";
  }

  void append_blob(std::string_view base64) {
    const std::size_t padding = base64.ends_with("==") ? 2 : base64.ends_with('=') ? 1 : 0;
    const std::size_t bytes = base64.size() / 4 * 3 - padding;
    out_ += fmt::format("java.nio.HeapByteBuffer[pos=0 lim={} cap={}]", bytes, bytes);
  }

  void append_list(const Shape& shape, const JsonNode& node) {
    out_ += '[';
    bool first = true;
    for (const JsonNode& element : node.elements()) {
      separate(first);
      append(*shape.element, &element);
    }
    out_ += ']';
  }

  void append_map(const Shape& shape, const JsonNode& node) {
    out_ += '{';
    bool first = true;
    for (const JsonMember& member : node.members()) {
      separate(first);
      out_ += member.name;
      out_ += '=';
      append(*shape.element, &member.value);
    }
    out_ += '}';
  }

  void append_structure(const Shape& shape, const JsonNode& node) {
    out_ += shape.name;
    out_ += '(';
    bool first = true;
    if (shape.shown.empty()) {
      for (const Member& member : shape.members)
        append_member(*member.shape, member.name, node.find(member.name), first);
    } else {
      for (const std::string_view name : shape.shown) {
        const auto known = std::ranges::find(shape.members, name, &Member::name);
        const bool can_be_given = known != shape.members.end();
        append_member(can_be_given ? *known->shape : shape, name, can_be_given ? node.find(name) : nullptr, first);
      }
    }
    out_ += ')';
  }

  // Members that a request cannot have are shown too, and are always null.
  void append_member(const Shape& shape, std::string_view name, const JsonNode* value, bool& first) {
    separate(first);
    append_member_name(out_, name);
    out_ += '=';
    append(shape, value);
  }

  void separate(bool& first) {
    if (!first) out_ += ", ";
    first = false;
  }

  std::string& out_;
  const std::size_t end_;
};

}  // namespace

void append_member_name(std::string& out, std::string_view name) {
  if (name.empty()) return;
  out += small_letter(name.front());
  out += name.substr(1);
}

void append_shown_value(std::string& out, const Shape& shape, const JsonNode& node) {
  ShownValue{out}.append(shape, &node);
}

}  // namespace quipu::aws
