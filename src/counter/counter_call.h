// One call on counters: what is asked, and what came of it. Every store (counter_store.h) has its own kind of call,
// made once and used again and again, so that a call allocates nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace quipu::counter {

inline constexpr std::size_t name_bytes_max = 1024;
inline constexpr std::size_t increments_max = 1000;  // in one call, all or nothing
inline constexpr std::size_t idempotency_key_bytes_max = 255;

enum class CallKind : std::uint8_t {
  increment,  // one or several; stored in request hashes: never renumber
  set,
  erase,
  read,
};

// Stored with the outcome of idempotent calls (docs/formats/counter.md): never renumber.
enum class CallOutcome : std::uint8_t {
  done = 0,
  max_reached = 1,    // nothing changed; `value` of the item at failed_index() is what is stored
  min_reached = 2,    // likewise
  value_differs = 3,  // set: the value is not the expected one; likewise
  not_a_counter = 4,  // the item holds something that is not a 64-bit integer
  failed = 5,         // never stored: see error()
};

class CounterCall {
 public:
  struct Item {
    std::size_t name_first = 0;
    std::size_t name_size = 0;
    std::int64_t by = 1;                   // increment
    std::optional<std::int64_t> max;       // increment; looked at only on the way up
    std::optional<std::int64_t> min;       // increment; looked at only on the way down
    std::optional<std::int64_t> expected;  // set
    std::int64_t value = 0;                // set: what to set; afterwards: the value now
  };

  class Completion {
   public:
    virtual void completed(CounterCall& call) noexcept = 0;

   protected:
    ~Completion() = default;
  };

  virtual ~CounterCall() = default;

  // --- asking
  void begin(CallKind kind);
  // A name must have 1 to name_bytes_max bytes of UTF-8, which the caller has checked.
  Item& add(std::string_view name);
  // For `set`, after add().
  void set_wanted(std::int64_t value, std::optional<std::int64_t> expected) {
    items_.back().value = value;
    items_.back().expected = expected;
  }
  void make_idempotent(std::string_view scoped_key) { idempotency_key_ = scoped_key; }

  // True: it is complete already. False: `completion` will be told once, on any thread.
  virtual bool start(Completion& completion) = 0;

  // --- asked
  CallKind kind() const { return kind_; }
  std::size_t size() const { return items_.size(); }
  const Item& item(std::size_t index) const { return items_[index]; }
  std::string_view name(std::size_t index) const;
  // The request in bytes that differ when it asks for something else.
  void append_canonical(std::string& out) const;

  // --- answered
  CallOutcome outcome() const { return outcome_; }
  std::size_t failed_index() const { return failed_index_; }  // where an outcome other than done comes from
  const Error& error() const { return *error_; }              // of outcome `failed`

 protected:
  void refuse(CallOutcome outcome, std::size_t index);
  void fail_with(Error error);

  CallKind kind_ = CallKind::read;
  std::vector<Item> items_;
  std::string idempotency_key_;
  CallOutcome outcome_ = CallOutcome::done;
  std::size_t failed_index_ = 0;

 private:
  std::string names_;  // one behind the other
  std::optional<Error> error_;
};

}  // namespace quipu::counter
