// SPDX-License-Identifier: Apache-2.0
// One request over HTTP, by libcurl. The library is opened when it is first needed: with all that
// it depends on it would add 5 ms to every start of the program.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pellucid {

struct HttpRequest {
  std::string url;  ///< http or https
  bool head = false;
  std::vector<std::string> headers;  ///< "Name: value"
  long connect_seconds = 10;
  long stalled_seconds = 10;  ///< give up when nothing has come for so long
};

struct HttpResponse {
  long status = 0;                             ///< 0: there was no complete answer, see `problem`
  std::map<std::string, std::string> headers;  ///< names in lower case; of the final answer
  std::string problem;                         ///< of the connection; empty: none
  std::int64_t retry_after = 0;                ///< seconds that the server asks to wait

  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
  }
};

/// Keeps its connections open between requests. One thread at a time.
class HttpClient {
 public:
  /// Throws Error if libcurl is not installed.
  HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;
  ~HttpClient();

  /// Bytes of the body as they come, with the headers that came before; false ends the transfer.
  using Sink = std::function<bool(const HttpResponse& response, std::string_view bytes)>;

  /// Redirects are not followed: the caller decides what goes where. What the sink throws comes
  /// out of it.
  HttpResponse perform(const HttpRequest& request, const Sink& sink);

 private:
  struct Connection;
  std::unique_ptr<Connection> connection_;
};

/// "https://host:443" of an address: what a secret may be sent to. Empty if it is no http or https
/// address.
std::string http_origin(std::string_view url);
/// The address that a redirect from `base` to `location` means.
std::string http_join(std::string_view base, std::string_view location);

}  // namespace pellucid
