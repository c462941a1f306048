#include "app/counter_commands.h"

#include <cstdio>
#include <limits>

#include "base/json_reader.h"
#include "base/json_writer.h"
#include "base/text.h"

namespace quipu::app {

namespace {

void print_line(std::string_view text) {
  std::printf("%.*s\n", static_cast<int>(text.size()), text.data());
  std::fflush(stdout);
}

// The number of a member of a flat object.
Result<std::int64_t> number_member(std::string_view body, std::string_view wanted) {
  JsonReader json{body};
  std::string_view member;
  std::optional<std::int64_t> number;
  json.begin_object();
  while (json.next_member(member)) {
    if (member == wanted)
      json.read_int64(number.emplace());
    else
      json.skip_value();
  }
  if (!json.finish() || !number) return fail(ErrorCode::unavailable, "the server's answer has no {}: {}", wanted, body);
  return *number;
}

Result<int> print_number(Result<std::string> body, std::string_view member) {
  if (!body) return std::unexpected(std::move(body).error());
  QUIPU_TRY(const std::int64_t number, number_member(*body, member));
  print_line(std::to_string(number));
  return 0;
}

// Read as the API reads numbers: CLI11 takes 010 for 8, and the nearest number for one that is out of range.
Result<std::int64_t> parse_argument(std::string_view argument, std::string_view text) {
  const auto number = parse_int64(text);
  if (!number)
    return fail(ErrorCode::invalid_argument, "{}: expected a whole number from {} to {}, not {:?}", argument,
                std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max(), text);
  return *number;
}

struct IncrementOptions {
  std::string name;
  std::optional<std::string> by, max, min;
  std::string idempotency_key;
};

// The query text of a number that may be left out. An empty text was given: a bound must not vanish with a variable of
// the shell.
Result<std::string> optional_number(std::string_view argument, const std::optional<std::string>& text) {
  if (!text) return "";
  QUIPU_TRY(const std::int64_t number, parse_argument(argument, *text));
  return std::to_string(number);
}

void add_increment(CLI::App& group, Command& chosen) {
  auto* command = group.add_subcommand("increment", "Add to a counter and print its new value");
  auto options = std::make_shared<IncrementOptions>();
  auto remote = add_remote_options(*command);
  command->add_option("NAME", options->name, "The counter")->required();
  command->add_option("--by", options->by,
                      "Any whole number but 0; N reserves the last N numbers up to the one printed [1]");
  command->add_option("--max", options->max, "Refuse to go above this");
  command->add_option("--min", options->min, "Refuse to go below this");
  command->add_option("--idempotency-key", options->idempotency_key,
                      "Makes a retry harmless: it prints the first answer");
  command->callback([=, &chosen] {
    chosen = [=]() -> Result<int> {
      QUIPU_TRY(const std::string by, optional_number("--by", options->by));
      QUIPU_TRY(const std::string max, optional_number("--max", options->max));
      QUIPU_TRY(const std::string min, optional_number("--min", options->min));
      QUIPU_TRY(auto server, Remote::connect(*remote));
      const std::string target =
          target_of("/counter/increment", {{"counter", options->name}, {"by", by}, {"max", max}, {"min", min}});
      return print_number(server.call(http::Method::post, target, {}, options->idempotency_key), "new_value");
    };
  });
}

void add_get(CLI::App& group, Command& chosen) {
  auto* command = group.add_subcommand("get", "Print a counter's value; 0 if it was never touched");
  auto name = std::make_shared<std::string>();
  auto remote = add_remote_options(*command);
  command->add_option("NAME", *name, "The counter")->required();
  command->callback([=, &chosen] {
    chosen = [=]() -> Result<int> {
      QUIPU_TRY(auto server, Remote::connect(*remote));
      return print_number(server.call(http::Method::get, target_of("/counter", {{"counter", *name}})), "value");
    };
  });
}

struct SetOptions {
  std::string name;
  std::string value;
  std::optional<std::string> expected;
  std::string idempotency_key;
};

Result<std::string> body_of(const SetOptions& options) {
  std::string body;
  JsonWriter json{body};
  QUIPU_TRY(const std::int64_t value, parse_argument("VALUE", options.value));
  json.begin_object().member("value").int64(value);
  if (options.expected) {
    QUIPU_TRY(const std::int64_t expected, parse_argument("--expected", *options.expected));
    json.member("expected").int64(expected);
  }
  json.end_object();
  return body;
}

void add_set(CLI::App& group, Command& chosen) {
  auto* command = group.add_subcommand("set", "Set or reset a counter");
  auto options = std::make_shared<SetOptions>();
  auto remote = add_remote_options(*command);
  command->add_option("NAME", options->name, "The counter")->required();
  command->add_option("VALUE", options->value, "What it becomes")->required();
  command->add_option("--expected", options->expected, "Only if it has this value now");
  command->add_option("--idempotency-key", options->idempotency_key, "Makes a retry harmless");
  command->callback([=, &chosen] {
    chosen = [=]() -> Result<int> {
      QUIPU_TRY(const std::string body, body_of(*options));
      QUIPU_TRY(auto server, Remote::connect(*remote));
      const std::string target = target_of("/counter", {{"counter", options->name}});
      return print_number(server.call(http::Method::put, target, body, options->idempotency_key), "value");
    };
  });
}

void add_delete(CLI::App& group, Command& chosen) {
  auto* command = group.add_subcommand("delete", "Forget a counter: it then counts from 0 again");
  auto name = std::make_shared<std::string>();
  auto remote = add_remote_options(*command);
  command->add_option("NAME", *name, "The counter")->required();
  command->callback([=, &chosen] {
    chosen = [=]() -> Result<int> {
      QUIPU_TRY(auto server, Remote::connect(*remote));
      QUIPU_CHECK(server.call(http::Method::del, target_of("/counter", {{"counter", *name}})));
      return 0;
    };
  });
}

// Prints a page; the name to go on after, or nothing at the end.
Result<std::optional<std::string>> print_page(std::string_view body) {
  JsonReader json{body};
  std::optional<std::string> next;
  std::string_view member;
  std::string_view text;
  json.begin_object();
  while (json.next_member(member)) {
    if (member == "next") {
      if (json.peek_type() == JsonType::null)
        json.read_null();
      else if (json.read_string(text))
        next = text;
      continue;
    }
    json.begin_array();
    while (json.next_element()) {
      std::string name;
      std::int64_t value = 0;
      json.begin_object();
      while (json.next_member(member)) {
        if (member == "value")
          json.read_int64(value);
        else if (json.read_string(text))
          name = text;
      }
      print_line(fmt::format("{}\t{}", printable(name), value));
    }
  }
  if (!json.finish()) return fail(ErrorCode::unavailable, "the server's answer is no list: {}", json.error_message());
  return next;
}

void add_list(CLI::App& group, Command& chosen) {
  auto* command = group.add_subcommand("list", "Print all counters, sorted: name, tab, value");
  auto prefix = std::make_shared<std::string>();
  auto remote = add_remote_options(*command);
  command->add_option("--prefix", *prefix, "Only those whose names start with this");
  command->callback([=, &chosen] {
    chosen = [=]() -> Result<int> {
      QUIPU_TRY(auto server, Remote::connect(*remote));
      std::optional<std::string> after{""};
      while (after) {
        const std::string target = target_of("/counters", {{"prefix", *prefix}, {"after", *after}, {"limit", "1000"}});
        QUIPU_TRY(const std::string body, server.call(http::Method::get, target));
        QUIPU_TRY(after, print_page(body));
      }
      return 0;
    };
  });
}

void add_watch(CLI::App& group, Command& chosen) {
  auto* command = group.add_subcommand("watch", "Print a counter's value now and after every change");
  auto name = std::make_shared<std::string>();
  auto remote = add_remote_options(*command);
  command->add_option("NAME", *name, "The counter")->required();
  command->callback([=, &chosen] {
    chosen = [=]() -> Result<int> {
      QUIPU_TRY(auto server, Remote::connect(*remote));
      Result<> printed;
      QUIPU_CHECK(server.events(target_of("/counter/watch", {{"counter", *name}}), [&](std::string_view data) {
        const auto value = number_member(data, "value");
        if (value)
          print_line(std::to_string(*value));
        else
          printed = std::unexpected(value.error());
        return value.has_value();
      }));
      QUIPU_CHECK(std::move(printed));
      return fail(ErrorCode::unavailable, "the server has ended the watch");
    };
  });
}

}  // namespace

void add_counter_commands(CLI::App& program, Command& chosen) {
  auto* group = program.add_subcommand("counter", "Use the counters of a running server");
  group->require_subcommand(1);
  add_increment(*group, chosen);
  add_get(*group, chosen);
  add_set(*group, chosen);
  add_delete(*group, chosen);
  add_list(*group, chosen);
  add_watch(*group, chosen);
}

}  // namespace quipu::app
