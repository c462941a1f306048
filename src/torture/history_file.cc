#include "torture/history_file.h"

#include <fmt/core.h>

#include <charconv>
#include <fstream>
#include <iostream>
#include <optional>
#include <string_view>

#include "base/bytes.h"

namespace quipu::torture {

namespace {

std::string encode_name(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c > ' ' && c <= '~' && c != '%')
      out.push_back(c);
    else
      out += '%' + to_hex({&c, 1});
  }
  return out;
}

std::optional<std::string> decode_name(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    std::string byte;
    if (i + 2 >= text.size() || !from_hex(text.substr(i + 1, 2), byte)) return std::nullopt;
    out += byte;
    i += 2;
  }
  return out;
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    const auto end = std::min(line.find(' '), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return words;
}

bool parse(std::string_view word, std::int64_t& value) {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  return error == std::errc{} && end == word.data() + word.size();
}

bool parse_counter(std::span<const std::string_view> words, CounterRules& rules) {
  if (words.size() != 4) return false;
  auto name = decode_name(words[1]);
  if (!name || !parse(words[2], rules.start) || !parse(words[3], rules.step)) return false;
  rules.name = *std::move(name);
  return rules.step != 0;
}

bool parse_operation(std::span<const std::string_view> words, Operation& operation) {
  if (words.size() < 4) return false;
  if (words[0] == "increment")
    operation.kind = OperationKind::increment;
  else if (words[0] == "read")
    operation.kind = OperationKind::read;
  else
    return false;
  if (!parse(words[1], operation.invoke_ns)) return false;
  if (words[2] == "-")
    operation.return_ns = Operation::never_ns;
  else if (!parse(words[2], operation.return_ns))
    return false;
  if (words[3] == "acked") {
    operation.outcome = Outcome::acked;
    return words.size() == 5 && parse(words[4], operation.value);
  }
  if (words[3] == "indeterminate")
    operation.outcome = Outcome::indeterminate;
  else if (words[3] == "failed")
    operation.outcome = Outcome::failed;
  else
    return false;
  return words.size() == 4;
}

void append_line(std::string& out, const Operation& operation) {
  out += operation.kind == OperationKind::read ? "read " : "increment ";
  out += fmt::format("{} ", operation.invoke_ns);
  out += operation.return_ns == Operation::never_ns ? "-" : fmt::format("{}", operation.return_ns);
  switch (operation.outcome) {
    case Outcome::acked: out += fmt::format(" acked {}\n", operation.value); break;
    case Outcome::indeterminate: out += " indeterminate\n"; break;
    case Outcome::failed: out += " failed\n"; break;
  }
}

}  // namespace

Result<> write_history(const std::filesystem::path& file, std::span<const CounterRules> rules,
                       std::span<const Operation> operations) {
  std::ofstream out{file, std::ios::binary | std::ios::trunc};
  std::vector<std::string> texts(rules.size());
  for (const auto& operation : operations) append_line(texts[operation.counter], operation);
  for (std::size_t i = 0; i < rules.size(); ++i)
    out << fmt::format("counter {} {} {}\n", encode_name(rules[i].name), rules[i].start, rules[i].step) << texts[i];
  out.flush();
  if (!out) return fail(ErrorCode::environment, "cannot write {}", file.string());
  return {};
}

Result<History> read_history(std::istream& in) {
  History history;
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    if (line.empty() || line.front() == '#') continue;
    const auto words = words_of(line);
    bool good = false;
    if (words[0] == "counter") {
      history.rules.emplace_back();
      good = parse_counter(words, history.rules.back());
    } else if (!history.rules.empty()) {
      history.operations.push_back({.counter = static_cast<std::uint32_t>(history.rules.size() - 1)});
      good = parse_operation(words, history.operations.back());
    }
    if (!good) return fail(ErrorCode::invalid_argument, "line {} is not a line of a history: {}", number, line);
  }
  if (in.bad()) return fail(ErrorCode::environment, "the history cannot be read");
  return history;
}

Result<bool> check_history_file(const std::string& file, std::ostream& out) {
  std::ifstream opened;
  if (file != "-") {
    opened.open(file, std::ios::binary);
    if (!opened) return fail(ErrorCode::environment, "cannot open {}", file);
  }
  QUIPU_TRY(const auto history, read_history(file == "-" ? std::cin : opened));
  bool all_ok = true;
  // The operations of one counter stand together, in the order of the counters.
  auto begin = history.operations.begin();
  for (std::uint32_t i = 0; i < history.rules.size(); ++i) {
    std::vector<Operation> operations;
    for (; begin != history.operations.end() && begin->counter == i; ++begin) {
      operations.push_back(*begin);
      operations.back().counter = 0;
    }
    const auto result = check_counters({&history.rules[i], 1}, operations);
    all_ok = all_ok && result.ok();
    out << encode_name(history.rules[i].name) << (result.ok() ? " ok" : " wrong: " + result.violations.front().what)
        << '\n';
  }
  out.flush();
  return all_ok;
}

}  // namespace quipu::torture
