// A counter's document: what it says, and what a call makes of it. Pure. docs/formats/store-docdb.md has its members.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "remote/mongo_driver.h"
#include "remote/remote_call.h"

namespace quipu::remote::mongo {

// The last outcomes that a document keeps; the next takes the oldest one's place.
inline constexpr std::int64_t markers_max = 100;

struct Kept {
  std::string request_hash;
  std::string outcome;
};

struct Counter {
  enum class Value : std::uint8_t {
    none,     // no document, or none of our member: counts as 0
    integer,  // $inc counts it exactly
    whole,    // a floating-point number without a fraction: a counter, but past 2^53 $inc would give numbers twice
    other,
  };
  bool has_document = false;
  Value value = Value::none;
  std::int64_t number = 0;
  std::int64_t markers_written = 0;
};

Counter read_counter(const Document& document);
// The outcome that is kept for the marker, unless it is too old.
std::optional<Kept> find_marker(const Document& document, std::string_view marker, std::int64_t now_ms);

// What a call does to a counter.
struct Decision {
  counter::CallOutcome outcome = counter::CallOutcome::done;
  std::int64_t value = 0;  // what it is afterwards
};
Decision decide(const RemoteCall& call, const Counter& counter);

// Matches the document only if nobody changed it since `document` was read (null: there was none).
Document unchanged_since(const RemoteCall& call, const Document* document);
// Sets what was decided, and keeps the call's marker with it.
Document update_with(const RemoteCall& call, const Decision& decision, const Counter& counter, std::int64_t now_ms);
// What a new document has besides: our own inserts of one counter exclude each other by `_id`, too, for which there
// always is an index. Whoever drops the collection under us drops the one on counter_id with it.
void name_new_document(Document& update, const RemoteCall& call);
// Of an increment that the document takes as it is.
Document within_limit(const RemoteCall& call);

}  // namespace quipu::remote::mongo
