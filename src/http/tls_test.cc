#include "http/tls.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>

#include "http/client.h"
#include "http/test_support.h"

namespace quipu::http {
namespace {

using namespace testing;

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

// A directory with a certificate for localhost and 127.0.0.1 that nobody but itself vouches for.
class SelfSigned {
 public:
  SelfSigned() {
    std::string name = ::testing::TempDir() + "quipu_tls_XXXXXX";
    directory_ = ::mkdtemp(name.data());
    files_ = {.certificate = directory_ / "certificate.pem", .key = directory_ / "key.pem"};
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = X509_new();
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3'600);
    X509_set_pubkey(certificate, key);
    const auto* common_name = reinterpret_cast<const unsigned char*>("quipu test");
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC, common_name, -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    X509_EXTENSION* names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
    X509_add_ext(certificate, names, -1);
    X509_EXTENSION_free(names);
    X509_sign(certificate, key, EVP_sha256());
    PEM_write_X509(File{std::fopen(files_.certificate.c_str(), "w")}.get(), certificate);
    PEM_write_PrivateKey(File{std::fopen(files_.key.c_str(), "w")}.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  ~SelfSigned() { std::filesystem::remove_all(directory_); }
  SelfSigned(const SelfSigned&) = delete;
  SelfSigned& operator=(const SelfSigned&) = delete;

  const TlsFiles& files() const { return files_; }
  ClientOptions trusting() const { return {.tls = true, .ca_file = files_.certificate}; }

 private:
  std::filesystem::path directory_;
  TlsFiles files_;
};

Client connect(std::string_view host, std::uint16_t port, const ClientOptions& options) {
  auto client = Client::connect(host, port, options);
  EXPECT_TRUE(client.has_value()) << client.error().message;
  return std::move(*client);
}

TEST(Tls, VerifiedClientsGetAnswers) {
  const SelfSigned certificate;
  TestServer server{{.tls = certificate.files()}};
  for (const std::string_view host : {"127.0.0.1", "localhost"}) {
    Client client = connect(host, server.port(), certificate.trusting());
    for (int i = 0; i < 3; ++i) {
      const auto response = client.request(Method::post, "/a?b", {}, "body");
      ASSERT_TRUE(response.has_value()) << response.error().message;
      EXPECT_EQ(response->body, "POST /a?b body");
    }
  }
  EXPECT_EQ(server.figures().connections_accepted.value(), 2);
}

TEST(Tls, LargeBodiesGoBothWays) {
  const SelfSigned certificate;
  TestServer server{{.limits = {.body_bytes_max = 2_MiB}, .tls = certificate.files()}};
  Client client = connect("127.0.0.1", server.port(), certificate.trusting());
  const std::string body(2_MiB, 'x');
  const auto response = client.request(Method::put, "/", {}, body);
  ASSERT_TRUE(response.has_value()) << response.error().message;
  EXPECT_EQ(response->body, "PUT /? " + body);
}

TEST(Tls, StreamsAndWakesWork) {
  const SelfSigned certificate;
  TestServer server{{.tls = certificate.files()}};
  Client client = connect("127.0.0.1", server.port(), certificate.trusting());
  std::thread publisher{[&] {
    server.handler.publish("s", "one");
    server.handler.finish("s");
  }};
  std::string received;
  const auto response = client.stream(Method::get, "/stream/s", {}, {}, [&](std::string_view bytes) {
    received += bytes;
    return true;
  });
  publisher.join();
  ASSERT_TRUE(response.has_value()) << response.error().message;
  EXPECT_EQ(received, "one");
}

TEST(Tls, AnUnknownCertificateIsRefused) {
  const SelfSigned certificate;
  const SelfSigned other;
  TestServer server{{.tls = certificate.files()}};
  const auto client = Client::connect("127.0.0.1", server.port(), other.trusting());
  ASSERT_FALSE(client.has_value());
  EXPECT_EQ(client.error().code, ErrorCode::environment);
  EXPECT_NE(client.error().message.find("certificate"), std::string::npos) << client.error().message;
}

TEST(Tls, ACertificateForAnotherHostIsRefused) {
  const SelfSigned certificate;
  TestServer server{{.host = "127.0.0.2", .tls = certificate.files()}};
  const auto client = Client::connect("127.0.0.2", server.port(), certificate.trusting());
  ASSERT_FALSE(client.has_value());
  EXPECT_NE(client.error().message.find("mismatch"), std::string::npos) << client.error().message;
}

TEST(Tls, InsecureClientsTakeAnyCertificate) {
  const SelfSigned certificate;
  TestServer server{{.tls = certificate.files()}};
  Client client = connect("127.0.0.1", server.port(), {.tls = true, .insecure = true});
  EXPECT_TRUE(client.request(Method::get, "/").has_value());
}

TEST(Tls, APeerWithoutTlsIsClosed) {
  const SelfSigned certificate;
  TestServer server{{.tls = certificate.files()}};
  RawPeer peer{server.port()};
  peer.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  peer.read_to_end();
  EXPECT_TRUE(peer.has_ended());
  EXPECT_EQ(server.handler.handled, 0);
}

TEST(Tls, APeerThatNeverFinishesTheHandshakeIsClosed) {
  const SelfSigned certificate;
  TestServer server{{.limits = {.header_deadline = 50ms}, .tls = certificate.files()}};
  RawPeer peer{server.port()};
  peer.send("\x16\x03\x01");
  EXPECT_TRUE(peer.is_at_end());
  EXPECT_EQ(server.figures().deadlines_missed.value(), 1);
}

TEST(Tls, UnusableFilesAreNamed) {
  const SelfSigned certificate;
  const SelfSigned other;
  TestHandler handler;
  const auto missing = Server::start({.tls = TlsFiles{"/nowhere/c.pem", "/nowhere/k.pem"}}, handler);
  ASSERT_FALSE(missing.has_value());
  EXPECT_NE(missing.error().message.find("/nowhere/c.pem"), std::string::npos);
  const auto mixed = Server::start({.tls = TlsFiles{certificate.files().certificate, other.files().key}}, handler);
  ASSERT_FALSE(mixed.has_value());
  EXPECT_NE(mixed.error().message.find(other.files().key.string()), std::string::npos) << mixed.error().message;
}

}  // namespace
}  // namespace quipu::http
