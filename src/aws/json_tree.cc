#include "aws/json_tree.h"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>
#include <numeric>

#include "base/json_writer.h"
#include "base/text.h"

namespace quipu::aws {

namespace {

// Up to this many members each pair is compared; above, their names are sorted.
constexpr std::size_t pairwise_members_max = 12;
// What the stacks keep of a request that was larger than most.
constexpr std::size_t kept_values_max = 256;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// The first byte that is not plain: a control character, '"', '\' or a part of a non-ASCII character. Eight bytes at a
// time; each test marks the top bit of a byte, and the lowest mark is exact although higher ones may not be.
const char* skip_plain(const char* at, const char* end) {
  constexpr std::uint64_t ones = 0x0101010101010101;
  constexpr std::uint64_t tops = ones * 0x80;
  for (; end - at >= 8; at += 8) {
    std::uint64_t word;
    std::memcpy(&word, at, sizeof word);
    const std::uint64_t quotes = word ^ (ones * '"');
    const std::uint64_t backslashes = word ^ (ones * '\\');
    const std::uint64_t below_space = (word - ones * 0x20) & ~word;
    const std::uint64_t marks =
        (word | below_space | ((quotes - ones) & ~quotes) | ((backslashes - ones) & ~backslashes)) & tops;
    if (marks != 0) return at + std::countr_zero(marks) / 8;
  }
  for (; at != end; ++at) {
    const auto byte = static_cast<unsigned char>(*at);
    if (byte < 0x20 || byte >= 0x80 || byte == '"' || byte == '\\') break;
  }
  return at;
}

// The four hex digits at `at`, or -1.
int read_hex4(const char* at, const char* end) {
  if (end - at < 4) return -1;
  int value = 0;
  for (const char c : std::string_view{at, 4}) {
    const char lower = static_cast<char>(c | 0x20);
    if (is_digit(c))
      value = value * 16 + (c - '0');
    else if (lower >= 'a' && lower <= 'f')
      value = value * 16 + (lower - 'a' + 10);
    else
      return -1;
  }
  return value;
}

template <class T>
void forget(std::vector<T>& stack) {
  stack.clear();
  if (stack.capacity() > kept_values_max) stack = {};
}

}  // namespace

const JsonNode* JsonNode::find(std::string_view name) const {
  for (const JsonMember& member : members())
    if (member.name == name) return member.value.is_null() ? nullptr : &member.value;
  return nullptr;
}

void append_canonical(std::string& out, const JsonNode& node) {
  switch (node.type()) {
    case JsonType::none:
    case JsonType::null: out += "null"; return;
    case JsonType::boolean: out += node.as_boolean() ? "true" : "false"; return;
    case JsonType::number: out += node.text(); return;
    case JsonType::string: return append_json_string(out, node.text());
    case JsonType::array:
      out += '[';
      for (const JsonNode& element : node.elements()) {
        append_canonical(out, element);
        out += ',';
      }
      out += ']';
      return;
    case JsonType::object: break;
  }
  std::vector<const JsonMember*> members;
  for (const JsonMember& member : node.members())
    if (!member.value.is_null()) members.push_back(&member);
  std::ranges::sort(members, {}, &JsonMember::name);
  out += '{';
  for (const JsonMember* member : members) {
    append_json_string(out, member->name);
    out += ':';
    append_canonical(out, member->value);
    out += ',';
  }
  out += '}';
}

JsonNode JsonNode::of_text(JsonType type, std::string_view text) {
  JsonNode node;
  node.type_ = type;
  node.data_ = text.data();
  node.size_ = static_cast<std::uint32_t>(text.size());
  return node;
}

JsonNode JsonNode::of_boolean(bool value) {
  JsonNode node;
  node.type_ = JsonType::boolean;
  node.boolean_ = value;
  return node;
}

JsonNode JsonNode::of_elements(std::span<const JsonNode> elements) {
  JsonNode node;
  node.type_ = JsonType::array;
  node.data_ = elements.data();
  node.size_ = static_cast<std::uint32_t>(elements.size());
  return node;
}

JsonNode JsonNode::of_members(std::span<const JsonMember> members) {
  JsonNode node;
  node.type_ = JsonType::object;
  node.data_ = members.data();
  node.size_ = static_cast<std::uint32_t>(members.size());
  return node;
}

void JsonTree::clear() {
  arena_.reset();
  forget(values_);
  forget(names_);
  forget(order_);
  forget(open_);
  error_.clear();
}

Result<const JsonNode*> JsonTree::parse(std::string_view text) {
  clear();
  begin_ = at_ = text.data();
  end_ = begin_ + text.size();
  nodes_ = 0;
  if (text.size() > UINT32_MAX) return fail(ErrorCode::too_large, "a JSON text of {} bytes", text.size());
  if (!parse_all()) return std::unexpected(Error{ErrorCode::invalid_argument, error_});
  return &root_;
}

void JsonTree::fail_at(const char* where, std::string_view message) {
  error_ = fmt::format("{} at byte {}{}", message, where - begin_, where == end_ ? ", where the text ends" : "");
}

void JsonTree::skip_white_space() {
  while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
}

bool JsonTree::parse_all() {
  for (;;) {
    JsonNode node;
    bool opened = false;
    if (!parse_value(node, opened)) return false;
    if (opened) continue;
    // The value is whole: it goes to what it is in, which perhaps is whole by that.
    for (;;) {
      if (open_.empty()) {
        root_ = node;
        skip_white_space();
        if (at_ != end_) fail_at(at_, "expected the end of the text");
        return at_ == end_;
      }
      values_.push_back(node);
      bool more = false;
      if (!close_one(more)) return false;
      if (more) break;
      const Open open = open_.back();
      open_.pop_back();
      node = open.object ? end_object(open) : end_array(open);
    }
  }
}

// After a value inside of something: goes on to the next value there (`more`), or past the bracket that ends it.
bool JsonTree::close_one(bool& more) {
  const bool object = open_.back().object;
  skip_white_space();
  if (at_ != end_ && *at_ == ',') {
    ++at_;
    more = true;
    return !object || parse_name();
  }
  if (at_ == end_ || *at_ != (object ? '}' : ']')) {
    fail_at(at_, object ? "expected ',' or '}'" : "expected ',' or ']'");
    return false;
  }
  ++at_;
  return true;
}

bool JsonTree::parse_value(JsonNode& node, bool& opened) {
  skip_white_space();
  if (at_ == end_) {
    fail_at(at_, "expected a value");
    return false;
  }
  if (++nodes_ > json_tree_nodes_max) {
    fail_at(at_, "too many values");
    return false;
  }
  std::string_view text;
  switch (*at_) {
    case '{':
    case '[': {
      const bool object = *at_ == '{';
      ++at_;
      skip_white_space();
      if (at_ != end_ && *at_ == (object ? '}' : ']')) {
        ++at_;
        node = object ? JsonNode::of_members({}) : JsonNode::of_elements({});
        return true;
      }
      opened = true;
      return begin(object);
    }
    case '"':
      if (!parse_string(text)) return false;
      node = JsonNode::of_text(JsonType::string, text);
      return true;
    case 't': node = JsonNode::of_boolean(true); return parse_literal("true");
    case 'f': node = JsonNode::of_boolean(false); return parse_literal("false");
    case 'n': return parse_literal("null");
    default:
      if (!parse_number(text)) return false;
      node = JsonNode::of_text(JsonType::number, text);
      return true;
  }
}

bool JsonTree::begin(bool object) {
  if (open_.size() == json_tree_depth_max) {
    fail_at(at_, fmt::format("more than {} objects and arrays inside each other", json_tree_depth_max));
    return false;
  }
  open_.push_back({.object = object, .first_value = values_.size(), .first_name = names_.size()});
  return !object || parse_name();
}

bool JsonTree::parse_name() {
  skip_white_space();
  std::string_view name;
  if (at_ == end_ || *at_ != '"') {
    fail_at(at_, "expected a member's name in quotes");
    return false;
  }
  if (!parse_string(name)) return false;
  skip_white_space();
  if (at_ == end_ || *at_ != ':') {
    fail_at(at_, "expected ':'");
    return false;
  }
  ++at_;
  names_.push_back(name);
  return true;
}

JsonNode JsonTree::end_array(const Open& open) {
  const std::span<const JsonNode> found{values_.begin() + static_cast<std::ptrdiff_t>(open.first_value), values_.end()};
  const std::span<JsonNode> elements = arena_.array<JsonNode>(found.size());
  std::uninitialized_copy(found.begin(), found.end(), elements.begin());
  values_.resize(open.first_value);
  return JsonNode::of_elements(elements);
}

JsonNode JsonTree::end_object(const Open& open) {
  const std::size_t count = values_.size() - open.first_value;
  std::span<JsonMember> members = arena_.array<JsonMember>(count);
  for (std::size_t i = 0; i < count; ++i)
    std::construct_at(&members[i], names_[open.first_name + i], values_[open.first_value + i]);
  values_.resize(open.first_value);
  names_.resize(open.first_name);
  return JsonNode::of_members(members.first(drop_duplicates(members)));
}

// How many members are left. Each of them stands where the last one of its name stood.
std::size_t JsonTree::drop_duplicates(std::span<JsonMember> members) {
  bool any = false;
  if (members.size() <= pairwise_members_max) {
    for (std::size_t i = 0; i + 1 < members.size(); ++i)
      for (std::size_t k = i + 1; k < members.size() && members[i].name.data() != nullptr; ++k)
        if (members[i].name == members[k].name) {
          members[i].name = {};
          any = true;
        }
  } else if (std::ranges::adjacent_find(members, std::ranges::greater_equal{}, &JsonMember::name) != members.end()) {
    order_.resize(members.size());
    std::iota(order_.begin(), order_.end(), 0U);
    std::ranges::sort(order_, [members](std::uint32_t a, std::uint32_t b) {
      return members[a].name != members[b].name ? members[a].name < members[b].name : a < b;
    });
    for (std::size_t i = 0; i + 1 < order_.size(); ++i)
      if (members[order_[i]].name == members[order_[i + 1]].name) {
        members[order_[i]].name = {};
        any = true;
      }
  }
  if (!any) return members.size();
  const auto gone = std::ranges::remove_if(members, [](const JsonMember& m) { return m.name.data() == nullptr; });
  return members.size() - gone.size();
}

bool JsonTree::parse_string(std::string_view& text) {
  const char* const from = at_ + 1;
  const char* at = from;
  bool escapes = false;
  for (;;) {
    at = skip_plain(at, end_);
    if (at == end_) break;
    const auto byte = static_cast<unsigned char>(*at);
    if (byte == '"') {
      at_ = at + 1;
      text = {from, at};
      return !escapes || unescape(text, text);
    }
    if (byte == '\\') {
      escapes = true;
      if (end_ - at < 2) break;
      at += 2;  // what was escaped is looked at later, when the string is known to end
      continue;
    }
    if (byte < 0x20) {
      fail_at(at, "a control character must be escaped");
      return false;
    }
    const std::size_t bytes = utf8_sequence_bytes({at, end_});
    if (bytes == 0) {
      fail_at(at, "the string is not UTF-8");
      return false;
    }
    at += bytes;
  }
  fail_at(end_, "expected the end of a string");
  return false;
}

// No escape is shorter than what it stands for, so the raw size is enough.
bool JsonTree::unescape(std::string_view raw, std::string_view& text) {
  const std::span<char> room = arena_.array<char>(raw.size());
  char* out = room.data();
  const char* at = raw.data();
  const char* const end = at + raw.size();
  while (at != end) {
    const auto* const escape = static_cast<const char*>(std::memchr(at, '\\', static_cast<std::size_t>(end - at)));
    const char* const plain_end = escape == nullptr ? end : escape;
    out = std::copy(at, plain_end, out);
    if (escape == nullptr) break;
    at = escape + 2;
    switch (escape[1]) {
      case '"': *out++ = '"'; break;
      case '\\': *out++ = '\\'; break;
      case '/': *out++ = '/'; break;
      case 'b': *out++ = '\b'; break;
      case 'f': *out++ = '\f'; break;
      case 'n': *out++ = '\n'; break;
      case 'r': *out++ = '\r'; break;
      case 't': *out++ = '\t'; break;
      case 'u':
        if (!unescape_unicode(at, end, out)) {
          fail_at(escape, "expected \\u with four hex digits, both halves of a surrogate pair");
          return false;
        }
        break;
      default: fail_at(escape, "unknown escape in a string"); return false;
    }
  }
  text = {room.data(), static_cast<std::size_t>(out - room.data())};
  return true;
}

// `at` stands behind the 'u'.
bool JsonTree::unescape_unicode(const char*& at, const char* end, char*& out) {
  const int first = read_hex4(at, end);
  if (first < 0) return false;
  at += 4;
  auto code_point = static_cast<char32_t>(first);
  if (first >= 0xd800 && first <= 0xdfff) {
    if (first > 0xdbff || end - at < 6 || at[0] != '\\' || at[1] != 'u') return false;
    const int second = read_hex4(at + 2, end);
    if (second < 0xdc00 || second > 0xdfff) return false;
    code_point = static_cast<char32_t>(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00));
    at += 6;
  }
  std::string utf8;  // at most four bytes: kept inside the string
  append_utf8(utf8, code_point);
  out = std::ranges::copy(utf8, out).out;
  return true;
}

bool JsonTree::parse_number(std::string_view& text) {
  const char* at = at_;
  const auto digits = [this, &at] {
    const char* const from = at;
    while (at != end_ && is_digit(*at)) ++at;
    return at != from;
  };
  if (*at == '-') ++at;
  const bool leading_zero = at != end_ && *at == '0';
  bool good = leading_zero ? (++at, true) : digits();
  if (good && at != end_ && *at == '.') {
    ++at;
    good = digits();
  }
  if (good && at != end_ && (*at == 'e' || *at == 'E')) {
    ++at;
    if (at != end_ && (*at == '+' || *at == '-')) ++at;
    good = digits();
  }
  if (!good) {
    fail_at(at_, "expected a value");
    return false;
  }
  text = {at_, at};
  at_ = at;
  return true;
}

bool JsonTree::parse_literal(std::string_view literal) {
  if (!std::string_view{at_, end_}.starts_with(literal)) {
    fail_at(at_, "expected a value");
    return false;
  }
  at_ += literal.size();
  return true;
}

}  // namespace quipu::aws
