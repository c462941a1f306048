// Who asks, may they, and how often? All of it before anything of a request but its head is looked at.
#pragma once

#include "gateway/key_ring.h"
#include "gateway/session.h"

namespace quipu::gateway {

enum class Keys : bool { off, required };

enum class Access : std::uint8_t {
  anyone,  // tells nothing that is worth a key
  client,
  admin,
};

// How a request without a key that is known here is refused.
enum class Refusals : std::uint8_t {
  problem,    // 401 {"error_code":"unauthorized",...}
  forbidden,  // 403 {"message":"Forbidden"}, as an API gateway does it
};

class Gate {
 public:
  Gate(const KeyRing& ring, Keys keys) : ring_{ring}, keys_{keys} {}

  enum class Passage : std::uint8_t { open, refused, throttled, later };
  // Unless it is open, the request is answered; or postponed if it is `later`.
  Passage admit(Session& session, Access access, Refusals refusals) const;
  // Is the key that a request came with still good? It may be under way for days.
  bool still_knows(Session& session) const;

 private:
  bool identify(Session& session, std::optional<std::string_view> key) const;
  static Passage count(Session& session);

  const KeyRing& ring_;
  const Keys keys_;
};

}  // namespace quipu::gateway
