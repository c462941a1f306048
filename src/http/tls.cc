#include "http/tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <string_view>
#include <system_error>

namespace quipu::http {
namespace {

// The first of the errors in the queue: those behind it only say who passed it on.
std::string take_tls_error() {
  const unsigned long code = ERR_peek_error();
  ERR_clear_error();
  if (code == 0) return errno != 0 ? std::generic_category().message(errno) : "unknown";
  if (ERR_SYSTEM_ERROR(code)) return std::generic_category().message(ERR_GET_REASON(code));
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "unknown";
}

bool is_numeric_address(const std::string& host) {
  in6_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1 || inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

// Of the protocols a client offers inside TLS, HTTP/1.1 is the only one spoken here.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                    unsigned int offered_size, void*) {
  static constexpr std::string_view http_1_1 = "http/1.1";
  for (unsigned int at = 0; at < offered_size; at += offered[at] + 1U) {
    const std::string_view name{reinterpret_cast<const char*>(offered + at + 1), offered[at]};
    if (name != http_1_1) continue;
    *out = offered + at + 1;
    *out_size = offered[at];
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_NOACK;
}

// Called for a file with a passphrase. Nobody is there to type it: OpenSSL's own callback would wait at the terminal.
int refuse_passphrase(char*, int, int, void* was_asked) {
  *static_cast<bool*>(was_asked) = true;
  return -1;
}

void set_common_options(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);  // idle connections keep no buffers
}

}  // namespace

Result<TlsContext> TlsContext::for_server(const std::filesystem::path& certificate, const std::filesystem::path& key) {
  TlsContext context{SSL_CTX_new(TLS_server_method())};
  if (!context.context_) return fail(ErrorCode::environment, "TLS: {}", take_tls_error());
  set_common_options(context.context_.get());
  bool has_passphrase = false;
  SSL_CTX_set_default_passwd_cb(context.context_.get(), refuse_passphrase);
  SSL_CTX_set_default_passwd_cb_userdata(context.context_.get(), &has_passphrase);
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(context.context_.get(), certificate.c_str()) != 1) {
    return fail(ErrorCode::environment, "cannot use {} as TLS certificate: {}", certificate.string(), take_tls_error());
  }
  if (SSL_CTX_use_PrivateKey_file(context.context_.get(), key.c_str(), SSL_FILETYPE_PEM) != 1) {
    if (has_passphrase) {
      return fail(ErrorCode::environment,
                  "cannot use {} as TLS key: it has a passphrase, for which a server cannot ask; `openssl pkey` writes "
                  "it without",
                  key.string());
    }
    return fail(ErrorCode::environment, "cannot use {} as TLS key: {}", key.string(), take_tls_error());
  }
  if (SSL_CTX_check_private_key(context.context_.get()) != 1) {
    return fail(ErrorCode::environment, "{} is not the key of {}", key.string(), certificate.string());
  }
  SSL_CTX_set_default_passwd_cb_userdata(context.context_.get(), nullptr);
  SSL_CTX_set_alpn_select_cb(context.context_.get(), choose_protocol, nullptr);
  SSL_CTX_set_session_cache_mode(context.context_.get(), SSL_SESS_CACHE_OFF);  // tickets resume without memory
  return context;
}

Result<TlsContext> TlsContext::for_client(const std::filesystem::path& ca_file, bool insecure) {
  TlsContext context{SSL_CTX_new(TLS_client_method())};
  if (!context.context_) return fail(ErrorCode::environment, "TLS: {}", take_tls_error());
  set_common_options(context.context_.get());
  context.insecure_ = insecure;
  if (insecure) return context;
  SSL_CTX_set_verify(context.context_.get(), SSL_VERIFY_PEER, nullptr);
  const int loaded = ca_file.empty() ? SSL_CTX_set_default_verify_paths(context.context_.get())
                                     : SSL_CTX_load_verify_locations(context.context_.get(), ca_file.c_str(), nullptr);
  if (loaded != 1) {
    return fail(ErrorCode::environment, "cannot read the certificates in {}: {}",
                ca_file.empty() ? "the system's store" : ca_file.string(), take_tls_error());
  }
  return context;
}

std::unique_ptr<TlsSession> TlsContext::accept(int socket) const {
  std::unique_ptr<TlsSession> session{new TlsSession{SSL_new(context_.get())}};
  if (!session->session_ || SSL_set_fd(session->session_.get(), socket) != 1) return nullptr;
  SSL_set_accept_state(session->session_.get());
  return session;
}

std::unique_ptr<TlsSession> TlsContext::connect(int socket, const std::string& host) const {
  std::unique_ptr<TlsSession> session{new TlsSession{SSL_new(context_.get())}};
  SSL* const ssl = session->session_.get();
  if (ssl == nullptr || SSL_set_fd(ssl, socket) != 1) return nullptr;
  if (is_numeric_address(host)) {
    if (!insecure_ && X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) != 1) return nullptr;
  } else {
    SSL_set_tlsext_host_name(ssl, host.c_str());
    if (!insecure_ && SSL_set1_host(ssl, host.c_str()) != 1) return nullptr;
  }
  SSL_set_connect_state(ssl);
  return session;
}

Transfer TlsSession::outcome_of(int result) {
  switch (SSL_get_error(session_.get(), result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: return Transfer::would_block;
    case SSL_ERROR_ZERO_RETURN: return Transfer::ended;
    default: break;
  }
  const long verified = SSL_get_verify_result(session_.get());
  failure_ = verified != X509_V_OK ? X509_verify_cert_error_string(verified) : take_tls_error();
  return Transfer::broken;
}

Transfer TlsSession::handshake() {
  ERR_clear_error();
  errno = 0;
  const int result = SSL_do_handshake(session_.get());
  return result == 1 ? Transfer::moved : outcome_of(result);
}

Transferred TlsSession::read(char* bytes, std::size_t size) {
  ERR_clear_error();
  const int result = SSL_read(session_.get(), bytes, static_cast<int>(std::min<std::size_t>(size, INT_MAX)));
  if (result > 0) return {Transfer::moved, static_cast<std::size_t>(result)};
  return {outcome_of(result), 0};
}

Transferred TlsSession::write(const char* bytes, std::size_t size) {
  ERR_clear_error();
  const int result = SSL_write(session_.get(), bytes, static_cast<int>(std::min<std::size_t>(size, INT_MAX)));
  if (result > 0) return {Transfer::moved, static_cast<std::size_t>(result)};
  return {outcome_of(result), 0};
}

void TlsSession::end() {
  ERR_clear_error();
  SSL_shutdown(session_.get());
  ERR_clear_error();
}

std::string TlsSession::failure() const {
  return failure_;
}

void ignore_broken_pipes_in_this_thread() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

}  // namespace quipu::http
