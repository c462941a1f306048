// The JSON bodies of the counter API, read into typed requests.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "gateway/counter_requests.h"
#include "gateway/key_api.h"

namespace {

class UnstartedCall final : public quipu::counter::CounterCall {
 public:
  bool start(Completion&) override { std::abort(); }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body{reinterpret_cast<const char*>(data), size};
  UnstartedCall call;
  call.begin(quipu::counter::CallKind::increment);
  if (quipu::gateway::read_increment_array(body, call)) {
    if (call.size() == 0 || call.size() > quipu::counter::increments_max) std::abort();
    for (std::size_t i = 0; i < call.size(); ++i)
      if (call.name(i).empty() || call.item(i).by == 0) std::abort();
  }
  static_cast<void>(quipu::gateway::read_set_body(body).has_value());
  static_cast<void>(quipu::gateway::read_new_key(body).has_value());
  return 0;
}
