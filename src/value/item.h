// An item: attributes by name, sorted by the bytes of their names. A map inside an item is the same thing.
//
// Include value/value.h: an item holds values and a value may hold an item, so neither header stands alone.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace quipu::value {

struct Attribute;
class Value;

class Item {
 public:
  Item() noexcept;
  Item(const Item& other);
  Item(Item&& other) noexcept;
  Item& operator=(const Item& other);
  Item& operator=(Item&& other) noexcept;
  ~Item();

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  const Value* find(std::string_view name) const;  // null if there is none
  Value* find(std::string_view name);
  void set(std::string_view name, Value value);
  // The value of that name, made as null if there was none. For filling an item without moving values around.
  Value& slot(std::string_view name);
  bool erase(std::string_view name);  // true if there was one
  // Attributes that are taken away keep their memory for those that come later, up to spare_attributes_max of them: an
  // item that is decoded into again and again allocates nothing.
  void clear();

  // In the order of names.
  std::span<const Attribute> attributes() const;
  const Attribute* begin() const;
  const Attribute* end() const;

  std::size_t size_bytes() const;     // names and values, as DynamoDB counts
  std::size_t nesting_depth() const;  // of the deepest value; the item itself adds nothing

  friend bool operator==(const Item& a, const Item& b);

  static constexpr std::size_t spare_attributes_max = 16;

 private:
  friend class ItemDecoder;  // appends attributes that come in order

  std::size_t lower_bound(std::string_view name) const;
  Value& insert_at(std::size_t index, std::string_view name);

  std::vector<Attribute> slots_;  // the first size_ are the attributes, the rest is spare
  std::size_t size_ = 0;
};

}  // namespace quipu::value
