#include "value/number.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "base/text.h"

namespace quipu::value {

namespace {

__extension__ typedef unsigned __int128 uint128;

constexpr auto powers_of_ten = [] {
  std::array<uint128, 39> powers{};
  powers[0] = 1;
  for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();

uint128 power_of_ten(int exponent) {
  return powers_of_ten[static_cast<std::size_t>(exponent)];
}

// Exponents are counted in saturation: what is beyond this is out of range whatever the digits are.
constexpr std::int64_t exponent_saturated = std::int64_t{1} << 40;

int decimal_digits(uint128 value) {
  if (value == 0) return 0;
  const auto high = static_cast<std::uint64_t>(value >> 64);
  const auto bits =
      static_cast<int>(high != 0 ? 64 + std::bit_width(high) : std::bit_width(static_cast<std::uint64_t>(value)));
  const int estimate = (bits * 1233) >> 12;  // 1233 / 4096 is log10(2), near enough for 128 bits: at most one too low
  if (estimate >= 39) return 39;
  return value < power_of_ten(estimate) ? estimate : estimate + 1;
}

// The decimal digits of a number below 10^38, most significant first.
class DigitText {
 public:
  explicit DigitText(uint128 value) {
    constexpr std::uint64_t chunk = 10'000'000'000'000'000'000u;  // 10^19
    while (value > UINT64_MAX) {
      auto rest = static_cast<std::uint64_t>(value % chunk);
      value /= chunk;
      for (int i = 0; i < 19; ++i, rest /= 10) push(rest % 10);
    }
    for (auto rest = static_cast<std::uint64_t>(value); rest != 0; rest /= 10) push(rest % 10);
  }

  std::string_view view() const { return {buffer_.data() + first_, buffer_.size() - first_}; }

 private:
  void push(std::uint64_t digit) { buffer_[--first_] = static_cast<char>('0' + digit); }

  std::array<char, 40> buffer_;
  std::size_t first_ = 40;
};

constexpr std::string_view overflow_message =
    "Number overflow. Attempting to store a number with magnitude larger than supported range";
constexpr std::string_view underflow_message =
    "Number underflow. Attempting to store a number with magnitude smaller than supported range";
constexpr std::string_view too_many_digits_message = "Attempting to store more than 38 significant digits in a Number";

constexpr std::size_t echoed_bytes_max = 256;

std::unexpected<Error> not_numeric(std::string_view text) {
  if (text.empty()) return fail(ErrorCode::invalid_argument, "The parameter cannot be converted to a numeric value");
  std::size_t echoed = text.size();
  if (echoed > echoed_bytes_max) {
    echoed = echoed_bytes_max;
    while (echoed > 0 && (static_cast<unsigned char>(text[echoed]) & 0xc0) == 0x80) --echoed;  // whole UTF-8 sequences
  }
  return fail(ErrorCode::invalid_argument, "The parameter cannot be converted to a numeric value: {}{}",
              text.substr(0, echoed), echoed < text.size() ? "..." : "");
}

// What a text says before range and precision are looked at. Text may be long, so places are counted in 64 bits.
struct Decimal {
  uint128 coefficient = 0;  // no zeros at its end; unused if there are too many digits
  int digits = 0;           // significant ones seen; 39 stands for more than 38
  std::int64_t exponent = 0;
  bool negative = false;
};

class DecimalParser {
 public:
  explicit DecimalParser(std::string_view text) : at_{text.data()}, end_{text.data() + text.size()} {}

  bool parse(Decimal& out) {
    if (at_ != end_ && (*at_ == '-' || *at_ == '+')) out.negative = *at_++ == '-';
    const std::int64_t before_point = digits();
    std::int64_t after_point = 0;
    if (at_ != end_ && *at_ == '.') {
      ++at_;
      after_point = digits();
    }
    if (before_point + after_point == 0) return false;
    std::int64_t exponent = 0;
    if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
      ++at_;
      if (!read_exponent(exponent)) return false;
    }
    if (at_ != end_) return false;
    out.coefficient = coefficient_;
    out.digits = significant_ > significant_digits_max ? significant_digits_max + 1 : static_cast<int>(significant_);
    // Where there are too many digits the exponent is that of the last one, so that the magnitude is still known.
    out.exponent = exponent - after_point + pending_zeros_ + (significant_ - out.digits);
    return true;
  }

 private:
  std::int64_t digits() {
    const char* const from = at_;
    for (; at_ != end_ && *at_ >= '0' && *at_ <= '9'; ++at_) {
      const auto digit = static_cast<unsigned>(*at_ - '0');
      if (digit == 0) {
        if (significant_ != 0) ++pending_zeros_;
        continue;
      }
      significant_ += pending_zeros_ + 1;
      if (significant_ <= significant_digits_max)
        coefficient_ = coefficient_ * power_of_ten(static_cast<int>(pending_zeros_) + 1) + digit;
      pending_zeros_ = 0;
    }
    return at_ - from;
  }

  bool read_exponent(std::int64_t& exponent) {
    const bool minus = at_ != end_ && *at_ == '-';
    if (at_ != end_ && (*at_ == '-' || *at_ == '+')) ++at_;
    const char* const from = at_;
    for (; at_ != end_ && *at_ >= '0' && *at_ <= '9'; ++at_)
      if (exponent < exponent_saturated) exponent = exponent * 10 + (*at_ - '0');
    if (minus) exponent = -exponent;
    return at_ != from;
  }

  const char* at_;
  const char* end_;
  uint128 coefficient_ = 0;
  std::int64_t significant_ = 0;    // digits from the first that is not zero to the last that is not zero
  std::int64_t pending_zeros_ = 0;  // zeros after that one: significant only if another digit follows
};

}  // namespace

Number::Trimmed Number::trim(Coefficient coefficient, int exponent) {
  if (coefficient == 0) return {0, 0, 0};
  while (coefficient > UINT64_MAX && coefficient % 10 == 0) {
    coefficient /= 10;
    ++exponent;
  }
  if (coefficient <= UINT64_MAX) {
    auto low = static_cast<std::uint64_t>(coefficient);
    for (; low % 10 == 0; low /= 10) ++exponent;
    coefficient = low;
  }
  return {coefficient, exponent, decimal_digits(coefficient)};
}

Number::Fault Number::make(Coefficient coefficient, int exponent, bool negative, Number& number) {
  auto [trimmed, power, digits] = trim(coefficient, exponent);
  number = Number{};
  if (trimmed == 0) return Fault::none;
  const int magnitude = digits - 1 + power;
  if (magnitude > magnitude_exponent_max) return Fault::overflow;
  if (magnitude < magnitude_exponent_min) return Fault::underflow;
  if (digits > significant_digits_max) return Fault::too_many_digits;
  if (power > 0 && magnitude < 20) {  // an integer below 10^20: it may be below 2^64
    const Coefficient integer = trimmed * power_of_ten(power);
    if (integer <= UINT64_MAX) {
      trimmed = integer;
      power = 0;
    }
  }
  number.low_ = static_cast<std::uint64_t>(trimmed);
  number.high_ = static_cast<std::uint64_t>(trimmed >> 64);
  number.exponent_ = static_cast<std::int16_t>(power);
  number.negative_ = negative;
  return Fault::none;
}

Result<Number> Number::parse(std::string_view text) {
  Decimal decimal;
  if (!DecimalParser{text}.parse(decimal)) return not_numeric(text);
  if (decimal.digits == 0) return Number{};
  const std::int64_t magnitude = decimal.exponent + decimal.digits - 1;
  if (magnitude > magnitude_exponent_max) return fail(ErrorCode::invalid_argument, "{}", overflow_message);
  if (magnitude < magnitude_exponent_min) return fail(ErrorCode::invalid_argument, "{}", underflow_message);
  if (decimal.digits > significant_digits_max) return fail(ErrorCode::invalid_argument, "{}", too_many_digits_message);
  Number number;
  const Fault fault = make(decimal.coefficient, static_cast<int>(decimal.exponent), decimal.negative, number);
  QUIPU_ASSERT(fault == Fault::none, "{}", static_cast<int>(fault));
  return number;
}

void Number::append_to(std::string& out) const {
  if (negative_) out.push_back('-');
  if (is_small_integer()) return append_uint64(out, low_);
  const DigitText text{static_cast<Coefficient>(high_) << 64 | low_};
  const std::string_view digits = text.view();
  if (exponent_ >= 0) {
    out += digits;
    out.append(static_cast<std::size_t>(exponent_), '0');
    return;
  }
  const auto decimals = static_cast<std::size_t>(-exponent_);
  if (decimals < digits.size()) {
    out += digits.substr(0, digits.size() - decimals);
    out.push_back('.');
    out += digits.substr(digits.size() - decimals);
  } else {
    out += "0.";
    out.append(decimals - digits.size(), '0');
    out += digits;
  }
}

std::string Number::to_string() const {
  std::string text;
  append_to(text);
  return text;
}

std::size_t Number::size_bytes() const {
  const Trimmed number = trimmed();
  const int before_point = number.exponent >= 0 ? number.digits : std::max(0, number.digits + number.exponent);
  const int after_point = number.digits - before_point;
  const int size = 1 + (before_point + 1) / 2 + (after_point + 1) / 2 + (negative_ ? 1 : 0);
  return static_cast<std::size_t>(size);
}

std::strong_ordering Number::compare_magnitudes(const Number& a, const Number& b) {
  if (a.is_small_integer() && b.is_small_integer()) return a.low_ <=> b.low_;
  Trimmed x = a.trimmed();
  Trimmed y = b.trimmed();
  if (x.digits == 0 || y.digits == 0) return x.digits <=> y.digits;
  if (const auto order = x.digits + x.exponent <=> y.digits + y.exponent; order != 0) return order;
  // The same magnitude, so as many digits as the other one has make the coefficients comparable.
  if (x.digits < y.digits) x.coefficient *= power_of_ten(y.digits - x.digits);
  if (y.digits < x.digits) y.coefficient *= power_of_ten(x.digits - y.digits);
  if (x.coefficient == y.coefficient) return std::strong_ordering::equal;
  return x.coefficient < y.coefficient ? std::strong_ordering::less : std::strong_ordering::greater;
}

std::strong_ordering operator<=>(const Number& a, const Number& b) {
  if (a.negative_ != b.negative_) return a.negative_ ? std::strong_ordering::less : std::strong_ordering::greater;
  return a.negative_ ? Number::compare_magnitudes(b, a) : Number::compare_magnitudes(a, b);
}

Result<Number> Number::add_slowly(const Number& a, const Number& b) {
  if (a.is_zero()) return b;
  if (b.is_zero()) return a;
  Trimmed x = a.trimmed();
  Trimmed y = b.trimmed();
  bool x_negative = a.negative_;
  bool y_negative = b.negative_;
  if (x.exponent < y.exponent) {
    std::swap(x, y);
    std::swap(x_negative, y_negative);
  }
  // y has digits further to the right, and its last one is not zero: where the exponents differ it is the last digit of
  // the sum too. A sum of at most 38 digits is therefore below 10^38 in units of that place, as y is; so x is below
  // twice that, or the sum has too many digits.
  const int shift = x.exponent - y.exponent;
  const Coefficient limit = 2 * power_of_ten(significant_digits_max);
  Fault fault = Fault::too_many_digits;
  Number sum;
  if (shift <= significant_digits_max && x.coefficient <= limit / power_of_ten(shift)) {
    const Coefficient scaled = x.coefficient * power_of_ten(shift);
    if (x_negative == y_negative)
      fault = make(scaled + y.coefficient, y.exponent, x_negative, sum);
    else if (scaled >= y.coefficient)
      fault = make(scaled - y.coefficient, y.exponent, x_negative, sum);
    else
      fault = make(y.coefficient - scaled, y.exponent, y_negative, sum);
  }
  switch (fault) {
    case Fault::none: return sum;
    case Fault::underflow: return fail(ErrorCode::invalid_argument, "{}", underflow_message);
    // DynamoDB calls it an overflow too when the exact sum has too many digits.
    case Fault::too_many_digits:
    case Fault::overflow: break;
  }
  return fail(ErrorCode::invalid_argument, "{}", overflow_message);
}

void Number::append_ordered(std::string& out) const {
  char bytes[ordered_number_bytes_max];
  std::size_t size = 0;
  const auto push = [&](int byte) { bytes[size++] = static_cast<char>(negative_ ? ~byte : byte); };
  const Trimmed number = trimmed();
  if (number.digits == 0) {
    push(0x80);
    push(0);
  } else {
    const DigitText text{number.coefficient};
    const std::string_view digits = text.view();
    const int magnitude = number.digits + number.exponent;  // the value is 0.digits * 10^magnitude
    const bool odd = magnitude % 2 != 0;                    // then the first pair is a zero and a digit
    push(0x80 + 64 + (magnitude + (odd ? 1 : 0)) / 2);
    for (std::size_t i = 0; i < digits.size();) {
      int pair = 0;
      if (i != 0 || !odd) pair = (digits[i++] - '0') * 10;
      if (i < digits.size()) pair += digits[i++] - '0';
      push(2 * pair + (i < digits.size() ? 1 : 0));
    }
  }
  out.append(bytes, size);
}

bool Number::read_ordered(ByteReader& in, Number& number) {
  ByteReader rest = in;
  std::uint8_t head = 0;
  std::uint8_t byte = 0;
  if (!rest.read(head)) return false;
  const bool negative = head < 0x80;
  const std::uint8_t invert = negative ? 0xff : 0;
  const int exponent = (head ^ invert) - 0x80 - 64;
  Coefficient coefficient = 0;
  int pairs = 0;
  do {
    if (!rest.read(byte)) return false;
    byte ^= invert;
    const int pair = byte >> 1;
    const bool last = (byte & 1) == 0;
    ++pairs;
    if (pair == 0 && pairs == 1) {  // no first pair is 00 but that of zero
      if (!last || exponent != -64 || negative) return false;
      number = Number{};
      in = rest;
      return true;
    }
    if (pair > 99 || (last && pair == 0)) return false;
    const int new_digits = last && pair % 10 == 0 ? 1 : 2;
    if (decimal_digits(coefficient) + new_digits > significant_digits_max) return false;
    coefficient = new_digits == 1 ? coefficient * 10 + static_cast<unsigned>(pair / 10)
                                  : coefficient * 100 + static_cast<unsigned>(pair);
    if (last) {
      if (make(coefficient, 2 * (exponent - pairs) + (2 - new_digits), negative, number) != Fault::none) return false;
    }
  } while ((byte & 1) != 0);
  in = rest;
  return true;
}

}  // namespace quipu::value
