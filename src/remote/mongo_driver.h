// MongoDB's C driver with owners, values and our errors: only these files call it. What is sent is sent once: the
// driver repeats nothing by itself, and each of its waits has an end.
#pragma once

#include <mongoc/mongoc.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "remote/link.h"

namespace quipu::remote::mongo {

inline constexpr const char* database_name = "atomic_counter";
inline constexpr const char* collection_name = "counters";
inline constexpr std::string_view id_field = "counter_id";
inline constexpr std::string_view value_field = "atomic_counter";

// Deletes what the driver made.
struct Freer {
  void operator()(mongoc_uri_t* uri) const { mongoc_uri_destroy(uri); }
  void operator()(mongoc_client_t* client) const { mongoc_client_destroy(client); }
  void operator()(mongoc_collection_t* collection) const { mongoc_collection_destroy(collection); }
  void operator()(mongoc_cursor_t* cursor) const { mongoc_cursor_destroy(cursor); }
  void operator()(mongoc_find_and_modify_opts_t* options) const { mongoc_find_and_modify_opts_destroy(options); }
  void operator()(mongoc_read_prefs_t* preference) const { mongoc_read_prefs_destroy(preference); }
  void operator()(mongoc_write_concern_t* concern) const { mongoc_write_concern_destroy(concern); }
  void operator()(mongoc_read_concern_t* concern) const { mongoc_read_concern_destroy(concern); }
};
template <class T>
using Owned = std::unique_ptr<T, Freer>;

class Document {
 public:
  Document() : bson_{bson_new()} {}
  explicit Document(const bson_t& copied) : bson_{bson_copy(&copied)} {}
  Document(Document&& other) noexcept : bson_{std::exchange(other.bson_, nullptr)} {}
  Document& operator=(Document&& other) noexcept {
    std::swap(bson_, other.bson_);
    return *this;
  }
  ~Document() { bson_destroy(bson_); }

  Document& text(std::string_view key, std::string_view value);
  Document& int32(std::string_view key, std::int32_t value);
  Document& int64(std::string_view key, std::int64_t value);
  Document& boolean(std::string_view key, bool value);
  Document& time_ms(std::string_view key, std::int64_t since_1970);
  Document& document(std::string_view key, const Document& value);
  Document& array(std::string_view key, const Document& value);  // its keys are "0", "1", ...
  Document& same(std::string_view key, const bson_iter_t& value);

  // Where the member is, unless there is none.
  std::optional<bson_iter_t> find(std::string_view key) const;
  const bson_t* get() const { return bson_; }

 private:
  bson_t* bson_;  // not in a unique_ptr, which would drop the type's alignment
};

// What became of one request.
struct Reply {
  enum class Kind : std::uint8_t {
    found,      // a document was there, and was changed if asked
    not_found,  // no document matched, and none was made
    duplicate,  // one was to be made, but the counter has a document
    refused,    // certainly not done
    lost,       // done or not: nobody knows
  };
  Kind kind = Kind::lost;
  Document document;         // of `found`: as it is now
  Error error{};             // of `refused` and `lost`
  bool broken_link = false;  // likewise: connect before the next request
};

struct Change {
  const Document* filter = nullptr;
  const Document* update = nullptr;  // null: the document is removed
  bool may_insert = false;
};

// What kind of server it is, as far as that matters.
struct Server {
  std::string version;    // for people
  bool ferretdb = false;  // refuses to return only a part of the changed document
  // Its find-and-modify is a read and then a write, between which others get in.
  bool not_atomic = false;
};

Result<Owned<mongoc_uri_t>> read_uri(const std::string& connection_string);

class Connection {
 public:
  // Connects when the first request is made.
  Connection(const mongoc_uri_t& uri, const LinkLimits& limits);

  Result<Server> ask_server();
  // Makes the unique index if it is missing; true if so.
  Result<bool> ensure_index();
  // A command that answers one document, to the database `admin`.
  Result<Document> ask(std::string_view command);

  Reply change(const Change& change, bool only_value);
  Reply read(std::string_view counter, bool acknowledged_only);

 private:
  Result<bool> has_index();

  Owned<mongoc_client_t> client_;
  Owned<mongoc_collection_t> counters_;
};

}  // namespace quipu::remote::mongo
