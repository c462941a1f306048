#include "value/item_codec.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "base/bytes.h"
#include "base/random.h"
#include "base/text.h"

// Counts what the program allocates, for the tests of what must allocate nothing.
namespace {
std::atomic<std::size_t> allocations{0};
}

[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  void* const memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) std::abort();
  return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace quipu::value {
namespace {

Number number(std::string_view text) {
  return Number::parse(text).value();
}

std::string encoded(const Item& item) {
  std::string bytes;
  encode_item(item, bytes);
  return bytes;
}

std::string from_hex_text(std::string_view hex) {
  std::string compact;
  for (const char c : hex)
    if (c != ' ') compact.push_back(c);
  std::string bytes;
  EXPECT_TRUE(from_hex(compact, bytes)) << hex;
  return bytes;
}

// What decoding says is wrong, or "".
std::string wrong_with(std::string_view hex) {
  Item item;
  item.set("earlier", Value::null());
  const auto decoded = decode_item(from_hex_text(hex), item);
  if (decoded) return "";
  EXPECT_EQ(decoded.error().code, ErrorCode::damaged);
  EXPECT_TRUE(item.empty());
  return decoded.error().message;
}

// Stored on disks: these bytes never change.
TEST(ItemCodec, GoldenBytes) {
  const std::pair<const char*, Value> cases[] = {
      {"01", Value::null()},
      {"02", Value::boolean(false)},
      {"03", Value::boolean(true)},
      {"04 00", Value::number(0)},
      {"04 2a", Value::number(42)},
      {"04 80 01", Value::number(128)},
      {"04 ffffffffffffffffff01", Value::number(number("18446744073709551615"))},
      {"05 01", Value::number(-1)},
      {"05 80808080808080808001", Value::number(INT64_MIN)},
      {"06 c064", Value::number(number("0.5"))},
      {"06 ca255987590f4b136f2120", Value::number(number("18446744073709551616"))},
      {"07 00", Value::string("")},
      {"07 05 636166c3a9", Value::string("caf\xc3\xa9")},
      {"08 02 00ff", Value::binary(std::string_view{"\0\xff", 2})},
      {"09 02 01 61 02 6262", Value::string_set({"bb", "a"}).value()},
      {"0a 02 3efd c102", Value::number_set({number("1"), number("-1")}).value()},
      {"0b 02 00 01 80", Value::binary_set({"\x80", ""}).value()},
      {"0c 00", Value::list({})},
      {"0c 02 04 01 0c 01 01", Value::list({Value::number(1), Value::list({Value::null()})})},
      {"0d 00", Value::map({})},
  };
  for (const auto& [hex, value] : cases) {
    Item item;
    item.set("a", value);
    const std::string bytes = from_hex_text(std::string{"01 01 61 "} + hex);
    EXPECT_EQ(to_hex(encoded(item)), to_hex(bytes)) << hex;
    Item decoded;
    ASSERT_TRUE(decode_item(bytes, decoded)) << hex;
    EXPECT_EQ(decoded, item) << hex;
  }
}

TEST(ItemCodec, CounterIsSmall) {
  Item item;
  EXPECT_EQ(to_hex(encoded(item)), "01");
  item.set("lastValue", Value::number(1'000'000));
  EXPECT_EQ(to_hex(encoded(item)),
            "01"
            "09"
            "6c61737456616c7565"
            "04"
            "c0843d");
  Item members;
  members.set("b", Value::number(1));
  members.set("a", Value::string("x"));
  item.set("deep", Value::map(members));
  EXPECT_EQ(to_hex(encoded(item)),
            "01"
            "04"
            "64656570"
            "0d02"
            "0161070178"
            "01620401"
            "09"
            "6c61737456616c7565"
            "04"
            "c0843d");
}

TEST(ItemCodec, EncodingAppends) {
  Item item;
  item.set("a", Value::null());
  std::string bytes = "before";
  encode_item(item, bytes);
  EXPECT_EQ(bytes, std::string{"before"} + encoded(item));
}

TEST(ItemCodec, DamageIsNamedWithItsPlace) {
  EXPECT_EQ(wrong_with(""), "stored item: no version byte at byte 0");
  EXPECT_EQ(wrong_with("00"), "stored item: unknown version at byte 1");
  EXPECT_EQ(wrong_with("02"), "stored item: unknown version at byte 1");
  EXPECT_EQ(wrong_with("01 80"), "stored item: a length is cut off or malformed at byte 1");
  EXPECT_EQ(wrong_with("01 8000"), "stored item: a length is cut off or malformed at byte 1");
  EXPECT_EQ(wrong_with("01 05 61"), "stored item: a length goes beyond the end at byte 2");
  EXPECT_EQ(wrong_with("01 01 61"), "stored item: a value is missing at byte 3");
  EXPECT_EQ(wrong_with("01 01 61 00"), "stored item: unknown type tag at byte 4");
  EXPECT_EQ(wrong_with("01 01 61 0e"), "stored item: unknown type tag at byte 4");
  EXPECT_EQ(wrong_with("01 01 61 01 01 61 01"), "stored item: names are not ascending at byte 6");
  EXPECT_EQ(wrong_with("01 01 62 01 01 61 01"), "stored item: names are not ascending at byte 6");
  EXPECT_EQ(wrong_with("01 01 ff 01"), "stored item: a text is not UTF-8 at byte 3");
  EXPECT_EQ(wrong_with("01 01 61 07 01 80"), "stored item: a text is not UTF-8 at byte 6");
  EXPECT_EQ(wrong_with("01 01 61 04"), "stored item: an integer is cut off or malformed at byte 4");
  EXPECT_EQ(wrong_with("01 01 61 04 8000"), "stored item: an integer is cut off or malformed at byte 4");
  EXPECT_EQ(wrong_with("01 01 61 05 00"), "stored item: zero is negative at byte 5");
  EXPECT_EQ(wrong_with("01 01 61 06 c0"), "stored item: a number is cut off or malformed at byte 4");
  EXPECT_EQ(wrong_with("01 01 61 06 c102"), "stored item: an integer is not in its short form at byte 6");
  EXPECT_EQ(wrong_with("01 01 61 09 00"), "stored item: a set is empty at byte 5");
  EXPECT_EQ(wrong_with("01 01 61 0a 00"), "stored item: a set is empty at byte 5");
  EXPECT_EQ(wrong_with("01 01 61 09 02 01 62 01 61"), "stored item: a set is not ascending at byte 9");
  EXPECT_EQ(wrong_with("01 01 61 0b 02 00 00"), "stored item: a set is not ascending at byte 7");
  EXPECT_EQ(wrong_with("01 01 61 0a 02 c102 c102"), "stored item: a set is not ascending at byte 9");
  EXPECT_EQ(wrong_with("01 01 61 09 01 01 ff"), "stored item: a text is not UTF-8 at byte 7");
  EXPECT_EQ(wrong_with("01 01 61 0c 02 01"), "stored item: a length goes beyond the end at byte 5");
  EXPECT_EQ(wrong_with("01 01 61 0c ffffffffffffffffff01"), "stored item: a length goes beyond the end at byte 14");
  EXPECT_EQ(wrong_with("01 01 61 0d 02 01 62 01 01 61 01"), "stored item: names are not ascending at byte 10");
  EXPECT_EQ(wrong_with("01 01 61 01 00"), "stored item: names are not ascending at byte 5");
  EXPECT_EQ(wrong_with("01 01 61 08 01 ff"), "");
}

Value nested_lists(std::size_t depth) {
  Value value = Value::list({});
  for (std::size_t i = 1; i < depth; ++i) {
    Value outer = Value::list({});
    outer.as_list().push_back(std::move(value));
    value = std::move(outer);
  }
  return value;
}

TEST(ItemCodec, DeepestNestingThatIsAllowedComesBack) {
  Item item;
  item.set("a", nested_lists(nesting_depth_max));
  EXPECT_EQ(item.nesting_depth(), nesting_depth_max);
  Item decoded;
  ASSERT_TRUE(decode_item(encoded(item), decoded));
  EXPECT_EQ(decoded, item);
}

TEST(ItemCodec, DeeperNestingIsDamage) {
  std::string lists = "01 01 61";
  std::string maps = "01";
  for (std::size_t i = 0; i <= nesting_depth_max; ++i) {
    lists += " 0c 01";
    maps += " 01 61 0d 01";
  }
  EXPECT_TRUE(wrong_with(lists + " 01").starts_with("stored item: lists and maps are nested too deep"));
  EXPECT_TRUE(wrong_with(maps + " 01 61 01").starts_with("stored item: lists and maps are nested too deep"));
}

TEST(ItemCodecDeathTest, EncodingDeeperNestingAborts) {
  Item item;
  item.set("a", nested_lists(nesting_depth_max + 1));
  EXPECT_DEATH(encoded(item), "more than 32 lists and maps");
}

std::string random_text(SeededRandom& random) {
  std::string text;
  for (std::uint64_t i = random.below(20); i > 0; --i)
    append_utf8(text, static_cast<char32_t>(random.below(random.below(4) == 0 ? 0xd800 : 0x80)));
  return text;
}

Number random_number(SeededRandom& random) {
  if (random.below(2) == 0) return Number::from_int64(static_cast<std::int64_t>(random()) >> random.below(64));
  return number(std::to_string(random()) + "." + std::to_string(random.below(1'000)) + "e" +
                std::to_string(random.below(100)));
}

Item random_item(SeededRandom& random, std::size_t depth);

Value random_value(SeededRandom& random, std::size_t depth) {
  switch (random.below(depth > 4 ? 8 : 10)) {
    case 0: return Value::null();
    case 1: return Value::boolean(random.below(2) == 0);
    case 2: return Value::number(random_number(random));
    case 3: return Value::string(random_text(random));
    case 4: return Value::binary(std::string{static_cast<char>(random())});
    case 5: return Value::string_set({random_text(random), "one more"}).value_or(Value::null());
    case 6: return Value::number_set({random_number(random), number("0.1")}).value_or(Value::null());
    case 7: return Value::binary_set({std::string{static_cast<char>(random())}, ""}).value();
    case 8: {
      Value::List elements;
      for (std::uint64_t i = random.below(4); i > 0; --i) elements.push_back(random_value(random, depth + 1));
      return Value::list(std::move(elements));
    }
    default: return Value::map(random_item(random, depth + 1));
  }
}

Item random_item(SeededRandom& random, std::size_t depth) {
  Item item;
  for (std::uint64_t i = random.below(6); i > 0; --i) item.set(random_text(random), random_value(random, depth));
  return item;
}

TEST(ItemCodec, ComesBackForAllKindsOfItems) {
  SeededRandom random{10};
  Item decoded;  // used again and again, so nothing of an item may stay in the next
  for (int round = 0; round < 5'000; ++round) {
    const Item item = random_item(random, 0);
    const std::string bytes = encoded(item);
    ASSERT_TRUE(decode_item(bytes, decoded)) << "round " << round;
    ASSERT_EQ(decoded, item) << "round " << round;
    ASSERT_EQ(encoded(decoded), bytes) << "round " << round;
  }
}

// An item's bytes have one form: whatever is changed in them is either refused or another item with these very bytes.
TEST(ItemCodec, ChangedBytesAreRefusedOrAnotherItem) {
  SeededRandom random{11};
  Item decoded;
  for (int round = 0; round < 500; ++round) {
    const std::string bytes = encoded(random_item(random, 0));
    for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
      const std::string short_bytes = bytes.substr(0, cut);
      if (!decode_item(short_bytes, decoded)) continue;
      ASSERT_EQ(encoded(decoded), short_bytes);
    }
    for (int change = 0; change < 200; ++change) {
      std::string changed = bytes;
      changed[random.below(changed.size())] = static_cast<char>(random());
      if (!decode_item(changed, decoded)) continue;
      ASSERT_EQ(encoded(decoded), changed) << to_hex(changed);
    }
  }
}

// The way of an increment: decode, add, encode.
TEST(ItemCodec, ReusedSmallItemAllocatesNothing) {
  Item item;
  item.set("id", Value::string("a name longer than a small string"));
  item.set("lastValue", Value::number(41));
  item.set("an attribute with a long name", Value::boolean(true));
  std::string bytes = encoded(item);
  std::string next;
  ASSERT_TRUE(decode_item(bytes, item));
  encode_item(item, next);
  const std::size_t before = allocations;
  for (int i = 0; i < 100; ++i) {
    const bool decoded = decode_item(bytes, item).has_value();
    Value* const value = item.find("lastValue");
    if (!decoded || value == nullptr) break;
    value->set_number(add(value->as_number(), Number::from_int64(1)).value_or(Number{}));
    next.clear();
    encode_item(item, next);
    bytes.swap(next);
  }
  const std::size_t after = allocations;
  EXPECT_EQ(after - before, 0u);
  EXPECT_EQ(item.find("lastValue")->as_number().to_int64(), 141);
}

TEST(ItemCodec, ClearedItemKeepsBoundedSpareAttributes) {
  Item item;
  for (int i = 0; i < 1'000; ++i) item.set("name " + std::to_string(i), Value::null());
  item.clear();
  // As many as are kept can be filled without a new name's memory; the next one needs its own.
  const std::size_t before = allocations;
  for (std::size_t i = 0; i < Item::spare_attributes_max; ++i)
    item.slot(std::string_view{"abcdefghijklmnopqrst"}.substr(i, 1));
  EXPECT_EQ(allocations - before, 0u);
  EXPECT_EQ(item.size(), Item::spare_attributes_max);
}

}  // namespace
}  // namespace quipu::value
