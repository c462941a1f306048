// A whole JSON text as a tree in per-request memory. DynamoDB's requests have to be looked at more than once (types
// first, then constraints, then meaning), so a tree is what they need; base/json_reader.h is for reading once.
//
//   JsonTree tree;                       // stays with the connection
//   QUIPU_TRY(const JsonNode* root, tree.parse(body));
//   const JsonNode* name = root->find("TableName");
//
// Strict RFC 8259, every string is UTF-8. Where a member occurs more than once in an object the last one counts and the
// others are not in the tree, as with the service. No recursion, no allocation once the buffers have grown.
//
// Nodes and the texts in them are views into the body and into the tree's arena: they hold until the next parse(), and
// as long as the body does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aws/arena.h"
#include "base/json_reader.h"
#include "base/result.h"

namespace quipu::aws {

// An attribute value inside 32 others takes two levels for each (`{"M":{...}}`), a transaction eight more. Deeper ones
// must still be read, because the service names the reason (nesting) and not the place where its parser gave up.
inline constexpr std::size_t json_tree_depth_max = 512;
// Of one text, all values together. The smallest value of a full batch (16 MiB) that DynamoDB takes has 4 bytes.
inline constexpr std::size_t json_tree_nodes_max = std::size_t{1} << 22;

struct JsonMember;

class JsonNode {
 public:
  JsonNode() = default;  // null

  JsonType type() const { return type_; }
  bool is(JsonType wanted) const { return type_ == wanted; }
  bool is_null() const { return type_ == JsonType::null; }

  bool as_boolean() const { return boolean_; }                                        // of a boolean
  std::string_view text() const { return {static_cast<const char*>(data_), size_}; }  // of a string or a number
  std::span<const JsonNode> elements() const;                                         // of an array; else empty
  std::span<const JsonMember> members() const;                                        // of an object; else empty

  // The member of an object; null if there is none, or if its value is `null`: the service makes no difference.
  const JsonNode* find(std::string_view name) const;

  static JsonNode of_text(JsonType type, std::string_view text);
  static JsonNode of_boolean(bool value);
  static JsonNode of_elements(std::span<const JsonNode> elements);
  static JsonNode of_members(std::span<const JsonMember> members);

 private:
  const void* data_ = nullptr;
  std::uint32_t size_ = 0;  // bytes or elements
  JsonType type_ = JsonType::null;
  bool boolean_ = false;
};

struct JsonMember {
  std::string_view name;
  JsonNode value;
};

inline std::span<const JsonNode> JsonNode::elements() const {
  if (type_ != JsonType::array) return {};
  return {static_cast<const JsonNode*>(data_), size_};
}

inline std::span<const JsonMember> JsonNode::members() const {
  if (type_ != JsonType::object) return {};
  return {static_cast<const JsonMember*>(data_), size_};
}

// One text for all texts that say the same: members by name, no white space, no `null` members.
void append_canonical(std::string& out, const JsonNode& node);

class JsonTree {
 public:
  // `invalid_argument`: "MESSAGE at byte N". The node holds until the next call.
  Result<const JsonNode*> parse(std::string_view text);

  // Lets go of it. Little memory is kept for the next one.
  void clear();

  // For what belongs to the request and should go with it.
  Arena& arena() { return arena_; }

 private:
  struct Open {  // an object or array whose end was not seen yet
    bool object;
    std::size_t first_value;  // in values_
    std::size_t first_name;   // in names_
  };

  void fail_at(const char* where, std::string_view message);
  void skip_white_space();
  bool parse_all();
  bool parse_value(JsonNode& node, bool& opened);
  bool begin(bool object);
  bool close_one(bool& more);
  JsonNode end_object(const Open& open);
  JsonNode end_array(const Open& open);
  std::size_t drop_duplicates(std::span<JsonMember> members);
  bool parse_name();
  bool parse_string(std::string_view& text);
  bool unescape(std::string_view raw, std::string_view& text);
  bool unescape_unicode(const char*& at, const char* end, char*& out);
  bool parse_number(std::string_view& text);
  bool parse_literal(std::string_view literal);

  Arena arena_;
  std::vector<Open> open_;
  std::vector<JsonNode> values_;  // of what is open
  std::vector<std::string_view> names_;
  std::vector<std::uint32_t> order_;  // for finding duplicates in large objects
  const char* begin_ = nullptr;
  const char* end_ = nullptr;
  const char* at_ = nullptr;
  std::size_t nodes_ = 0;
  JsonNode root_;
  std::string error_;
};

}  // namespace quipu::aws
