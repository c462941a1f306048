// Expressions of every kind against any text: nothing breaks, what is refused leaves the item as it was, and what is
// applied twice comes to the same. The first byte picks the kind: u, p, k, and anything else is a condition.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "base/assert.h"
#include "expression/condition.h"
#include "expression/key_condition.h"
#include "expression/projection.h"
#include "expression/update.h"

namespace {

using quipu::expression::Condition;
using quipu::expression::KeyCondition;
using quipu::expression::Placeholders;
using quipu::expression::Projection;
using quipu::expression::Update;
using quipu::value::Item;
using quipu::value::Number;
using quipu::value::Value;

Placeholders known() {
  Placeholders placeholders;
  placeholders.add_name("#a", "a");
  placeholders.add_name("#b", "abort");
  placeholders.add_value(":n", Value::number(1));
  placeholders.add_value(":s", Value::string("ab"));
  placeholders.add_value(":l", Value::list({Value::number(1), Value::string("ab")}));
  placeholders.add_value(":t", *Value::string_set({"a", "ab"}));
  placeholders.add_value(":m", *Value::number_set({Number::from_int64(1)}));
  return placeholders;
}

Item sample() {
  Item inside;
  inside.set("x", Value::number(5));
  inside.set("y", Value::list({Value::number(1), Value::string("y")}));
  Item item;
  item.set("a", Value::number(2));
  item.set("b", Value::string("abc"));
  item.set("c", *Value::string_set({"a", "b"}));
  item.set("d", Value::list({Value::map(inside), Value::number(2), Value::null()}));
  item.set("e", Value::map(std::move(inside)));
  return item;
}

void check_update(std::string_view text, Placeholders& placeholders) {
  const auto update = Update::parse(text, placeholders);
  if (!update) return;
  const Item before = sample();
  Item after = before;
  const auto applied = update->apply(after, SIZE_MAX);
  QUIPU_ASSERT(applied || after == before, "{}", text);
  Item again = before;
  QUIPU_ASSERT(update->apply(again, SIZE_MAX).has_value() == applied.has_value() && again == after, "{}", text);
  Item picked;
  update->pick_updated(after, picked);
  QUIPU_ASSERT(picked.size() <= after.size() && update->attributes().size() >= picked.size(), "{}", text);
}

void check_projection(std::string_view text, Placeholders& placeholders) {
  const auto projection = Projection::parse(text, placeholders);
  if (!projection) return;
  Item once;
  projection->apply(sample(), once);
  QUIPU_ASSERT(once.size() <= projection->attributes().size(), "{}", text);
  QUIPU_ASSERT(once.size_bytes() <= sample().size_bytes(), "{}", text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text{reinterpret_cast<const char*>(data) + 1, size - 1};
  Placeholders placeholders = known();
  switch (data[0]) {
    case 'u': check_update(text, placeholders); break;
    case 'p': check_projection(text, placeholders); break;
    case 'k':
      if (const auto condition = KeyCondition::parse(text, placeholders)) {
        const auto resolved = condition->resolve("a", "b");
        QUIPU_ASSERT(resolved || !resolved.error().message.empty(), "{}", text);
      }
      break;
    default:
      if (const auto condition = Condition::parse("FilterExpression", text, placeholders)) {
        const bool matches = condition->matches(sample());
        QUIPU_ASSERT(condition->matches(sample()) == matches, "{}", text);
        condition->matches(Item{});
      }
  }
  return 0;
}
