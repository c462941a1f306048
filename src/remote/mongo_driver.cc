#include "remote/mongo_driver.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace quipu::remote::mongo {

namespace {

// The driver keeps figures that nobody reads in a file in shared memory, which it makes as soon as it is loaded, in
// every process. The name is taken away at once: a process that is killed would leave it behind, and a later one with
// the same number would complain. A function that runs before main() is the one way to be as early in all programs.
[[gnu::constructor]] void forget_shared_memory() {
  ::shm_unlink(fmt::format("/mongoc-{}", ::getpid()).c_str());
}

// The driver wants to be told once in a process, before all else. It is not told of the end: threads may still be in
// it.
void start_driver() {
  static const bool started = [] {
    mongoc_init();
    mongoc_log_set_handler(nullptr, nullptr);  // what goes wrong is returned
    return true;
  }();
  static_cast<void>(started);
}

int length(std::string_view text) {
  return static_cast<int>(text.size());
}

// $inc on a list that has a number which the filter matched.
constexpr std::uint32_t type_mismatch = 14;

std::string what(const bson_error_t& error) {
  return fmt::format("{} ({}.{})", error.message, error.domain, error.code);
}

bool not_primary(std::uint32_t code) {
  constexpr auto codes = std::to_array<std::uint32_t>({10107, 13435, 13436});
  return std::ranges::find(codes, code) != codes.end();
}

// Errors with which a server ends what it was doing, or speaks of another server: the write may have been made.
bool cut_short(std::uint32_t code) {
  constexpr auto codes = std::to_array<std::uint32_t>({
      1,      // InternalError
      6,      // HostUnreachable
      7,      // HostNotFound
      8,      // UnknownError
      50,     // MaxTimeMSExpired
      64,     // WriteConcernFailed
      89,     // NetworkTimeout
      90,     // CallbackCanceled
      91,     // ShutdownInProgress
      189,    // PrimarySteppedDown
      202,    // NetworkInterfaceExceededTimeLimit
      262,    // ExceededTimeLimit
      279,    // ClientDisconnect
      355,    // InterruptedDueToStorageChange
      9001,   // SocketException
      11600,  // InterruptedAtShutdown
      11601,  // Interrupted
      11602,  // InterruptedDueToReplStateChange
  });
  return std::ranges::find(codes, code) != codes.end();
}

bool before_sending(const bson_error_t& error) {
  switch (error.domain) {
    case MONGOC_ERROR_SERVER_SELECTION:
    case MONGOC_ERROR_CLIENT:  // authentication, a message that cannot be made
    case MONGOC_ERROR_SASL:
    case MONGOC_ERROR_SCRAM:
    case MONGOC_ERROR_BSON: return true;
    case MONGOC_ERROR_STREAM:
      return error.code == MONGOC_ERROR_STREAM_CONNECT || error.code == MONGOC_ERROR_STREAM_NAME_RESOLUTION ||
             error.code == MONGOC_ERROR_STREAM_NOT_ESTABLISHED;
    default: return false;
  }
}

Reply failed(const bson_error_t& error) {
  Reply reply;
  if (error.domain == MONGOC_ERROR_SERVER) {
    if (error.code == MONGOC_ERROR_DUPLICATE_KEY) {
      reply.kind = Reply::Kind::duplicate;
      return reply;
    }
    if (error.code == type_mismatch) {
      reply.kind = Reply::Kind::not_found;
      return reply;
    }
    reply.broken_link = not_primary(error.code) || cut_short(error.code);
    reply.kind = cut_short(error.code) ? Reply::Kind::lost : Reply::Kind::refused;
  } else if (error.domain == MONGOC_ERROR_WRITE_CONCERN) {
    // Done, but not yet where it is safe: a new primary may not have it.
    reply.kind = Reply::Kind::lost;
  } else {
    reply.broken_link = true;
    reply.kind = before_sending(error) ? Reply::Kind::refused : Reply::Kind::lost;
  }
  reply.error = {reply.kind == Reply::Kind::refused ? ErrorCode::unavailable : ErrorCode::outcome_unknown, what(error)};
  return reply;
}

std::unexpected<Error> fail_with(const bson_error_t& error) {
  return fail(ErrorCode::unavailable, "{}", what(error));
}

}  // namespace

Document& Document::text(std::string_view key, std::string_view value) {
  bson_append_utf8(bson_, key.data(), length(key), value.data(), length(value));
  return *this;
}

Document& Document::int32(std::string_view key, std::int32_t value) {
  bson_append_int32(bson_, key.data(), length(key), value);
  return *this;
}

Document& Document::int64(std::string_view key, std::int64_t value) {
  bson_append_int64(bson_, key.data(), length(key), value);
  return *this;
}

Document& Document::boolean(std::string_view key, bool value) {
  bson_append_bool(bson_, key.data(), length(key), value);
  return *this;
}

Document& Document::time_ms(std::string_view key, std::int64_t since_1970) {
  bson_append_date_time(bson_, key.data(), length(key), since_1970);
  return *this;
}

Document& Document::document(std::string_view key, const Document& value) {
  bson_append_document(bson_, key.data(), length(key), value.get());
  return *this;
}

Document& Document::array(std::string_view key, const Document& value) {
  bson_append_array(bson_, key.data(), length(key), value.get());
  return *this;
}

Document& Document::same(std::string_view key, const bson_iter_t& value) {
  bson_append_iter(bson_, key.data(), length(key), &value);
  return *this;
}

std::optional<bson_iter_t> Document::find(std::string_view key) const {
  bson_iter_t iter;
  if (bson_iter_init(&iter, bson_) && bson_iter_find_w_len(&iter, key.data(), length(key))) return iter;
  return std::nullopt;
}

Result<Owned<mongoc_uri_t>> read_uri(const std::string& connection_string) {
  start_driver();
  bson_error_t error{};
  Owned<mongoc_uri_t> uri{mongoc_uri_new_with_error(connection_string.c_str(), &error)};
  // The text is not repeated: it may have a password.
  if (!uri) return fail(ErrorCode::invalid_argument, "docdb-connection-string: {}", error.message);
  return uri;
}

Connection::Connection(const mongoc_uri_t& uri, const LinkLimits& limits) {
  const Owned<mongoc_uri_t> ours{mongoc_uri_copy(&uri)};
  const auto connect_ms = static_cast<std::int32_t>(limits.connect.count());
  mongoc_uri_set_option_as_int32(ours.get(), MONGOC_URI_CONNECTTIMEOUTMS, connect_ms);
  mongoc_uri_set_option_as_int32(ours.get(), MONGOC_URI_SERVERSELECTIONTIMEOUTMS, connect_ms);
  mongoc_uri_set_option_as_int32(ours.get(), MONGOC_URI_SOCKETTIMEOUTMS,
                                 static_cast<std::int32_t>(limits.call.count()));
  mongoc_uri_set_option_as_bool(ours.get(), MONGOC_URI_RETRYWRITES, false);
  mongoc_uri_set_option_as_bool(ours.get(), MONGOC_URI_RETRYREADS, false);
  client_.reset(mongoc_client_new_from_uri(ours.get()));
  mongoc_client_set_error_api(client_.get(), MONGOC_ERROR_API_VERSION_2);
  // Whatever the connection string says: with less, a number could be given twice after a primary is lost, or read from
  // a secondary that is behind.
  const Owned<mongoc_write_concern_t> concern{mongoc_write_concern_new()};
  mongoc_write_concern_set_wmajority(concern.get(), static_cast<std::int32_t>(limits.call.count()));
  mongoc_write_concern_set_journal(concern.get(), true);
  mongoc_client_set_write_concern(client_.get(), concern.get());
  const Owned<mongoc_read_prefs_t> primary{mongoc_read_prefs_new(MONGOC_READ_PRIMARY)};
  mongoc_client_set_read_prefs(client_.get(), primary.get());
  counters_.reset(mongoc_client_get_collection(client_.get(), database_name, collection_name));
}

Result<Document> Connection::ask(std::string_view command) {
  const Document request = std::move(Document{}.int32(command, 1));
  bson_t reply;
  bson_error_t error{};
  const bool answered = mongoc_client_command_simple(client_.get(), "admin", request.get(), nullptr, &reply, &error);
  Document answer{reply};
  bson_destroy(&reply);
  if (!answered) return fail_with(error);
  return answer;
}

Result<Server> Connection::ask_server() {
  QUIPU_TRY(const Document info, ask("buildInfo"));
  Server server;
  const auto text = [&](std::string_view key) {
    const auto found = info.find(key);
    return std::string{found && BSON_ITER_HOLDS_UTF8(&*found) ? bson_iter_utf8(&*found, nullptr) : ""};
  };
  bson_iter_t member;
  for (bson_iter_init(&member, info.get()); bson_iter_next(&member);)
    server.ferretdb |= std::string_view{bson_iter_key(&member)}.starts_with("ferretdb");
  const std::string ferretdb = text("ferretdbVersion");
  // Version 2 has other members. A version 1 that others built into their program calls itself "unknown".
  server.not_atomic = !ferretdb.empty() && !ferretdb.starts_with("v2.");
  server.version = ferretdb.empty() ? fmt::format("MongoDB protocol {}", text("version"))
                                    : fmt::format("FerretDB {} (MongoDB protocol {})", ferretdb, text("version"));
  return server;
}

Result<bool> Connection::has_index() {
  const Owned<mongoc_cursor_t> cursor{mongoc_collection_find_indexes_with_opts(counters_.get(), nullptr)};
  const bson_t* found = nullptr;
  while (mongoc_cursor_next(cursor.get(), &found)) {
    const Document index{*found};
    const auto key = index.find("key");
    const auto unique = index.find("unique");
    bson_iter_t column;
    if (!key || !unique || !bson_iter_as_bool(&*unique) || !bson_iter_recurse(&*key, &column)) continue;
    if (!bson_iter_next(&column) || id_field != bson_iter_key(&column)) continue;
    if (!bson_iter_next(&column) && !index.find("partialFilterExpression")) return true;
  }
  bson_error_t error{};
  constexpr std::uint32_t namespace_not_found = 26;
  if (mongoc_cursor_error(cursor.get(), &error) && error.code != namespace_not_found) return fail_with(error);
  return false;
}

Result<bool> Connection::ensure_index() {
  QUIPU_TRY(const bool there, has_index());
  if (there) return false;
  const Document key = std::move(Document{}.int32(id_field, 1));
  const Document index =
      std::move(Document{}.document("key", key).text("name", fmt::format("{}_1", id_field)).boolean("unique", true));
  const Document indexes = std::move(Document{}.document("0", index));
  const Document command = std::move(Document{}.text("createIndexes", collection_name).array("indexes", indexes));
  bson_t reply;
  bson_error_t error{};
  const bool made =
      mongoc_client_write_command_with_opts(client_.get(), database_name, command.get(), nullptr, &reply, &error);
  bson_destroy(&reply);
  if (made) return true;
  if (error.domain == MONGOC_ERROR_SERVER && error.code == MONGOC_ERROR_DUPLICATE_KEY)
    return fail(ErrorCode::conflict, "{}.{} has several documents with the same {}: {}", database_name, collection_name,
                id_field, error.message);
  // Several of us may come at once, and not every server takes that well.
  QUIPU_TRY(const bool there_now, has_index());
  if (there_now) return false;
  return fail(ErrorCode::unavailable, "the unique index on {} cannot be made: {}", id_field, what(error));
}

Reply Connection::change(const Change& change, bool only_value) {
  const Owned<mongoc_find_and_modify_opts_t> options{mongoc_find_and_modify_opts_new()};
  int flags = MONGOC_FIND_AND_MODIFY_NONE;
  if (change.update == nullptr) {
    flags = MONGOC_FIND_AND_MODIFY_REMOVE;
  } else {
    mongoc_find_and_modify_opts_set_update(options.get(), change.update->get());
    flags = MONGOC_FIND_AND_MODIFY_RETURN_NEW | (change.may_insert ? MONGOC_FIND_AND_MODIFY_UPSERT : 0);
  }
  mongoc_find_and_modify_opts_set_flags(options.get(), static_cast<mongoc_find_and_modify_flags_t>(flags));
  if (only_value) {
    const Document fields = std::move(Document{}.int32(value_field, 1));
    mongoc_find_and_modify_opts_set_fields(options.get(), fields.get());
  }
  bson_t answer;
  bson_error_t error{};
  const bool changed = mongoc_collection_find_and_modify_with_opts(counters_.get(), change.filter->get(), options.get(),
                                                                   &answer, &error);
  const Document body{answer};
  bson_destroy(&answer);
  if (!changed) return failed(error);
  const auto value = body.find("value");
  Reply reply{.kind = Reply::Kind::not_found};
  if (!value || !BSON_ITER_HOLDS_DOCUMENT(&*value)) return reply;
  std::uint32_t size = 0;
  const std::uint8_t* bytes = nullptr;
  bson_iter_document(&*value, &size, &bytes);
  bson_t view;
  if (!bson_init_static(&view, bytes, size)) {
    reply.kind = Reply::Kind::lost;
    reply.error = {ErrorCode::outcome_unknown, "the store's answer is not BSON"};
    return reply;
  }
  reply.kind = Reply::Kind::found;
  reply.document = Document{view};
  return reply;
}

Reply Connection::read(std::string_view counter, bool acknowledged_only) {
  const Document filter = std::move(Document{}.text(id_field, counter));
  Document options;
  options.int32("limit", 1).boolean("singleBatch", true);
  if (acknowledged_only) {
    const Document level = std::move(Document{}.text("level", MONGOC_READ_CONCERN_LEVEL_MAJORITY));
    options.document("readConcern", level);
  }
  const Owned<mongoc_cursor_t> cursor{
      mongoc_collection_find_with_opts(counters_.get(), filter.get(), options.get(), nullptr)};
  const bson_t* found = nullptr;
  Reply reply{.kind = Reply::Kind::not_found};
  if (mongoc_cursor_next(cursor.get(), &found)) {
    reply.kind = Reply::Kind::found;
    reply.document = Document{*found};
    return reply;
  }
  bson_error_t error{};
  if (!mongoc_cursor_error(cursor.get(), &error)) return reply;
  // Reading changes nothing, so nothing is in doubt.
  reply = failed(error);
  reply.kind = Reply::Kind::refused;
  reply.error.code = ErrorCode::unavailable;
  return reply;
}

}  // namespace quipu::remote::mongo
