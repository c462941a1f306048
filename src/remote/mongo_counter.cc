#include "remote/mongo_counter.h"

#include <cmath>

namespace quipu::remote::mongo {

namespace {

using counter::CallKind;
using counter::CallOutcome;

constexpr std::string_view count_field = "markers_written";
constexpr std::string_view markers_field = "markers";

std::string slot(std::int64_t number) {
  return fmt::format("m{}", number % markers_max);
}

Document exists(bool yes) {
  return std::move(Document{}.boolean("$exists", yes));
}

void read_value(const bson_iter_t& at, Counter& counter) {
  counter.value = Counter::Value::other;
  switch (bson_iter_type(&at)) {
    case BSON_TYPE_INT32:
    case BSON_TYPE_INT64:
      counter.value = Counter::Value::integer;
      counter.number = bson_iter_as_int64(&at);
      break;
    case BSON_TYPE_DOUBLE: {
      const double number = bson_iter_double(&at);
      constexpr double end = 9223372036854775808.0;  // 2^63
      if (!(number >= -end && number < end) || std::trunc(number) != number) break;
      counter.value = Counter::Value::whole;
      counter.number = static_cast<std::int64_t>(number);
      break;
    }
    default: break;
  }
}

std::string text_of(const bson_iter_t& document, const char* key) {
  bson_iter_t member;
  if (!bson_iter_recurse(&document, &member) || !bson_iter_find(&member, key) || !BSON_ITER_HOLDS_UTF8(&member))
    return {};
  std::uint32_t size = 0;
  const char* text = bson_iter_utf8(&member, &size);
  return {text, size};
}

std::int64_t time_of(const bson_iter_t& document) {
  bson_iter_t member;
  if (!bson_iter_recurse(&document, &member) || !bson_iter_find(&member, "at") || !BSON_ITER_HOLDS_DATE_TIME(&member))
    return 0;
  return bson_iter_date_time(&member);
}

}  // namespace

Counter read_counter(const Document& document) {
  Counter counter{.has_document = true};
  if (const auto value = document.find(value_field)) read_value(*value, counter);
  if (const auto count = document.find(count_field)) counter.markers_written = bson_iter_as_int64(&*count);
  return counter;
}

std::optional<Kept> find_marker(const Document& document, std::string_view marker, std::int64_t now_ms) {
  const auto markers = document.find(markers_field);
  bson_iter_t each;
  if (!markers || !bson_iter_recurse(&*markers, &each)) return std::nullopt;
  const std::int64_t oldest = now_ms - std::chrono::milliseconds{marker_lifetime}.count();
  while (bson_iter_next(&each))
    if (text_of(each, "marker") == marker && time_of(each) >= oldest)
      return Kept{.request_hash = text_of(each, "hash"), .outcome = text_of(each, "outcome")};
  return std::nullopt;
}

Decision decide(const RemoteCall& call, const Counter& counter) {
  const counter::CounterCall::Item& asked = call.asked();
  const bool readable = counter.value != Counter::Value::other;
  if (call.kind() == CallKind::erase) return {.value = 0};
  if (!readable && (call.kind() == CallKind::increment || asked.expected))
    return {.outcome = CallOutcome::not_a_counter, .value = 0};
  if (call.kind() == CallKind::set) {
    if (asked.expected && *asked.expected != counter.number)
      return {.outcome = CallOutcome::value_differs, .value = counter.number};
    return {.value = asked.value};
  }
  const RemoteCall::Limit& limit = call.limit();
  if (limit.up ? counter.number > limit.bound : counter.number < limit.bound)
    return {.outcome = limit.up ? CallOutcome::max_reached : CallOutcome::min_reached, .value = counter.number};
  return {.value = counter.number + asked.by};
}

Document unchanged_since(const RemoteCall& call, const Document* document) {
  Document filter;
  filter.text(id_field, call.counter());
  for (const std::string_view field : {value_field, count_field}) {
    const auto value = document == nullptr ? std::nullopt : document->find(field);
    if (value)
      filter.same(field, *value);
    else
      filter.document(field, exists(false));
  }
  return filter;
}

Document update_with(const RemoteCall& call, const Decision& decision, const Counter& counter, std::int64_t now_ms) {
  Document update;
  Document sets;
  const bool done = decision.outcome == CallOutcome::done;
  if (done && call.kind() == CallKind::erase)
    update.document("$unset", std::move(Document{}.text(value_field, "")));
  else if (done)
    sets.int64(value_field, decision.value);
  if (!call.marker().empty()) {
    Document kept;
    kept.text("marker", call.marker()).text("hash", call.request_hash());
    kept.text("outcome", fmt::format("{}:{}", static_cast<int>(decision.outcome), decision.value));
    kept.time_ms("at", now_ms);
    sets.document(fmt::format("{}.{}", markers_field, slot(counter.markers_written)), kept);
    sets.int64(count_field, counter.markers_written + 1);
  }
  if (bson_count_keys(sets.get()) > 0) update.document("$set", sets);
  return update;
}

Document within_limit(const RemoteCall& call) {
  // A condition of its own for the type: the member's own condition must stay a single one, because FerretDB takes a
  // second one for the value to insert.
  const auto is = [](bson_type_t type) {
    return std::move(Document{}.document(value_field, std::move(Document{}.int32("$type", type))));
  };
  Document types;
  types.document("0", is(BSON_TYPE_INT32)).document("1", is(BSON_TYPE_INT64));
  Document bound;
  bound.int64(call.limit().up ? "$lte" : "$gte", call.limit().bound);
  Document filter;
  filter.text(id_field, call.counter()).document(value_field, bound).array("$or", types);
  return filter;
}

}  // namespace quipu::remote::mongo
