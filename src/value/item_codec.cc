// The bytes of a stored item. Permanent: tags are never renumbered or used again, new ones are added at the end, and a
// change of the grammar takes a new version byte (docs/formats/item.md).
//
//   item       := version attribute*            version: 0x01; attributes up to the last byte, names ascending
//   attribute  := name value
//   name       := text
//   value      := 0x01                          NULL
//               | 0x02 | 0x03                   false, true
//               | 0x04 varint                   N: an integer from 0 to 2^64-1
//               | 0x05 varint                   N: a negative integer to -(2^64-1); the varint is its magnitude
//               | 0x06 number                   N: any other, in the ordered form of docs/formats/number.md
//               | 0x07 text                     S
//               | 0x08 bytes                    B
//               | 0x09 count text*              SS, ascending
//               | 0x0a count number*            NS, ascending, all in the ordered form
//               | 0x0b count bytes*             BS, ascending
//               | 0x0c count value*             L
//               | 0x0d count attribute*         M, names ascending
//   text       := bytes that are UTF-8
//   bytes      := varint and that many bytes
//   count      := varint, of a set at least 1
//   varint     := unsigned LEB128 in its shortest form
//
// Ascending is by bytes (numbers: by value), without equal neighbours.
#include "value/item_codec.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "base/text.h"

namespace quipu::value {

namespace {

enum class Tag : std::uint8_t {
  null = 0x01,
  boolean_false = 0x02,
  boolean_true = 0x03,
  integer = 0x04,
  negative_integer = 0x05,
  number = 0x06,
  string = 0x07,
  binary = 0x08,
  string_set = 0x09,
  number_set = 0x0a,
  binary_set = 0x0b,
  list = 0x0c,
  map = 0x0d,
};

void append_tag(std::string& out, Tag tag) {
  out.push_back(static_cast<char>(tag));
}

void append_bytes(std::string& out, std::string_view bytes) {
  append_varint(out, bytes.size());
  out += bytes;
}

void append_number(std::string& out, const Number& number) {
  if (number.is_small_integer()) {
    append_tag(out, number.is_negative() ? Tag::negative_integer : Tag::integer);
    append_varint(out, number.small_magnitude());
  } else {
    append_tag(out, Tag::number);
    number.append_ordered(out);
  }
}

void append_strings(std::string& out, Tag tag, const std::vector<std::string>& elements) {
  append_tag(out, tag);
  append_varint(out, elements.size());
  for (const std::string& element : elements) append_bytes(out, element);
}

void append_value(std::string& out, const Value& value, std::size_t depth);

void append_attributes(std::string& out, const Item& item, std::size_t depth) {
  for (const Attribute& attribute : item.attributes()) {
    append_bytes(out, attribute.name);
    append_value(out, attribute.value, depth);
  }
}

void append_value(std::string& out, const Value& value, std::size_t depth) {
  switch (value.type()) {
    case Type::null: return append_tag(out, Tag::null);
    case Type::boolean: return append_tag(out, value.as_boolean() ? Tag::boolean_true : Tag::boolean_false);
    case Type::number: return append_number(out, value.as_number());
    case Type::string: append_tag(out, Tag::string); return append_bytes(out, value.as_string());
    case Type::binary: append_tag(out, Tag::binary); return append_bytes(out, value.as_binary());
    case Type::string_set: return append_strings(out, Tag::string_set, value.as_string_set());
    case Type::binary_set: return append_strings(out, Tag::binary_set, value.as_binary_set());
    case Type::number_set:
      append_tag(out, Tag::number_set);
      append_varint(out, value.as_number_set().size());
      for (const Number& element : value.as_number_set()) element.append_ordered(out);
      return;
    case Type::list:
    case Type::map: break;
  }
  QUIPU_ASSERT(depth < nesting_depth_max, "more than {} lists and maps inside each other", nesting_depth_max);
  if (value.is(Type::list)) {
    append_tag(out, Tag::list);
    append_varint(out, value.as_list().size());
    for (const Value& element : value.as_list()) append_value(out, element, depth + 1);
  } else {
    append_tag(out, Tag::map);
    append_varint(out, value.as_map().size());
    append_attributes(out, value.as_map(), depth + 1);
  }
}

}  // namespace

void encode_item(const Item& item, std::string& out) {
  out.push_back(static_cast<char>(item_format_version));
  append_attributes(out, item, 0);
}

// Keeps the first thing that is wrong and goes no further.
class ItemDecoder {
 public:
  explicit ItemDecoder(std::string_view bytes) : size_{bytes.size()}, in_{bytes} {}

  Result<> decode(Item& item) {
    item.clear();
    std::uint8_t version = 0;
    if (!in_.read(version)) {
      wrong("no version byte");
    } else if (version != item_format_version) {
      wrong("unknown version");
    } else {
      while (!in_.empty() && read_attribute(item, 0)) {
      }
    }
    if (wrong_ == nullptr) return {};
    item.clear();
    return fail(ErrorCode::damaged, "stored item: {} at byte {}", wrong_, size_ - left_);
  }

 private:
  bool wrong(const char* what) {
    if (wrong_ == nullptr) {
      wrong_ = what;
      left_ = in_.rest().size();
    }
    return false;
  }

  // A length or count: never more than the bytes that are left, so it is safe to allocate by it.
  bool read_size(std::size_t& size) {
    std::uint64_t value = 0;
    if (!in_.read_varint(value)) return wrong("a length is cut off or malformed");
    if (value > in_.rest().size()) return wrong("a length goes beyond the end");
    size = static_cast<std::size_t>(value);
    return true;
  }

  bool read_bytes(std::string_view& bytes) {
    std::size_t size = 0;
    return read_size(size) && in_.read(size, bytes);
  }

  bool read_text(std::string_view& text) {
    return read_bytes(text) && (is_valid_utf8(text) || wrong("a text is not UTF-8"));
  }

  bool read_attribute(Item& item, std::size_t depth) {
    std::string_view name;
    if (!read_text(name)) return false;
    if (item.size_ != 0 && name <= item.slots_[item.size_ - 1].name) return wrong("names are not ascending");
    return read_value(item.insert_at(item.size_, name), depth);
  }

  bool read_value(Value& value, std::size_t depth) {
    std::uint8_t tag = 0;
    if (!in_.read(tag)) return wrong("a value is missing");
    switch (static_cast<Tag>(tag)) {
      case Tag::null: value.set_null(); return true;
      case Tag::boolean_false: value.set_boolean(false); return true;
      case Tag::boolean_true: value.set_boolean(true); return true;
      case Tag::integer: return read_integer(value, false);
      case Tag::negative_integer: return read_integer(value, true);
      case Tag::number: return read_number(value);
      case Tag::string: {
        std::string_view text;
        if (!read_text(text)) return false;
        value.set_string(text);
        return true;
      }
      case Tag::binary: {
        std::string_view bytes;
        if (!read_bytes(bytes)) return false;
        value.set_binary(bytes);
        return true;
      }
      case Tag::string_set: return read_set(value.data_.emplace<Value::StringSet>().elements, &ItemDecoder::read_text);
      case Tag::binary_set: return read_set(value.data_.emplace<Value::BinarySet>().elements, &ItemDecoder::read_bytes);
      case Tag::number_set: return read_number_set(value.data_.emplace<Value::NumberSet>().elements);
      case Tag::list: return read_list(value, depth);
      case Tag::map: return read_map(value, depth);
    }
    return wrong("unknown type tag");
  }

  bool read_integer(Value& value, bool negative) {
    std::uint64_t magnitude = 0;
    if (!in_.read_varint(magnitude)) return wrong("an integer is cut off or malformed");
    if (negative && magnitude == 0) return wrong("zero is negative");
    value.set_number(Number::from_small_integer(magnitude, negative));
    return true;
  }

  bool read_number(Value& value) {
    Number number;
    if (!Number::read_ordered(in_, number)) return wrong("a number is cut off or malformed");
    if (number.is_small_integer()) return wrong("an integer is not in its short form");
    value.set_number(number);
    return true;
  }

  bool read_set(std::vector<std::string>& elements, bool (ItemDecoder::*read)(std::string_view&)) {
    std::size_t count = 0;
    if (!read_size(count)) return false;
    if (count == 0) return wrong("a set is empty");
    for (std::size_t i = 0; i < count; ++i) {
      std::string_view element;
      if (!(this->*read)(element)) return false;
      if (i != 0 && element <= elements.back()) return wrong("a set is not ascending");
      elements.emplace_back(element);
    }
    return true;
  }

  bool read_number_set(std::vector<Number>& elements) {
    std::size_t count = 0;
    if (!read_size(count)) return false;
    if (count == 0) return wrong("a set is empty");
    for (std::size_t i = 0; i < count; ++i) {
      Number element;
      if (!Number::read_ordered(in_, element)) return wrong("a number is cut off or malformed");
      if (i != 0 && element <= elements.back()) return wrong("a set is not ascending");
      elements.push_back(element);
    }
    return true;
  }

  bool may_nest(std::size_t depth) { return depth < nesting_depth_max || wrong("lists and maps are nested too deep"); }

  bool read_list(Value& value, std::size_t depth) {
    std::size_t count = 0;
    if (!may_nest(depth) || !read_size(count)) return false;
    Value::List& elements = value.set_list();
    for (std::size_t i = 0; i < count; ++i)
      if (!read_value(elements.emplace_back(), depth + 1)) return false;
    return true;
  }

  bool read_map(Value& value, std::size_t depth) {
    std::size_t count = 0;
    if (!may_nest(depth) || !read_size(count)) return false;
    Item& members = value.set_map();
    for (std::size_t i = 0; i < count; ++i)
      if (!read_attribute(members, depth + 1)) return false;
    return true;
  }

  std::size_t size_;
  ByteReader in_;
  const char* wrong_ = nullptr;
  std::size_t left_ = 0;
};

Result<> decode_item(std::string_view bytes, Item& item) {
  return ItemDecoder{bytes}.decode(item);
}

}  // namespace quipu::value
