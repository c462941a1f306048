// BatchExecuteStatement: up to 25 statements, all reads of single items, or all writes; each stands alone, with an
// answer or an error of its own.
//
// Threads: a batch of writes is made on the loop of its call; its statements end on the committer thread. Whoever takes
// the last of its counts makes the answer.
#include <algorithm>
#include <atomic>
#include <memory>
#include <set>

#include "aws/attribute_json.h"
#include "aws/gets.h"
#include "aws/json_members.h"
#include "aws/operations.h"
#include "aws/statement_operations.h"
#include "aws/statement_requests.h"
#include "aws/write_answers.h"
#include "aws/write_requests.h"
#include "base/bytes.h"
#include "table/key_codec.h"

namespace quipu::aws {

namespace {

using partiql::Statement;
using partiql::StatementKind;

constexpr std::string_view duplicates = "Provided list of item keys contains duplicates";

std::string_view error_code(ErrorType type) {
  switch (type) {
    case ErrorType::validation:
    case ErrorType::serialization: return "ValidationError";
    case ErrorType::conditional_check_failed: return "ConditionalCheckFailed";
    case ErrorType::duplicate_item: return "DuplicateItem";
    case ErrorType::resource_not_found: return "ResourceNotFound";
    case ErrorType::access_denied: return "AccessDenied";
    case ErrorType::throttling: return "ThrottlingError";
    case ErrorType::transaction_conflict: return "TransactionConflict";
    default: return "InternalServerError";
  }
}

// One statement and what became of it.
struct Entry {
  std::optional<Statement> statement;
  std::optional<StatementGet> get;
  std::unique_ptr<ItemWrites> writes;
  std::optional<ApiError> failure;
  std::string table;     // shown; empty if the statement did not get as far as a table
  std::string response;  // one JSON object, if it did not fail
  std::string capacity;  // likewise, if it was asked for
};

Entry read_entry(const JsonNode& input) {
  Entry entry;
  const auto fail_with = [&](std::string message) {
    entry.failure = ApiError{.type = ErrorType::validation, .message = std::move(message), .extra_json = {}};
  };
  auto parsed = read_statement(input);
  if (!parsed)
    entry.failure = std::move(parsed).error().error;
  else if (parsed->kind == StatementKind::unsupported)
    fail_with("Invalid operation. Only select, insert, update and delete operations are valid");
  else if (parsed->kind == StatementKind::exists)
    fail_with("EXISTS can only be used in ExecuteTransaction write requests.");
  else
    entry.statement = *std::move(parsed);
  return entry;
}

Answer<> bind_read(const Call& call, const JsonNode& input, Entry& entry) {
  QUIPU_TRY(const auto schema, find_statement_table(call, *entry.statement));
  QUIPU_TRY(entry.get, bind_single_select(*schema, *entry.statement));
  if (!entry.get) return validation("Only single item select is supported");
  entry.get->get.schema = schema;
  entry.get->get.consistency = read_consistency(input);
  entry.table = schema->name;
  return {};
}

Answer<> bind_one_write(const Call& call, const JsonNode& input, Entry& entry) {
  auto writes = std::make_unique<ItemWrites>();
  writes->return_capacity = parse_return_capacity(string_member_or(*call.input, "ReturnConsumedCapacity", {}));
  ItemWrite& write = writes->add();
  write.return_old_on_failure = string_member_or(input, "ReturnValuesOnConditionCheckFailure", {}) == "ALL_OLD";
  QUIPU_TRY(write.schema, find_statement_table(call, *entry.statement));
  QUIPU_CHECK(bind_statement(*entry.statement, write));
  entry.table = write.schema->name;
  QUIPU_CHECK(bind_item(write));
  entry.writes = std::move(writes);
  return {};
}

Answer<> check_no_duplicates_of(const std::vector<Entry>& entries) {
  std::set<std::string> keys;
  for (const Entry& entry : entries) {
    std::string key;
    if (entry.get) key = entry.get->get.row_key;
    if (entry.writes) {
      const ItemWrite& write = entry.writes->all().front();
      QUIPU_API_CHECK(table::key_codec::append_row_key(key, *write.schema, write.key));
    }
    if (!key.empty() && !keys.insert(std::move(key)).second)
      return refuse(ErrorType::validation, std::string{duplicates});
  }
  return {};
}

// --- answers

void append_error(JsonWriter& json, const ApiError& error) {
  json.member("Error").begin_object();
  json.member("Code").string(error_code(error.type)).member("Message").string(error.message);
  constexpr std::string_view item = "\"Item\":";
  if (error.extra_json.starts_with(item))
    json.member("Item").raw_value(std::string_view{error.extra_json}.substr(item.size()));
  json.end_object();
}

void write_batch(const std::vector<Entry>& entries, std::string& body) {
  body.clear();
  JsonWriter json{body};
  json.begin_object().member("Responses").begin_array();
  bool any_capacity = false;
  for (const Entry& entry : entries) {
    any_capacity = any_capacity || !entry.capacity.empty();
    if (!entry.failure) {
      json.raw_value(entry.response);
      continue;
    }
    json.begin_object();
    append_error(json, *entry.failure);
    if (!entry.table.empty()) json.member("TableName").string(entry.table);
    json.end_object();
  }
  json.end_array();
  if (any_capacity) {
    json.member("ConsumedCapacity").begin_array();
    for (const Entry& entry : entries)
      if (!entry.capacity.empty()) json.raw_value(entry.capacity);
    json.end_array();
  }
  json.end_object();
}

std::string response_of(std::string_view table, const std::optional<value::Item>& item) {
  std::string response;
  JsonWriter json{response};
  json.begin_object();
  if (item) append_item_member(json, "Item", *item);
  json.member("TableName").string(table).end_object();
  return response;
}

// --- reads

Answer<> answer_reads(std::vector<Entry>& entries, ReturnCapacity return_capacity, Call& call) {
  std::vector<Get> gets;
  for (const Entry& entry : entries)
    if (entry.get && !entry.failure) gets.push_back(entry.get->get);
  QUIPU_TRY(const auto items, read_all(call.context, gets));
  auto item = items.begin();
  for (Entry& entry : entries) {
    if (!entry.get || entry.failure) continue;
    std::optional<value::Item> shown;
    if (*item) shown = entry.get->selection.shown(**item);
    entry.response = response_of(entry.table, shown);
    if (return_capacity != ReturnCapacity::none) {
      TableCapacity capacity;
      capacity.add_read(read_units(*item ? (*item)->size_bytes() : 0, entry.get->get.consistency));
      JsonWriter json{entry.capacity};
      capacity.append(json, entry.table, return_capacity, false);
    }
    ++item;
  }
  write_batch(entries, call.body);
  return {};
}

// --- writes

// Between the two JSON texts that are remembered of a statement that wrote; neither has one inside.
constexpr char separator = '\n';

Answer<> answer_write(const ItemWrites& writes, std::string& body) {
  const ItemWrite& write = writes.all().front();
  if (write.failure) return std::unexpected(*write.failure);
  body = response_of(write.schema->name, returned_item(write));
  if (writes.return_capacity == ReturnCapacity::none) return {};
  Capacity capacity;
  writes.append_capacity(capacity);
  body += separator;
  JsonWriter json{body};
  capacity.of(write.schema->name).append(json, write.schema->name, writes.return_capacity, false);
  return {};
}

// The writes of one batch while they are under way: each a transaction of its own. Deletes itself when all have ended.
class WritesUnderWay final : private ItemWrites::Completion {
 public:
  WritesUnderWay(Call& call, std::vector<Entry> entries) : call_{call}, entries_{std::move(entries)} {}

  void begin() {
    for (const Entry& entry : entries_)
      if (entry.writes) ++pending_;
    for (std::size_t i = 0; i < entries_.size(); ++i)
      if (entries_[i].writes) submit(i);
    written();  // this loop's own count
  }

 private:
  void submit(std::size_t index) {
    Entry& entry = entries_[index];
    if (call_.context.exactly_once && !call_.invocation_id.empty()) remember(*entry.writes, index);
    auto submitted = entry.writes->submit(call_.context.tables, *this, answer_write, entry.response, entry.failure);
    if (submitted) return;
    entry.failure = std::move(submitted).error();
    written();
  }

  // As Call::commit does it for whole requests; 'b' and the statement's number keep them apart.
  void remember(ItemWrites& writes, std::size_t index) const {
    std::string content{call_.operation->name};
    content += '\0';
    content += call_.text;
    const table::RequestHash hash = table::hash_request(content);
    std::string key = call_.caller;
    key += '\0';
    key += '\0';
    key += 'b';
    key += call_.invocation_id;
    key.append(reinterpret_cast<const char*>(hash.data()), hash.size());
    append_big_endian(key, static_cast<std::uint32_t>(index));
    writes.remember_as(key, hash, std::chrono::milliseconds::max());
  }

  void written() noexcept override {
    if (pending_.fetch_sub(1) != 1) return;
    const std::unique_ptr<WritesUnderWay> self{this};
    for (Entry& entry : entries_) {
      const std::size_t end = entry.response.find(separator);
      if (entry.failure || end == std::string::npos) continue;
      entry.capacity = entry.response.substr(end + 1);
      entry.response.resize(end);
    }
    write_batch(entries_, call_.body);
    // The call may go on to its next request from here on.
    call_.exchange.wake();
  }

  Call& call_;
  std::vector<Entry> entries_;
  std::atomic<std::size_t> pending_ = 1;
};

Answer<> begin_writes(Call& call, std::vector<Entry> entries) {
  if (std::ranges::none_of(entries, [](const Entry& entry) { return entry.writes != nullptr; })) {
    write_batch(entries, call.body);
    return {};
  }
  call.waiting = true;
  auto under_way = std::make_unique<WritesUnderWay>(call, std::move(entries));
  under_way.release()->begin();
  return {};
}

}  // namespace

Answer<> begin_batch_execute_statement(Call& call) {
  const auto inputs = call.input->find("Statements")->elements();
  std::vector<Entry> entries;
  for (const JsonNode& input : inputs) entries.push_back(read_entry(input));
  std::size_t reads = 0;
  std::size_t writes = 0;
  for (const Entry& entry : entries)
    if (entry.statement) ++(entry.statement->reads() ? reads : writes);
  if (reads != 0 && writes != 0)
    return validation("Read and write requests together in the same batch is not supported.");
  for (std::size_t i = 0; i < entries.size(); ++i) {
    Entry& entry = entries[i];
    if (!entry.statement) continue;
    auto bound = entry.statement->reads() ? bind_read(call, inputs[i], entry) : bind_one_write(call, inputs[i], entry);
    if (!bound) entry.failure = std::move(bound).error();
  }
  QUIPU_CHECK(check_no_duplicates_of(entries));
  if (writes != 0) return begin_writes(call, std::move(entries));
  const ReturnCapacity return_capacity =
      parse_return_capacity(string_member_or(*call.input, "ReturnConsumedCapacity", {}));
  return call.run_on_worker([entries = std::move(entries), return_capacity](Call& on_worker) mutable {
    return answer_reads(entries, return_capacity, on_worker);
  });
}

}  // namespace quipu::aws
