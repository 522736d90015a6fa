// SPDX-License-Identifier: Apache-2.0
#include "pellucid/io/http.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>
#include <exception>

#include "pellucid/base/error.h"
#include "pellucid/base/version.h"
#define CURL_DISABLE_TYPECHECK  // its macros name functions, which are looked up here
#include <curl/curl.h>
#undef curl_easy_setopt
#undef curl_easy_getinfo

namespace pellucid {
namespace {

char lower(char c) { return 'A' <= c && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lower_case(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), lower);
  return result;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

/// The functions of libcurl that are needed.
struct Curl {
  decltype(&::curl_global_init) global_init = nullptr;
  decltype(&::curl_easy_init) easy_init = nullptr;
  decltype(&::curl_easy_cleanup) easy_cleanup = nullptr;
  decltype(&::curl_easy_reset) easy_reset = nullptr;
  decltype(&::curl_easy_setopt) easy_setopt = nullptr;
  decltype(&::curl_easy_getinfo) easy_getinfo = nullptr;
  decltype(&::curl_easy_perform) easy_perform = nullptr;
  decltype(&::curl_easy_strerror) easy_strerror = nullptr;
  decltype(&::curl_slist_append) slist_append = nullptr;
  decltype(&::curl_slist_free_all) slist_free_all = nullptr;

  /// Stays open: libcurl and what it loads do not bear being closed.
  static const Curl& instance() {
    static const Curl curl = load();
    return curl;
  }

 private:
  static Curl load() {
    void* library = nullptr;
    for (const char* name : {"libcurl.so.4", "libcurl-gnutls.so.4"}) {
      if (library == nullptr) library = ::dlopen(name, RTLD_NOW | RTLD_LOCAL);
    }
    check(library != nullptr, "downloads need the library libcurl.so.4 (package libcurl4)");
    Curl curl;
    const auto find = [&](auto& function, const char* name) {
      function = reinterpret_cast<std::decay_t<decltype(function)>>(::dlsym(library, name));
      check(function != nullptr, "libcurl has no function {}", name);
    };
    find(curl.global_init, "curl_global_init");
    find(curl.easy_init, "curl_easy_init");
    find(curl.easy_cleanup, "curl_easy_cleanup");
    find(curl.easy_reset, "curl_easy_reset");
    find(curl.easy_setopt, "curl_easy_setopt");
    find(curl.easy_getinfo, "curl_easy_getinfo");
    find(curl.easy_perform, "curl_easy_perform");
    find(curl.easy_strerror, "curl_easy_strerror");
    find(curl.slist_append, "curl_slist_append");
    find(curl.slist_free_all, "curl_slist_free_all");
    check(curl.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK, "libcurl cannot be started");
    return curl;
  }
};

/// What the callbacks of one transfer share.
struct Transfer {
  HttpResponse response;
  const HttpClient::Sink& sink;
  std::exception_ptr thrown{};
  bool refused = false;
};

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user) {
  auto& response = static_cast<Transfer*>(user)->response;
  const std::string_view line(data, size * count);
  if (line.starts_with("HTTP/")) {  // a new answer: before it came 100 Continue or a proxy's
    response.headers.clear();
    const auto blank = line.find(' ');
    response.status =
        blank == std::string_view::npos ? 0 : std::atol(std::string(line.substr(blank)).c_str());
  } else if (const auto colon = line.find(':'); colon != std::string_view::npos) {
    response.headers[lower_case(line.substr(0, colon))] = trimmed(line.substr(colon + 1));
  }
  return line.size();
}

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  try {
    if (transfer.sink(transfer.response, {data, size * count})) return size * count;
    transfer.refused = true;
  } catch (...) {  // not through the frames of libcurl
    transfer.thrown = std::current_exception();
  }
  return size * count == 0 ? 1 : 0;  // another number than was given ends the transfer
}

/// Certificates where the environment says, as other programs look for them.
const char* certificates() {
  for (const char* name : {"CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return nullptr;
}

}  // namespace

struct HttpClient::Connection {
  const Curl& curl = Curl::instance();
  CURL* easy = curl.easy_init();
  curl_slist* headers = nullptr;

  Connection() { check(easy != nullptr, "libcurl cannot be started"); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() {
    curl.slist_free_all(headers);
    curl.easy_cleanup(easy);
  }

  void set_headers(const std::vector<std::string>& lines) {
    curl.slist_free_all(headers);
    headers = nullptr;
    for (const std::string& line : lines) headers = curl.slist_append(headers, line.c_str());
    curl.easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  }
};

HttpClient::HttpClient() : connection_(std::make_unique<Connection>()) {}
HttpClient::~HttpClient() = default;

HttpResponse HttpClient::perform(const HttpRequest& request, const Sink& sink) {
  const Curl& curl = connection_->curl;
  CURL* easy = connection_->easy;
  Transfer transfer{{}, sink};
  char reason[CURL_ERROR_SIZE] = "";
  const std::string agent = fmt::format("pellucid/{}", version());
  curl.easy_reset(easy);  // options, not connections
  curl.easy_setopt(easy, CURLOPT_URL, request.url.c_str());
  curl.easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl.easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl.easy_setopt(easy, CURLOPT_NOBODY, request.head ? 1L : 0L);
  curl.easy_setopt(easy, CURLOPT_USERAGENT, agent.c_str());
  curl.easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, request.connect_seconds);
  curl.easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl.easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, request.stalled_seconds);
  curl.easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
  curl.easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
  curl.easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  curl.easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
  curl.easy_setopt(easy, CURLOPT_ERRORBUFFER, reason);
  if (const char* file = certificates()) curl.easy_setopt(easy, CURLOPT_CAINFO, file);
  connection_->set_headers(request.headers);
  const CURLcode code = curl.easy_perform(easy);
  curl.easy_setopt(easy, CURLOPT_ERRORBUFFER, nullptr);
  if (transfer.thrown) std::rethrow_exception(transfer.thrown);
  if (code != CURLE_OK && !transfer.refused) {
    transfer.response.problem = reason[0] != '\0' ? reason : curl.easy_strerror(code);
    std::replace(transfer.response.problem.begin(), transfer.response.problem.end(), '\n', ' ');
  }
  curl_off_t wait = 0;
  curl.easy_getinfo(easy, CURLINFO_RETRY_AFTER, &wait);
  transfer.response.retry_after = wait;
  return transfer.response;
}

std::string http_origin(std::string_view url) {
  const auto colon = url.find("://");
  if (colon == std::string_view::npos) return "";
  const std::string scheme = lower_case(url.substr(0, colon));
  if (scheme != "http" && scheme != "https") return "";
  std::string_view host = url.substr(colon + 3);
  host = host.substr(0, host.find_first_of("/?#\\"));
  if (const auto at = host.rfind('@'); at != std::string_view::npos) host.remove_prefix(at + 1);
  const auto port = host.rfind(':');
  const bool has_port =
      port != std::string_view::npos && host.find(']', port) == std::string_view::npos;
  const std::string name = lower_case(host.substr(0, has_port ? port : host.size()));
  if (name.empty()) return "";
  const std::string number(has_port ? host.substr(port + 1) : scheme == "https" ? "443" : "80");
  return fmt::format("{}://{}:{}", scheme, name, number);
}

std::string http_join(std::string_view base, std::string_view location) {
  if (location.find("://") != std::string_view::npos &&
      location.find("://") < location.find_first_of("/?#")) {
    return std::string(location);
  }
  const std::size_t host = base.find("://") + 3;
  if (location.starts_with("//")) return std::string(base.substr(0, host - 2)).append(location);
  const std::string_view path = base.substr(0, base.find_first_of("?#", host));
  if (location.starts_with('/')) {
    return std::string(path.substr(0, path.find('/', host))).append(location);
  }
  const auto slash = path.rfind('/');
  return std::string(slash < host ? path : path.substr(0, slash)).append("/").append(location);
}

}  // namespace pellucid
