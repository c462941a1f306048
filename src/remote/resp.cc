#include "remote/resp.h"

#include <optional>
#include <span>

#include "base/text.h"

namespace quipu::remote::resp {

namespace {

constexpr std::string_view line_end = "\r\n";

void append_words(std::string& out, std::span<const std::string_view> words) {
  out.push_back('*');
  append_uint64(out, words.size());
  out += line_end;
  for (const std::string_view word : words) {
    out.push_back('$');
    append_uint64(out, word.size());
    out += line_end;
    out += word;
    out += line_end;
  }
}

class Parser {
 public:
  explicit Parser(std::string_view bytes) : rest_{bytes} {}

  // False: more bytes are needed.
  Result<bool> read(Reply& reply, int depth) {
    if (depth > list_depth_max) return fail(ErrorCode::damaged, "lists within lists, {} deep", depth);
    QUIPU_TRY(const auto line, read_line());
    if (!line) return false;
    const std::string_view value = line->substr(1);
    reply.list.clear();
    reply.text.clear();
    switch (line->front()) {
      case '+':
      case '-':
        reply.kind = line->front() == '+' ? Reply::Kind::text : Reply::Kind::error;
        reply.text = value;
        return true;
      case ':': {
        QUIPU_TRY(reply.integer, number(value));
        reply.kind = Reply::Kind::integer;
        return true;
      }
      case '$': return read_text(reply, value);
      case '*': return read_list(reply, value, depth);
      default: return fail(ErrorCode::damaged, "a reply that begins with {:?}", line->substr(0, 1));
    }
  }

  std::string_view rest() const { return rest_; }

 private:
  Result<std::optional<std::string_view>> read_line() {
    // Whatever is not one of these will not get better with more bytes.
    if (!rest_.empty() && !std::string_view{"+-:$*"}.contains(rest_.front()))
      return fail(ErrorCode::damaged, "a reply that begins with {:?}", rest_.substr(0, 1));
    const auto end = rest_.substr(0, line_bytes_max).find(line_end);
    if (end == std::string_view::npos) {
      if (rest_.size() >= line_bytes_max) return fail(ErrorCode::damaged, "a line of over {} bytes", line_bytes_max);
      return std::nullopt;
    }
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end + line_end.size());
    return line;
  }

  static Result<std::int64_t> number(std::string_view text) {
    const auto value = parse_int64(text);
    if (!value) return fail(ErrorCode::damaged, "{:?} where a number is due", text.substr(0, 40));
    return *value;
  }

  // A size of -1 says that there is nothing.
  static Result<std::optional<std::size_t>> size(std::string_view text, std::size_t max) {
    QUIPU_TRY(const std::int64_t value, number(text));
    if (value == -1) return std::nullopt;
    if (value < 0 || static_cast<std::uint64_t>(value) > max)
      return fail(ErrorCode::damaged, "a size of {}, at most {}", value, max);
    return static_cast<std::size_t>(value);
  }

  Result<bool> read_text(Reply& reply, std::string_view size_text) {
    QUIPU_TRY(const auto bytes, size(size_text, text_bytes_max));
    reply.kind = bytes ? Reply::Kind::text : Reply::Kind::nothing;
    if (!bytes) return true;
    if (rest_.size() < *bytes + line_end.size()) return false;
    if (rest_.substr(*bytes, line_end.size()) != line_end)
      return fail(ErrorCode::damaged, "a text that does not end where it should");
    reply.text = rest_.substr(0, *bytes);
    rest_.remove_prefix(*bytes + line_end.size());
    return true;
  }

  Result<bool> read_list(Reply& reply, std::string_view size_text, int depth) {
    QUIPU_TRY(const auto count, size(size_text, list_items_max));
    reply.kind = count ? Reply::Kind::list : Reply::Kind::nothing;
    for (std::size_t i = 0; count && i < *count; ++i) {
      QUIPU_TRY(const bool whole, read(reply.list.emplace_back(), depth + 1));
      if (!whole) return false;
    }
    return true;
  }

  std::string_view rest_;
};

}  // namespace

void append_command(std::string& out, std::initializer_list<std::string_view> words) {
  append_words(out, {words.begin(), words.size()});
}

void append_command(std::string& out, const std::vector<std::string_view>& words) {
  append_words(out, words);
}

Result<std::size_t> parse_reply(std::string_view bytes, Reply& reply) {
  Parser parser{bytes};
  QUIPU_TRY(const bool whole, parser.read(reply, 1));
  return whole ? bytes.size() - parser.rest().size() : 0;
}

}  // namespace quipu::remote::resp
