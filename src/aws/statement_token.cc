#include "aws/statement_token.h"

#include "aws/base64.h"
#include "base/bytes.h"
#include "table/idempotency.h"
#include "value/item_codec.h"

namespace quipu::aws {

namespace {

constexpr std::uint8_t version = 1;

std::string check_of(std::string_view bytes, std::string_view statement) {
  std::string content{"next token"};
  append_big_endian(content, static_cast<std::uint32_t>(statement.size()));
  content += statement;
  content += bytes;
  const table::RequestHash hash = table::hash_request(content);
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

}  // namespace

std::string encode_token(const StatementToken& token, std::string_view statement) {
  std::string bytes;
  append_big_endian(bytes, version);
  append_big_endian(bytes, token.range);
  append_big_endian(bytes, static_cast<std::uint8_t>(token.key ? 1 : 0));
  if (token.key) value::encode_item(*token.key, bytes);
  bytes += check_of(bytes, statement);
  std::string text;
  append_base64(text, bytes);
  return text;
}

Answer<StatementToken> decode_token(std::string_view text, std::string_view statement) {
  const auto invalid = [] { return validation("Invalid NextToken"); };
  std::string bytes;
  if (!decode_base64(text, bytes) || bytes.size() < sizeof(table::RequestHash)) return invalid();
  const std::string_view content = std::string_view{bytes}.substr(0, bytes.size() - sizeof(table::RequestHash));
  if (std::string_view{bytes}.substr(content.size()) != check_of(content, statement)) return invalid();
  ByteReader in{content};
  StatementToken token;
  std::uint8_t found_version = 0;
  std::uint8_t has_key = 0;
  if (!in.read(found_version) || found_version != version || !in.read(token.range) || !in.read(has_key) || has_key > 1)
    return invalid();
  if (has_key == 0) return in.rest().empty() ? Answer<StatementToken>{std::move(token)} : invalid();
  if (!value::decode_item(in.rest(), token.key.emplace())) return invalid();
  return token;
}

}  // namespace quipu::aws
