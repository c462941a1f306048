#include "value/value.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace quipu::value {

namespace {

constexpr std::size_t container_overhead_bytes = 3;  // of a list or a map
constexpr std::size_t element_overhead_bytes = 1;    // of each element or member

// Sorts what is to be a set; false if something is in it twice.
template <class Element>
bool sort_unique(std::vector<Element>& elements) {
  std::ranges::sort(elements);
  return std::ranges::adjacent_find(elements) == elements.end();
}

std::unexpected<Error> duplicates() {
  return fail(ErrorCode::invalid_argument,
              "One or more parameter values were invalid: Input collection contains duplicates");
}

std::size_t total_bytes(const std::vector<std::string>& elements) {
  std::size_t size = 0;
  for (const std::string& element : elements) size += element.size();
  return size;
}

}  // namespace

std::string_view dynamodb_name(Type type) {
  switch (type) {
    case Type::null: return "NULL";
    case Type::boolean: return "BOOL";
    case Type::number: return "N";
    case Type::string: return "S";
    case Type::binary: return "B";
    case Type::string_set: return "SS";
    case Type::number_set: return "NS";
    case Type::binary_set: return "BS";
    case Type::list: return "L";
    case Type::map: return "M";
  }
  return "";
}

Value::Value() = default;
Value::Value(const Value&) = default;
Value::Value(Value&&) noexcept = default;
Value::~Value() = default;

// What is assigned may be an element of the list or map that is overwritten, so it must be out of there first.
Value& Value::operator=(const Value& other) {
  Value copy{other};
  return *this = std::move(copy);
}

Value& Value::operator=(Value&& other) noexcept {
  Data data = std::move(other.data_);
  data_ = std::move(data);
  return *this;
}

Value::Value(Data data) : data_{std::move(data)} {}

Value Value::boolean(bool value) {
  return Value{Data{std::in_place_type<bool>, value}};
}
Value Value::number(const Number& value) {
  return Value{Data{value}};
}
Value Value::number(std::int64_t value) {
  return Value{Data{Number::from_int64(value)}};
}
Value Value::string(std::string_view value) {
  return Value{Data{std::in_place_type<std::string>, value}};
}
Value Value::string(std::string&& value) {
  return Value{Data{std::move(value)}};
}
Value Value::binary(std::string_view bytes) {
  return Value{Data{Binary{std::string{bytes}}}};
}
Value Value::list(List elements) {
  return Value{Data{std::move(elements)}};
}
Value Value::map(Item members) {
  return Value{Data{std::move(members)}};
}

Result<Value> Value::string_set(std::vector<std::string> elements) {
  if (elements.empty())
    return fail(ErrorCode::invalid_argument,
                "One or more parameter values were invalid: An string set  may not be empty");
  if (!sort_unique(elements)) return duplicates();
  return Value{Data{StringSet{std::move(elements)}}};
}

Result<Value> Value::number_set(std::vector<Number> elements) {
  if (elements.empty())
    return fail(ErrorCode::invalid_argument,
                "One or more parameter values were invalid: An number set  may not be empty");
  if (!sort_unique(elements)) return duplicates();
  return Value{Data{NumberSet{std::move(elements)}}};
}

Result<Value> Value::binary_set(std::vector<std::string> elements) {
  if (elements.empty())
    return fail(ErrorCode::invalid_argument,
                "One or more parameter values were invalid: Binary sets should not be empty");
  if (!sort_unique(elements)) return duplicates();
  return Value{Data{BinarySet{std::move(elements)}}};
}

bool Value::as_boolean() const {
  QUIPU_ASSERT(is(Type::boolean), "{}", dynamodb_name(type()));
  return *std::get_if<bool>(&data_);
}

const Number& Value::as_number() const {
  QUIPU_ASSERT(is(Type::number), "{}", dynamodb_name(type()));
  return *std::get_if<Number>(&data_);
}

const std::string& Value::as_string() const {
  QUIPU_ASSERT(is(Type::string), "{}", dynamodb_name(type()));
  return *std::get_if<std::string>(&data_);
}

const std::string& Value::as_binary() const {
  QUIPU_ASSERT(is(Type::binary), "{}", dynamodb_name(type()));
  return std::get_if<Binary>(&data_)->bytes;
}

const std::vector<std::string>& Value::as_string_set() const {
  QUIPU_ASSERT(is(Type::string_set), "{}", dynamodb_name(type()));
  return std::get_if<StringSet>(&data_)->elements;
}

const std::vector<Number>& Value::as_number_set() const {
  QUIPU_ASSERT(is(Type::number_set), "{}", dynamodb_name(type()));
  return std::get_if<NumberSet>(&data_)->elements;
}

const std::vector<std::string>& Value::as_binary_set() const {
  QUIPU_ASSERT(is(Type::binary_set), "{}", dynamodb_name(type()));
  return std::get_if<BinarySet>(&data_)->elements;
}

const Value::List& Value::as_list() const {
  QUIPU_ASSERT(is(Type::list), "{}", dynamodb_name(type()));
  return *std::get_if<List>(&data_);
}

Value::List& Value::as_list() {
  return const_cast<List&>(std::as_const(*this).as_list());
}

const Item& Value::as_map() const {
  QUIPU_ASSERT(is(Type::map), "{}", dynamodb_name(type()));
  return *std::get_if<Item>(&data_);
}

Item& Value::as_map() {
  return const_cast<Item&>(std::as_const(*this).as_map());
}

const Number* Value::if_number() const {
  return std::get_if<Number>(&data_);
}
const std::string* Value::if_string() const {
  return std::get_if<std::string>(&data_);
}

template <class Alternative>
Alternative& Value::reuse() {
  if (auto* const held = std::get_if<Alternative>(&data_)) return *held;
  return data_.emplace<Alternative>();
}

void Value::set_null() {
  data_.emplace<Null>();
}
void Value::set_boolean(bool value) {
  data_.emplace<bool>(value);
}
void Value::set_number(const Number& value) {
  reuse<Number>() = value;
}
void Value::set_string(std::string_view value) {
  reuse<std::string>().assign(value);
}
void Value::set_binary(std::string_view bytes) {
  reuse<Binary>().bytes.assign(bytes);
}

Value::List& Value::set_list() {
  List& elements = reuse<List>();
  elements.clear();
  return elements;
}

Item& Value::set_map() {
  Item& members = reuse<Item>();
  members.clear();
  return members;
}

std::size_t Value::size_bytes() const {
  switch (type()) {
    case Type::null:
    case Type::boolean: return 1;
    case Type::number: return as_number().size_bytes();
    case Type::string: return as_string().size();
    case Type::binary: return as_binary().size();
    case Type::string_set: return total_bytes(as_string_set());
    case Type::binary_set: return total_bytes(as_binary_set());
    case Type::number_set: {
      std::size_t size = 0;
      for (const Number& element : as_number_set()) size += element.size_bytes();
      return size;
    }
    case Type::list: {
      std::size_t size = container_overhead_bytes;
      for (const Value& element : as_list()) size += element.size_bytes() + element_overhead_bytes;
      return size;
    }
    case Type::map: return container_overhead_bytes + as_map().size_bytes() + as_map().size() * element_overhead_bytes;
  }
  std::unreachable();
}

std::size_t Value::nesting_depth() const {
  if (is(Type::map)) return 1 + as_map().nesting_depth();
  if (!is(Type::list)) return 0;
  std::size_t depth = 0;
  for (const Value& element : as_list()) depth = std::max(depth, element.nesting_depth());
  return 1 + depth;
}

bool operator==(const Value& a, const Value& b) {
  return a.data_ == b.data_;
}

std::optional<std::strong_ordering> compare(const Value& a, const Value& b) {
  if (a.type() != b.type()) return std::nullopt;
  switch (a.type()) {
    case Type::number: return a.as_number() <=> b.as_number();
    case Type::string: return a.as_string() <=> b.as_string();
    case Type::binary: return a.as_binary() <=> b.as_binary();
    default: return std::nullopt;
  }
}

}  // namespace quipu::value
