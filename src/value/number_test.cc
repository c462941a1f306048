#include "value/number.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/random.h"

namespace quipu::value {
namespace {

Number number(std::string_view text) {
  auto parsed = Number::parse(text);
  EXPECT_TRUE(parsed.has_value()) << text << ": " << parsed.error().message;
  return parsed.value_or(Number{});
}

std::string error_of(std::string_view text) {
  const auto parsed = Number::parse(text);
  return parsed ? "no error, but " + parsed->to_string() : parsed.error().message;
}

std::string text_of(const Result<Number>& result) {
  return result ? result->to_string() : result.error().message;
}

std::string ordered(const Number& value) {
  std::string bytes;
  value.append_ordered(bytes);
  return bytes;
}

constexpr const char* overflow =
    "Number overflow. Attempting to store a number with magnitude larger than supported range";
constexpr const char* underflow =
    "Number underflow. Attempting to store a number with magnitude smaller than supported range";
constexpr const char* too_many_digits = "Attempting to store more than 38 significant digits in a Number";

// Numbers as long strings of decimal digits, to check the type against: nothing is shared with it.
class LongNumber {
 public:
  static constexpr int scale = 180;  // digits after the point
  static constexpr int width = 340;  // digits in all

  // Plain or exponent notation, already known to be well-formed.
  explicit LongNumber(std::string_view text) : digits_(width, 0) {
    if (text.starts_with('-')) {
      negative_ = true;
      text.remove_prefix(1);
    }
    int exponent = 0;
    if (const auto e = text.find_first_of("eE"); e != std::string_view::npos) {
      exponent = std::stoi(std::string{text.substr(e + 1)});
      text = text.substr(0, e);
    }
    const auto point = text.find('.');
    int place = scale + static_cast<int>(point == std::string_view::npos ? text.size() : point) + exponent;
    for (const char c : text) {
      if (c == '.') continue;
      --place;
      if (c != '0') digits_.at(static_cast<std::size_t>(place)) = c - '0';
    }
    settle();
  }

  LongNumber plus(const LongNumber& other) const {
    LongNumber sum{"0"};
    const bool same_sign = negative_ == other.negative_;
    const bool smaller = compare_digits(other) < 0;
    const LongNumber& big = smaller ? other : *this;
    const LongNumber& little = smaller ? *this : other;
    int carry = 0;
    for (std::size_t i = 0; i < digits_.size(); ++i) {
      int digit = big.digits_[i] + (same_sign ? little.digits_[i] : -little.digits_[i]) + carry;
      carry = digit > 9 ? 1 : digit < 0 ? -1 : 0;
      sum.digits_[i] = digit - 10 * carry;
    }
    sum.negative_ = big.negative_;
    sum.settle();
    return sum;
  }

  LongNumber negated() const {
    LongNumber result = *this;
    result.negative_ = !negative_;
    result.settle();
    return result;
  }

  int compare(const LongNumber& other) const {
    if (negative_ != other.negative_) return negative_ ? -1 : 1;
    return negative_ ? other.compare_digits(*this) : compare_digits(other);
  }

  // What DynamoDB would say to a number like this.
  std::string text() const {
    const auto nonzero = [](int digit) { return digit != 0; };
    const auto low = std::ranges::find_if(digits_, nonzero);
    if (low == digits_.end()) return "0";
    const auto first = static_cast<int>(low - digits_.begin());
    int last = width - 1;
    while (digits_[static_cast<std::size_t>(last)] == 0) --last;
    if (last - scale > 125 || last - first + 1 > 38) return overflow;
    if (last - scale < -130) return underflow;
    std::string text = negative_ ? "-" : "";
    for (int i = std::max(last, scale); i >= std::min(first, scale); --i) {
      if (i == scale - 1) text += '.';
      text += static_cast<char>('0' + digits_[static_cast<std::size_t>(i)]);
    }
    return text;
  }

 private:
  int compare_digits(const LongNumber& other) const {
    for (std::size_t i = digits_.size(); i-- > 0;)
      if (digits_[i] != other.digits_[i]) return digits_[i] < other.digits_[i] ? -1 : 1;
    return 0;
  }
  void settle() {
    if (std::ranges::all_of(digits_, [](int digit) { return digit == 0; })) negative_ = false;
  }

  std::vector<int> digits_;  // least significant first
  bool negative_ = false;
};

// Numbers of every length, sign and magnitude, many of them near each other or near a limit.
std::string random_text(SeededRandom& random) {
  std::string text = random.below(2) == 0 ? "-" : "";
  if (random.below(4) == 0) return text + std::to_string(random.below(random.below(2) == 0 ? 200 : UINT64_MAX));
  const std::uint64_t digits = 1 + random.below(random.below(2) == 0 ? 4 : 38);
  const std::uint64_t kind = random.below(3);
  for (std::uint64_t i = 0; i < digits; ++i)
    text += kind == 0 ? '9' : kind == 1 && i != 0 ? '0' : static_cast<char>('1' + random.below(9));
  // With at most 38 digits, these exponents stay in range.
  const int exponent =
      random.below(2) == 0 ? static_cast<int>(random.below(40)) - 20 : static_cast<int>(random.below(218)) - 130;
  return text + "e" + std::to_string(exponent);
}

TEST(NumberText, IsPlainAndWithoutNeedlessZeros) {
  const std::pair<const char*, std::string> cases[] = {
      {"0", "0"},
      {"-0", "0"},
      {"0.000", "0"},
      {"0e1000", "0"},
      {"-0e-1000", "0"},
      {"007", "7"},
      {"+3", "3"},
      {"1.0", "1"},
      {"1.50", "1.5"},
      {".5", "0.5"},
      {"5.", "5"},
      {"-.5", "-0.5"},
      {"100", "100"},
      {"1e2", "100"},
      {"1E+2", "100"},
      {"12e-1", "1.2"},
      {"123.456", "123.456"},
      {"0001.2300", "1.23"},
      {"1e-7", "0.0000001"},
      {"18446744073709551615", "18446744073709551615"},
      {"18446744073709551616", "18446744073709551616"},
      {"1e19", "10000000000000000000"},
      {"1e20", "100000000000000000000"},
      {"1e125", "1" + std::string(125, '0')},
      {"-1e-130", "-0." + std::string(129, '0') + "1"},
      {"9.9999999999999999999999999999999999999E+125", std::string(38, '9') + std::string(88, '0')},
      {"3.1415926535897932384626433832795028841", "3.1415926535897932384626433832795028841"},
      {"1.00000000000007629769841092E+50", "100000000000007629769841092000000000000000000000000"}};
  for (const auto& [given, canonical] : cases) EXPECT_EQ(number(given).to_string(), canonical) << given;
}

TEST(NumberText, LongestOneIsAsLongAsSaid) {
  const std::string longest = number("-1.2345678901234567890123456789012345678e-130").to_string();
  EXPECT_EQ(longest.size(), number_text_bytes_max);
  EXPECT_EQ(number(longest).to_string(), longest);
}

TEST(NumberParse, WhatIsNoNumberIsRefusedInDynamoDbsWords) {
  for (const char* text :
       {"dog", "-dog", "NaN", "Infinity", "-Infinity", " 1",    "1 ",  "1 2", "-",    "+",     ".",   "-.", "e5",
        ".e5", "1e",   "1e+", "1e5.0",    "1..2",      "1.2.3", "--1", "+-1", "0x10", "1_000", "1,0", "1f"})
    EXPECT_EQ(error_of(text), std::string{"The parameter cannot be converted to a numeric value: "} + text);
  EXPECT_EQ(error_of(""), "The parameter cannot be converted to a numeric value");
  EXPECT_EQ(Number::parse("dog").error().code, ErrorCode::invalid_argument);
}

TEST(NumberParse, ErrorDoesNotEchoWithoutLimit) {
  const std::string message = error_of("x" + std::string(255, 'y') + "\xc3\xa9" + std::string(100'000, 'z'));
  EXPECT_LT(message.size(), 400u);
  EXPECT_TRUE(message.ends_with("yyy...")) << message;
  const std::string in_the_middle = error_of(std::string(255, 'y') + "\xc3\xa9");
  EXPECT_TRUE(in_the_middle.ends_with("yyy...")) << in_the_middle;
}

TEST(NumberParse, RangeAndPrecisionAreDynamoDbs) {
  EXPECT_EQ(error_of("1e126"), overflow);
  EXPECT_EQ(error_of("-11e125"), overflow);
  EXPECT_EQ(error_of("1e99999999999999999999"), overflow);
  EXPECT_EQ(error_of("1e-131"), underflow);
  EXPECT_EQ(error_of("0.9e-130"), underflow);
  EXPECT_EQ(error_of("-1e-99999999999999999999"), underflow);
  EXPECT_EQ(error_of("3.14159265358979323846264338327950288419"), too_many_digits);
  EXPECT_EQ(error_of("314159265358979323846264338327950288419e30"), too_many_digits);
  EXPECT_EQ(error_of("1" + std::string(37, '0') + "1"), too_many_digits);
  EXPECT_EQ(error_of(std::string(127, '1')), overflow);
  // Zeros around the digits do not count, however many there are.
  EXPECT_EQ(number(std::string(1'000, '0') + std::string(38, '7') + "." + std::string(1'000, '0')).to_string(),
            std::string(38, '7'));
  EXPECT_EQ(number("0." + std::string(1'000, '0') + "1e1000").to_string(), "0.1");
  EXPECT_EQ(number("1" + std::string(1'000, '0') + "e-1000").to_string(), "1");
}

TEST(NumberParse, AgreesWithTheSlowOne) {
  SeededRandom random{4};
  for (int i = 0; i < 20'000; ++i) {
    const std::string text = random_text(random);
    ASSERT_EQ(number(text).to_string(), LongNumber{text}.text()) << text;
  }
}

TEST(NumberInt64, IsExactBothWays) {
  SeededRandom random{5};
  std::vector<std::int64_t> values{0, 1, -1, 10, 100, INT64_MAX, INT64_MIN, INT64_MAX - 1, INT64_MIN + 1};
  for (int i = 0; i < 10'000; ++i) values.push_back(static_cast<std::int64_t>(random()) >> random.below(64));
  for (const std::int64_t value : values) {
    const Number from = Number::from_int64(value);
    EXPECT_EQ(from.to_int64(), value);
    EXPECT_EQ(from.to_string(), std::to_string(value));
    EXPECT_EQ(from, number(std::to_string(value)));
  }
}

TEST(NumberInt64, NothingWhereItDoesNotFit) {
  EXPECT_EQ(number("9223372036854775808").to_int64(), std::nullopt);
  EXPECT_EQ(number("-9223372036854775809").to_int64(), std::nullopt);
  EXPECT_EQ(number("1e20").to_int64(), std::nullopt);
  EXPECT_EQ(number("0.5").to_int64(), std::nullopt);
  EXPECT_EQ(number("1e18").to_int64(), 1'000'000'000'000'000'000);
}

TEST(NumberSum, AgreesWithTheSlowOne) {
  SeededRandom random{6};
  int refused = 0;
  for (int i = 0; i < 40'000; ++i) {
    const std::string a = random_text(random);
    const std::string b = random_text(random);
    const std::string sum = LongNumber{a}.plus(LongNumber{b}).text();
    const std::string difference = LongNumber{a}.plus(LongNumber{b}.negated()).text();
    ASSERT_EQ(text_of(add(number(a), number(b))), sum) << a << " + " << b;
    ASSERT_EQ(text_of(subtract(number(a), number(b))), difference) << a << " - " << b;
    if (sum == overflow || sum == underflow) ++refused;
  }
  EXPECT_GT(refused, 100);
  EXPECT_LT(refused, 39'000);
}

TEST(NumberSum, IsExactAtTheEdges) {
  const auto sum = [](const char* a, const char* b) { return text_of(add(number(a), number(b))); };
  EXPECT_EQ(sum("18446744073709551615", "1"), "18446744073709551616");
  EXPECT_EQ(sum("18446744073709551616", "-1"), "18446744073709551615");
  EXPECT_EQ(sum("-18446744073709551615", "-18446744073709551615"), "-36893488147419103230");
  EXPECT_EQ(sum("1e38", "-1"), std::string(38, '9'));
  EXPECT_EQ(sum("1e39", "-999999999999999999999999999999999999990"), "10");
  EXPECT_EQ(sum(std::string(38, '9').c_str(), "1"), "1" + std::string(38, '0'));
  EXPECT_EQ(sum("5", "-5"), "0");
  EXPECT_EQ(sum("0.1", "0.2"), "0.3");
  EXPECT_EQ(sum("0", "1e125"), number("1e125").to_string());
  EXPECT_EQ(number("18446744073709551615"), *add(number("18446744073709551616"), number("-1")));
}

// The exact sum has too many digits, or is out of range: nothing is rounded.
TEST(NumberSum, WhatDoesNotFitIsAnError) {
  const auto sum = [](const char* a, const char* b) { return text_of(add(number(a), number(b))); };
  EXPECT_EQ(sum("1e50", "1"), overflow);
  EXPECT_EQ(sum("1e50", "-1"), overflow);
  EXPECT_EQ(sum("1e38", "1"), overflow);
  EXPECT_EQ(sum("9e125", "9e125"), overflow);
  EXPECT_EQ(sum("9e125", "-1e-130"), overflow);
  EXPECT_EQ(sum("9.9999999999999999999999999999999999999e125", "1e88"), overflow);
  EXPECT_EQ(sum("1.1e-130", "-1e-130"), underflow);
}

TEST(NumberOrder, AgreesWithTheSlowOneInValueAndInBytes) {
  SeededRandom random{7};
  std::vector<std::string> texts{"0",
                                 "1",
                                 "-1",
                                 "0.1",
                                 "-0.1",
                                 "10",
                                 "99",
                                 "100",
                                 "101",
                                 "9.9",
                                 "1e-130",
                                 "-1e-130",
                                 "9.9999999999999999999999999999999999999e125",
                                 "18446744073709551615",
                                 "18446744073709551616",
                                 "18446744073709551617",
                                 "1e20",
                                 "100000000000000000001"};
  while (texts.size() < 400) texts.push_back(random_text(random));
  std::vector<Number> numbers;
  std::vector<LongNumber> slow;
  for (const std::string& text : texts) {
    numbers.push_back(number(text));
    slow.emplace_back(text);
  }
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::string bytes = ordered(numbers[i]);
    for (std::size_t j = 0; j < texts.size(); ++j) {
      const int expected = slow[i].compare(slow[j]);
      const std::string other = ordered(numbers[j]);
      ASSERT_EQ(numbers[i] < numbers[j], expected < 0) << texts[i] << " " << texts[j];
      ASSERT_EQ(numbers[i] == numbers[j], expected == 0) << texts[i] << " " << texts[j];
      ASSERT_EQ(bytes < other, expected < 0) << texts[i] << " " << texts[j];
      ASSERT_EQ(bytes == other, expected == 0) << texts[i] << " " << texts[j];
      ASSERT_EQ(bytes.starts_with(other), expected == 0) << texts[i] << " begins with " << texts[j];
    }
  }
}

// Stored in keys: these bytes never change.
TEST(NumberOrdered, GoldenBytes) {
  const std::pair<const char*, const char*> cases[] = {
      {"0", "8000"},
      {"1", "c102"},
      {"-1", "3efd"},
      {"9", "c112"},
      {"10", "c114"},
      {"42", "c154"},
      {"99", "c1c6"},
      {"100", "c202"},
      {"101", "c20302"},
      {"1234567", "c4032f5b86"},
      {"-1234567", "3bfcd0a479"},
      {"0.5", "c064"},
      {"0.05", "c00a"},
      {"0.005", "bf64"},
      {"123.45", "c2032f5a"},
      {"1000000", "c402"},
      {"9223372036854775807", "ca132d439107896d9b750e"},
      {"1e-130", "8002"},
      {"-1e-130", "7ffd"},
      {"9.9999999999999999999999999999999999999e125", "ffc7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c6"},
  };
  for (const auto& [text, hex] : cases) {
    const Number value = number(text);
    EXPECT_EQ(to_hex(ordered(value)), hex) << text;
    std::string bytes;
    ASSERT_TRUE(from_hex(hex, bytes)) << hex;
    ByteReader in{bytes};
    Number read;
    EXPECT_TRUE(Number::read_ordered(in, read)) << text;
    EXPECT_EQ(read, value) << text;
    EXPECT_TRUE(in.empty());
  }
}

TEST(NumberOrdered, ComesBackAndEndsItself) {
  SeededRandom random{8};
  std::size_t longest = 0;
  for (int i = 0; i < 20'000; ++i) {
    const Number value = number(random_text(random));
    std::string bytes = ordered(value);
    longest = std::max(longest, bytes.size());
    const std::size_t size = bytes.size();
    bytes += "tail";
    ByteReader in{bytes};
    Number read;
    ASSERT_TRUE(Number::read_ordered(in, read)) << value.to_string();
    ASSERT_EQ(read, value);
    ASSERT_EQ(in.rest(), "tail");
    for (std::size_t cut = 0; cut < size; ++cut) {
      ByteReader cut_off{std::string_view{bytes}.substr(0, cut)};
      ASSERT_FALSE(Number::read_ordered(cut_off, read));
      ASSERT_EQ(cut_off.rest().size(), cut) << "nothing is taken on failure";
    }
  }
  EXPECT_EQ(longest, ordered_number_bytes_max);
}

TEST(NumberOrdered, WhatIsReadIsTheOneFormOfItsNumber) {
  const auto reads = [](const char* hex) {
    std::string bytes;
    EXPECT_TRUE(from_hex(hex, bytes)) << hex;
    ByteReader in{bytes};
    Number read;
    return Number::read_ordered(in, read);
  };
  EXPECT_FALSE(reads("c1"));
  EXPECT_FALSE(reads("c103"));    // says that more follows
  EXPECT_FALSE(reads("c10300"));  // a last pair of zeros
  EXPECT_FALSE(reads("c100"));    // zero with another exponent
  EXPECT_FALSE(reads("c10102"));  // a first pair of zeros
  EXPECT_FALSE(reads("7fff"));    // negative zero
  EXPECT_FALSE(reads("c1c8"));    // the pair 100
  // Every two bytes: what is accepted is written back the same.
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string bytes{static_cast<char>(first), static_cast<char>(second)};
      ByteReader in{bytes};
      Number read;
      if (!Number::read_ordered(in, read)) continue;
      ASSERT_EQ(ordered(read), bytes) << to_hex(bytes);
    }
  }
}

TEST(NumberOrdered, MoreThan38DigitsAreRefused) {
  const auto reads = [](int pairs, int first, int last) {
    std::string bytes{'\xc1'};
    for (int i = 0; i < pairs; ++i) {
      const int pair = i == 0 ? first : i == pairs - 1 ? last : 11;
      bytes.push_back(static_cast<char>(2 * pair + (i < pairs - 1 ? 1 : 0)));
    }
    ByteReader in{bytes};
    Number read;
    return Number::read_ordered(in, read);
  };
  EXPECT_TRUE(reads(19, 11, 11));   // 38
  EXPECT_TRUE(reads(20, 1, 10));    // 1 + 36 + 1
  EXPECT_FALSE(reads(20, 1, 11));   // 39
  EXPECT_FALSE(reads(20, 11, 10));  // 39
  EXPECT_FALSE(reads(20, 11, 11));
  EXPECT_FALSE(reads(1'000, 11, 11));
}

// Measured at the service's limit on an item's size; the documented rule of thumb is a byte off for some of these.
TEST(NumberSize, IsWhatDynamoDbCounts) {
  const std::pair<const char*, std::size_t> cases[] = {{"0", 1},
                                                       {"-0", 1},
                                                       {"7", 2},
                                                       {"15", 2},
                                                       {"100", 2},
                                                       {"101", 3},
                                                       {"1010", 3},
                                                       {"1E125", 2},
                                                       {"1.5", 3},
                                                       {"1.200", 3},
                                                       {"1.234", 4},
                                                       {"3.14159", 5},
                                                       {"123456", 4},
                                                       {"100.5", 4},
                                                       {"0.15", 2},
                                                       {"-42", 3},
                                                       {"1E-100", 2},
                                                       {"0.0000001", 2},
                                                       {"12345678901234567890123456789012345678", 20},
                                                       {"-12345678901234567890123456789012345678", 21}};
  for (const auto& [text, size] : cases) EXPECT_EQ(number(text).size_bytes(), size) << text;
}

}  // namespace
}  // namespace quipu::value
