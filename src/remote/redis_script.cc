#include "remote/redis_script.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "base/text.h"
#include "remote/redis_slot.h"

namespace quipu::remote {

namespace {

using counter::CallKind;
using counter::CallOutcome;
using resp::Reply;

// Numbers in Lua are doubles, which cannot tell 2^53 from 2^53 + 1: values are compared as the text that they are, and
// Redis itself adds. Answers "OUTCOME:VALUE" as marker_outcome() writes it, or "other" if the marker is of another
// request.
//
// KEYS: the counter, and the marker if there is one. ARGV: what to do, the request's hash, the marker's lifetime in
// seconds, and of an increment: by, bound, the outcome when it is beyond it; of a set: the value, the expected one or
// "".
constexpr std::string_view script = R"(
local function at_most(a, b)
  local a_below, b_below = string.byte(a) == 45, string.byte(b) == 45
  if a_below ~= b_below then return a_below end
  if a_below then a, b = string.sub(b, 2), string.sub(a, 2) end
  if #a ~= #b then return #a < #b end
  local a_head, b_head = tonumber(string.sub(a, 1, 9)), tonumber(string.sub(b, 1, 9))
  if a_head ~= b_head then return a_head < b_head end
  return #a <= 9 or tonumber(string.sub(a, 10)) <= tonumber(string.sub(b, 10))
end

local function is_counter(text)
  if type(text) ~= 'string' then return false end
  if text == '0' then return true end
  if #text > 20 or not string.find(text, '^-?[1-9]%d*$') then return false end
  return at_most(text, '9223372036854775807') and at_most('-9223372036854775808', text)
end

local function increment(value)
  local by, bound, beyond = ARGV[4], ARGV[5], ARGV[6]
  if not is_counter(value) then return '4:0' end
  if string.byte(by) == 45 then
    if not at_most(bound, value) then return beyond .. ':' .. value end
  elseif not at_most(value, bound) then
    return beyond .. ':' .. value
  end
  local sum = redis.call('INCRBY', KEYS[1], by)
  if sum > -9e15 and sum < 9e15 then return string.format('0:%.0f', sum) end
  return '0:' .. redis.call('GET', KEYS[1])
end

local function set(value)
  local wanted, expected = ARGV[4], ARGV[5]
  if expected ~= '' then
    if not is_counter(value) then return '4:0' end
    if value ~= expected then return '3:' .. value end
  end
  redis.call('SET', KEYS[1], wanted)
  return '0:' .. wanted
end

if KEYS[2] then
  local kept = redis.call('GET', KEYS[2])
  if kept then
    if string.sub(kept, 1, 64) ~= ARGV[2] then return 'other' end
    return string.sub(kept, 66)
  end
end
local outcome
if ARGV[1] == 'erase' then
  redis.call('DEL', KEYS[1])
  outcome = '0:0'
else
  local value = redis.pcall('GET', KEYS[1]) or '0'
  if ARGV[1] == 'set' then outcome = set(value) else outcome = increment(value) end
end
if KEYS[2] then redis.call('SET', KEYS[2], ARGV[2] .. ' ' .. outcome, 'EX', ARGV[3]) end
return outcome
)";

constexpr std::string_view not_an_integer = "ERR value is not an integer";
constexpr std::string_view would_overflow = "ERR increment or decrement would overflow";

// What Redis says before it has done anything.
constexpr auto certainly_not_done = std::to_array<std::string_view>({
    "BUSY",
    "CLUSTERDOWN",
    "LOADING",
    "MASTERDOWN",
    "MISCONF",
    "NOAUTH",
    "NOPERM",
    "NOREPLICAS",
    "OOM",
    "READONLY",
});

bool needs_script(const RemoteCall& call) {
  if (call.kind() == CallKind::read) return false;
  return call.kind() != CallKind::increment || call.limit().given || !call.marker().empty();
}

void append_script(std::string& out, const RemoteCall& call, RedisForm form) {
  const bool whole = form == RedisForm::whole_script;
  std::string marker_key;
  std::vector<std::string_view> words{whole ? "EVAL" : "EVALSHA", whole ? script : redis_script_hash(), "1",
                                      call.counter()};
  if (!call.marker().empty()) {
    marker_key = redis_marker_key(call.counter(), call.marker());
    words[2] = "2";
    words.push_back(marker_key);
  }
  static const std::string lifetime = std::to_string(std::chrono::seconds{marker_lifetime}.count());
  const auto add = [&](std::string_view what) { words.insert(words.end(), {what, call.request_hash(), lifetime}); };
  const auto& asked = call.asked();
  std::string number, other;
  switch (call.kind()) {
    case CallKind::increment:
      add("increment");
      append_int64(number, asked.by);
      append_int64(other, call.limit().bound);
      words.insert(words.end(), {number, other, call.limit().up ? "1" : "2"});
      break;
    case CallKind::set:
      add("set");
      append_int64(number, asked.value);
      if (asked.expected) append_int64(other, *asked.expected);
      words.insert(words.end(), {number, other});
      break;
    case CallKind::erase:
    case CallKind::read: add("erase"); break;
  }
  resp::append_command(out, words);
}

RedisVerdict take_error(RemoteCall& call, const Reply& reply) {
  const std::string_view code = reply.error_code();
  if (code == "NOSCRIPT") return RedisVerdict::no_script;
  if (code == "MOVED" || code == "ASK") return RedisVerdict::moved;
  if (code == "TRYAGAIN") return RedisVerdict::try_again;
  if (reply.text.starts_with(would_overflow)) return RedisVerdict::overflow;
  if (call.kind() == CallKind::read && code != "WRONGTYPE") return RedisVerdict::not_done;
  if (std::ranges::find(certainly_not_done, code) != certainly_not_done.end()) return RedisVerdict::not_done;
  if (code == "WRONGTYPE" || reply.text.starts_with(not_an_integer))
    call.refused(CallOutcome::not_a_counter, 0);
  else  // in the middle of the script it would leave what was done before it
    call.failed({ErrorCode::outcome_unknown, fmt::format("Redis answers {:?}", reply.text)});
  return RedisVerdict::answered;
}

RedisVerdict take_read(RemoteCall& call, const std::string& text) {
  const auto value = text.empty() ? 0 : parse_int64(text);
  if (value)
    call.done(*value);
  else
    call.refused(CallOutcome::not_a_counter, 0);
  return RedisVerdict::answered;
}

}  // namespace

std::string_view redis_script() {
  return script;
}

std::string_view redis_script_hash() {
  static const std::string hash = [] {
    std::array<char, EVP_MAX_MD_SIZE> bytes{};
    unsigned size = 0;
    EVP_Digest(script.data(), script.size(), reinterpret_cast<unsigned char*>(bytes.data()), &size, EVP_sha1(),
               nullptr);
    return to_hex({bytes.data(), size});
  }();
  return hash;
}

void append_redis_call(std::string& out, const RemoteCall& call, RedisForm form) {
  if (needs_script(call) || form != RedisForm::shortest) return append_script(out, call, form);
  // No number has more than 20 characters, and what is kept under a key that is not ours may be of any length.
  if (call.kind() == CallKind::read) return resp::append_command(out, {"GETRANGE", call.counter(), "0", "20"});
  std::string by;
  append_int64(by, call.asked().by);
  resp::append_command(out, {"INCRBY", call.counter(), by});
}

RedisVerdict take_redis_reply(RemoteCall& call, RedisForm form, const Reply& reply) {
  if (reply.is_error()) return take_error(call, reply);
  if (form == RedisForm::shortest && !needs_script(call) && call.kind() == CallKind::increment) {
    if (reply.kind != Reply::Kind::integer) return RedisVerdict::nonsense;
    call.done(reply.integer);
    return RedisVerdict::answered;
  }
  if (reply.kind != Reply::Kind::text) return RedisVerdict::nonsense;
  if (call.kind() == CallKind::read) return take_read(call, reply.text);
  if (reply.text == "other")
    call.mismatched();
  else
    answer_from_marker(call, reply.text);
  return RedisVerdict::answered;
}

}  // namespace quipu::remote
