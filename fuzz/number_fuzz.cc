// Numbers against any bytes, read as ordered bytes and as text: each form comes back, and the orders of values and of
// bytes agree.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/assert.h"
#include "value/number.h"

namespace {

using quipu::ByteReader;
using quipu::value::Number;

std::string ordered(const Number& number) {
  std::string bytes;
  number.append_ordered(bytes);
  return bytes;
}

void check(const Number& number) {
  const std::string text = number.to_string();
  QUIPU_ASSERT(text.size() <= quipu::value::number_text_bytes_max, "{}", text);
  const auto parsed = Number::parse(text);
  QUIPU_ASSERT(parsed && *parsed == number && parsed->to_string() == text, "{}", text);
  const std::string bytes = ordered(number);
  QUIPU_ASSERT(bytes.size() <= quipu::value::ordered_number_bytes_max, "{}", text);
  ByteReader in{bytes};
  Number read;
  QUIPU_ASSERT(Number::read_ordered(in, read) && in.empty() && read == number, "{}", text);
  const auto zero = subtract(number, number);
  QUIPU_ASSERT(zero && zero->is_zero(), "{}", text);
  if (const auto integer = number.to_int64()) QUIPU_ASSERT(Number::from_int64(*integer) == number, "{}", text);
}

void check_pair(const Number& a, const Number& b) {
  QUIPU_ASSERT((a <=> b) == (ordered(a) <=> ordered(b)), "{} {}", a.to_string(), b.to_string());
  const auto sum = add(a, b);
  if (!sum) return;
  check(*sum);
  const auto difference = subtract(*sum, b);
  QUIPU_ASSERT(!difference || *difference == a, "{} {}", a.to_string(), b.to_string());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  ByteReader in{input};
  Number first;
  if (Number::read_ordered(in, first)) {
    check(first);
    QUIPU_ASSERT(input.starts_with(ordered(first)));
    if (Number second; Number::read_ordered(in, second)) check_pair(first, second);
  }
  const std::size_t space = input.find(' ');
  const auto a = Number::parse(input.substr(0, space));
  if (!a) return 0;
  check(*a);
  if (space == std::string_view::npos) return 0;
  if (const auto b = Number::parse(input.substr(space + 1))) {
    check(*b);
    check_pair(*a, *b);
  }
  return 0;
}
