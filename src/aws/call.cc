#include "aws/call.h"

#include "aws/operations.h"
#include "aws/table_name.h"
#include "aws/transact_write.h"

namespace quipu::aws {

namespace {

constexpr std::size_t retained_bytes_max = 16_KiB;  // of a buffer, between requests

// Callers do not see each other's keys; the letter keeps tokens and invocations apart, and both from the keys of other
// APIs, which have nothing before their first NUL but an id.
std::string remembered_key(std::string_view caller, char kind, std::string_view key) {
  std::string scoped{caller};
  scoped += '\0';
  scoped += '\0';
  scoped += kind;
  scoped += key;
  return scoped;
}

}  // namespace

void Call::trim(std::string& buffer) {
  buffer.clear();
  if (buffer.capacity() > retained_bytes_max) buffer.shrink_to_fit();  // assigning an empty one would keep the memory
}

void Call::reset() {
  operation = nullptr;
  input = nullptr;
  tree.clear();
  trim(text);
  trim(body);
  invocation_id.clear();
  failure.reset();
  waiting = false;
  writes.reset();
  has_token_ = false;
}

Answer<> Call::run_on_worker(Work work) {
  const bool queued = context.workers.submit([this, work = std::move(work)]() mutable {
    if (auto done = work(*this); !done) failure = std::move(done).error();
    exchange.wake();
  });
  if (!queued) return refuse(ErrorType::service_unavailable, "Too many requests are waiting for the disk.");
  waiting = true;
  return {};
}

Answer<> Call::commit(ItemWrites::MakeAnswer make_answer) {
  if (context.exactly_once && !has_token_ && !invocation_id.empty()) {
    // Another body makes another key: an id that somebody uses twice is never held against the request.
    std::string key = remembered_key(caller, 'i', invocation_id);
    const table::RequestHash hash = hash_of_request(text);
    key.append(reinterpret_cast<const char*>(hash.data()), hash.size());
    writes.remember_as(key, hash, std::chrono::milliseconds::max());
  }
  QUIPU_CHECK(writes.submit(context.tables, *this, make_answer, body, failure));
  waiting = true;
  return {};
}

table::RequestHash Call::hash_of_request(std::string_view body_text) const {
  std::string content{operation->name};
  content += '\0';
  content += body_text;
  return table::hash_request(content);
}

void Call::remember_token(std::string_view token) {
  has_token_ = true;
  writes.forget_refusals();
  // A program that makes the request anew may write its members in another order; an SDK that repeats it does not.
  std::string canonical;
  append_canonical(canonical, *input);
  writes.remember_as(remembered_key(caller, 't', token), hash_of_request(canonical), token_window);
}

Answer<std::shared_ptr<const table::TableSchema>> Call::find_table(std::string_view name_or_arn) const {
  QUIPU_TRY(const std::string_view name, checked_table_name(name_or_arn));
  auto schema = context.tables.find(name);
  if (schema == nullptr || schema->system || schema->filling != table::Filling::done) return item_table_not_found();
  return schema;
}

}  // namespace quipu::aws
