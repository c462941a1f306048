#include "value/item.h"

#include <algorithm>
#include <utility>

#include "value/value.h"

namespace quipu::value {

namespace {

// Up to this many attributes a look at each is cheaper than a binary search.
constexpr std::size_t linear_search_max = 8;

}  // namespace

Item::Item() noexcept = default;
Item::~Item() = default;

Item::Item(const Item& other) : slots_(other.begin(), other.end()), size_{other.size_} {}

Item::Item(Item&& other) noexcept : slots_{std::move(other.slots_)}, size_{std::exchange(other.size_, 0)} {
  other.slots_.clear();
}

Item& Item::operator=(const Item& other) {
  if (this == &other) return *this;
  // What is assigned may be a part of what is overwritten (a map of this very item), so copy before letting go.
  Item copy{other};
  return *this = std::move(copy);
}

Item& Item::operator=(Item&& other) noexcept {
  if (this == &other) return *this;
  std::vector<Attribute> slots = std::move(other.slots_);
  const std::size_t size = std::exchange(other.size_, 0);
  other.slots_.clear();
  slots_ = std::move(slots);
  size_ = size;
  return *this;
}

std::span<const Attribute> Item::attributes() const {
  return {slots_.data(), size_};
}
const Attribute* Item::begin() const {
  return slots_.data();
}
const Attribute* Item::end() const {
  return slots_.data() + size_;
}

std::size_t Item::lower_bound(std::string_view name) const {
  const auto found = std::ranges::lower_bound(attributes(), name, {}, &Attribute::name);
  return static_cast<std::size_t>(found - attributes().begin());
}

const Value* Item::find(std::string_view name) const {
  if (size_ <= linear_search_max) {
    for (const Attribute& attribute : attributes())
      if (attribute.name == name) return &attribute.value;
    return nullptr;
  }
  const std::size_t index = lower_bound(name);
  return index < size_ && slots_[index].name == name ? &slots_[index].value : nullptr;
}

Value* Item::find(std::string_view name) {
  return const_cast<Value*>(std::as_const(*this).find(name));
}

Value& Item::insert_at(std::size_t index, std::string_view name) {
  if (size_ == slots_.size()) slots_.emplace_back();
  slots_[size_].name.assign(name);
  const auto place = [this](std::size_t i) { return slots_.begin() + static_cast<std::ptrdiff_t>(i); };
  if (index != size_) std::rotate(place(index), place(size_), place(size_ + 1));
  ++size_;
  return slots_[index].value;
}

Value& Item::slot(std::string_view name) {
  const std::size_t index = lower_bound(name);
  if (index < size_ && slots_[index].name == name) return slots_[index].value;
  Value& value = insert_at(index, name);
  value.set_null();
  return value;
}

void Item::set(std::string_view name, Value value) {
  slot(name) = std::move(value);
}

bool Item::erase(std::string_view name) {
  const std::size_t index = lower_bound(name);
  if (index == size_ || slots_[index].name != name) return false;
  const auto place = [this](std::size_t i) { return slots_.begin() + static_cast<std::ptrdiff_t>(i); };
  std::rotate(place(index), place(index + 1), place(size_));
  --size_;
  return true;
}

void Item::clear() {
  size_ = 0;
  if (slots_.size() > spare_attributes_max) slots_.resize(spare_attributes_max);
}

std::size_t Item::size_bytes() const {
  std::size_t size = 0;
  for (const Attribute& attribute : attributes()) size += attribute.name.size() + attribute.value.size_bytes();
  return size;
}

std::size_t Item::nesting_depth() const {
  std::size_t depth = 0;
  for (const Attribute& attribute : attributes()) depth = std::max(depth, attribute.value.nesting_depth());
  return depth;
}

bool operator==(const Item& a, const Item& b) {
  return std::ranges::equal(a.attributes(), b.attributes());
}

}  // namespace quipu::value
