// One attribute value: the ten types of DynamoDB. A plain value: copied, moved and compared like an int. Strings of up
// to 15 bytes and all numbers are kept inside and allocate nothing.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "value/item.h"
#include "value/number.h"

namespace quipu::value {

// Lists and maps inside each other; a scalar adds nothing. [[1]] has depth 2.
inline constexpr std::size_t nesting_depth_max = 32;

// In the order of the alternatives of Value. Not what is stored: the item codec has its own permanent tags.
enum class Type : std::uint8_t {
  null,
  boolean,
  number,
  string,
  binary,
  string_set,
  number_set,
  binary_set,
  list,
  map,
};

std::string_view dynamodb_name(Type type);  // "S", "N", ... "NULL", "BOOL"

class Value {
 public:
  using List = std::vector<Value>;

  Value();  // null
  Value(const Value&);
  Value(Value&&) noexcept;
  Value& operator=(const Value&);
  Value& operator=(Value&&) noexcept;
  ~Value();

  static Value null() { return Value{}; }
  static Value boolean(bool value);
  static Value number(const Number& value);
  static Value number(std::int64_t value);
  static Value string(std::string_view value);
  static Value string(std::string&& value);
  static Value string(const char* value) { return string(std::string_view{value}); }
  static Value binary(std::string_view bytes);
  static Value list(List elements);
  static Value map(Item members);
  // Sets are kept sorted. No elements, or the same one twice, is an error.
  static Result<Value> string_set(std::vector<std::string> elements);
  static Result<Value> number_set(std::vector<Number> elements);
  static Result<Value> binary_set(std::vector<std::string> elements);

  Type type() const { return static_cast<Type>(data_.index()); }
  bool is(Type wanted) const { return type() == wanted; }

  // Each needs the value to be of its type, and asserts.
  bool as_boolean() const;
  const Number& as_number() const;
  const std::string& as_string() const;
  const std::string& as_binary() const;
  const std::vector<std::string>& as_string_set() const;
  const std::vector<Number>& as_number_set() const;
  const std::vector<std::string>& as_binary_set() const;
  const List& as_list() const;
  List& as_list();
  const Item& as_map() const;
  Item& as_map();

  // The same without the assertion: null if the value has another type.
  const Number* if_number() const;
  const std::string* if_string() const;

  // Changes the value in place; memory that the old value had for the same type is used again.
  void set_null();
  void set_boolean(bool value);
  void set_number(const Number& value);
  void set_string(std::string_view value);
  void set_binary(std::string_view bytes);
  List& set_list();  // empty
  Item& set_map();   // empty

  std::size_t size_bytes() const;     // as DynamoDB counts (docs/formats/item.md); without the attribute's name
  std::size_t nesting_depth() const;  // 0 for scalars and sets

  // As DynamoDB's "=": the types must be the same; sets are equal if they have the same elements.
  friend bool operator==(const Value& a, const Value& b);

 private:
  friend class ItemDecoder;  // fills sets that it has checked itself

  struct Null {
    friend bool operator==(Null, Null) = default;
  };
  struct Binary {
    std::string bytes;
    friend bool operator==(const Binary&, const Binary&) = default;
  };
  struct StringSet {
    std::vector<std::string> elements;
    friend bool operator==(const StringSet&, const StringSet&) = default;
  };
  struct NumberSet {
    std::vector<Number> elements;
    friend bool operator==(const NumberSet&, const NumberSet&) = default;
  };
  struct BinarySet {
    std::vector<std::string> elements;
    friend bool operator==(const BinarySet&, const BinarySet&) = default;
  };
  using Data = std::variant<Null, bool, Number, std::string, Binary, StringSet, NumberSet, BinarySet, List, Item>;

  explicit Value(Data data);
  template <class Alternative>
  Alternative& reuse();

  Data data_;
};

// For "<", "BETWEEN" and the like: only two strings, two numbers or two binaries have an order (that of their bytes).
std::optional<std::strong_ordering> compare(const Value& a, const Value& b);

struct Attribute {
  std::string name;
  Value value;

  friend bool operator==(const Attribute&, const Attribute&) = default;
};

}  // namespace quipu::value
