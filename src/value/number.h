// Exact decimal numbers as DynamoDB has them: up to 38 significant digits, magnitude 1E-130 to
// 9.9999999999999999999999999999999999999E+125, or zero. Rules and sources: docs/formats/number.md.
//
// The ordered form (append_ordered) is stored in keys and never changes:
//
//   number   := head pair* last
//   value     = 0.P1 P2 P3 ... * 100^E with pairs of digits P (00 to 99), P1 not 00, the last not 00
//   head     := 0x80 + 64 + E, where E is -64 to 63
//   pair     := 2 * P + 1        (another one follows)
//   last     := 2 * P
//   zero     := 0x80 0x00
//   a negative number is the form of its magnitude with every byte inverted
//
// Byte order is number order, no form is the beginning of another, and there is one form for a number: 2 to 21 bytes.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace quipu::value {

inline constexpr int significant_digits_max = 38;
inline constexpr int magnitude_exponent_min = -130;  // of the first significant digit
inline constexpr int magnitude_exponent_max = 125;
inline constexpr std::size_t ordered_number_bytes_max = 21;
inline constexpr std::size_t number_text_bytes_max = 170;  // "-0." and 167 digits: 38 of them from 1E-130 down

class Number {
 public:
  constexpr Number() = default;  // zero

  // What DynamoDB accepts: "5", "-0.5e3", "+3", ".5", "007". The messages of errors are DynamoDB's own.
  static Result<Number> parse(std::string_view text);

  static constexpr Number from_int64(std::int64_t value) {
    const auto bits = static_cast<std::uint64_t>(value);
    return Number{value < 0 ? 0 - bits : bits, value < 0};
  }

  // Nothing if the number is not an integer or out of range.
  constexpr std::optional<std::int64_t> to_int64() const {
    if (!is_small_integer()) return std::nullopt;
    constexpr std::uint64_t lowest_magnitude = std::uint64_t{1} << 63;
    if (low_ < lowest_magnitude) return negative_ ? -static_cast<std::int64_t>(low_) : static_cast<std::int64_t>(low_);
    if (low_ == lowest_magnitude && negative_) return INT64_MIN;
    return std::nullopt;
  }

  // Plain notation without exponent, without needless zeros: as DynamoDB returns numbers.
  void append_to(std::string& out) const;
  std::string to_string() const;

  bool is_zero() const { return low_ == 0 && high_ == 0; }
  bool is_negative() const { return negative_; }
  // What the number counts in an item's size (docs/formats/number.md).
  std::size_t size_bytes() const;

  friend constexpr bool operator==(const Number&, const Number&) = default;
  friend std::strong_ordering operator<=>(const Number& a, const Number& b);

  // Exact. Where the exact result has more than 38 digits or is out of range there is an error, and it is DynamoDB's.
  friend Result<Number> add(const Number& a, const Number& b) {
    if (a.is_small_integer() && b.is_small_integer()) {
      if (a.negative_ != b.negative_) {
        if (a.low_ == b.low_) return Number{};
        return a.low_ > b.low_ ? Number{a.low_ - b.low_, a.negative_} : Number{b.low_ - a.low_, b.negative_};
      }
      if (std::uint64_t sum = 0; !__builtin_add_overflow(a.low_, b.low_, &sum)) return Number{sum, a.negative_};
    }
    return add_slowly(a, b);
  }
  friend Result<Number> subtract(const Number& a, const Number& b) { return add(a, b.negated()); }
  Number negated() const {
    Number result = *this;
    result.negative_ = !negative_ && !is_zero();
    return result;
  }

  void append_ordered(std::string& out) const;
  static bool read_ordered(ByteReader& in, Number& number);  // false: not the ordered form of a number

  // An integer of at most 64 bits and a sign; then its magnitude. For codecs that have a short form for these.
  constexpr bool is_small_integer() const { return exponent_ == 0 && high_ == 0; }
  constexpr std::uint64_t small_magnitude() const { return low_; }
  static constexpr Number from_small_integer(std::uint64_t magnitude, bool negative) {
    return Number{magnitude, negative && magnitude != 0};
  }

 private:
  __extension__ typedef unsigned __int128 Coefficient;
  enum class Fault : std::uint8_t { none, overflow, underflow, too_many_digits };
  struct Trimmed {  // coefficient * 10^exponent, no zero at the coefficient's end
    Coefficient coefficient;
    int exponent;
    int digits;  // of the coefficient; 0 for zero
  };

  constexpr Number(std::uint64_t magnitude, bool negative) : low_{magnitude}, negative_{negative} {}

  static Trimmed trim(Coefficient coefficient, int exponent);
  Trimmed trimmed() const { return trim(static_cast<Coefficient>(high_) << 64 | low_, exponent_); }
  static Fault make(Coefficient coefficient, int exponent, bool negative, Number& number);
  static std::strong_ordering compare_magnitudes(const Number& a, const Number& b);
  static Result<Number> add_slowly(const Number& a, const Number& b);

  // The value is coefficient * 10^exponent. One form for each number, so that equality is that of the members: an
  // integer below 2^64 has exponent 0 as it is; any other coefficient has no zero at its end. Zero is not negative.
  // Two halves instead of one 128-bit integer, which would make every Value 16 bytes larger.
  std::uint64_t low_ = 0;
  std::uint64_t high_ = 0;
  std::int16_t exponent_ = 0;
  bool negative_ = false;
};

}  // namespace quipu::value
