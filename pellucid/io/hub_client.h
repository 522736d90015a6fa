// SPDX-License-Identifier: Apache-2.0
// What is asked of a hub of models over HTTP: the files of a revision, the facts of a file, its
// bytes. Redirects are followed; the token goes to the hub itself and to nobody else; what may pass
// (broken connections, 429, 5xx) is tried again. https://huggingface.co/docs/hub/api
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pellucid/io/http.h"

namespace pellucid {

struct HubSettings {
  std::string endpoint = "https://huggingface.co";
  std::string token;           ///< empty: none
  long metadata_seconds = 10;  ///< to connect
  long stalled_seconds = 10;   ///< without a byte
  int retries = 5;             ///< in a row without progress

  /// HF_ENDPOINT; HF_TOKEN, else the file HF_TOKEN_PATH or HF_HOME/token, unless
  /// HF_HUB_DISABLE_IMPLICIT_TOKEN is set; HF_HUB_ETAG_TIMEOUT, HF_HUB_DOWNLOAD_TIMEOUT. Throws
  /// Error if one of them makes no sense, and if HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE is set.
  static HubSettings from_environment();
};

class HubClient {
 public:
  struct Revision {
    std::string commit;              ///< 40 hexadecimal digits
    std::vector<std::string> files;  ///< all in the repository
  };
  struct FileFacts {
    std::string etag;                  ///< letters, digits and - _ . : fit for a file's name
    std::optional<std::int64_t> size;  ///< bytes
  };
  using Notice = std::function<void(const std::string&)>;
  /// Bytes of the file from `offset` on, in order.
  using Write = std::function<void(std::int64_t offset, std::string_view bytes)>;

  /// notice: is told why it waits.
  HubClient(HubSettings settings, Notice notice);

  Revision revision(const std::string& model, const std::string& revision);
  FileFacts facts(const std::string& model, const std::string& commit, const std::string& file);
  /// From byte `from` on, up to the end; returns when all has come. What has come before an Error
  /// has been written. A hub that cannot begin in the middle begins at 0.
  void fetch(const std::string& model, const std::string& commit, const std::string& file,
             std::int64_t from, std::optional<std::int64_t> size, const Write& write);

 private:
  using Make = std::function<HttpRequest()>;
  HttpResponse follow(HttpRequest request, const HttpClient::Sink& sink);
  HttpResponse persist(const Make& make, const HttpClient::Sink& sink, const std::string& what,
                       const std::function<bool(const HttpResponse&)>& is_complete);
  void wait(const HttpResponse& response, int attempt, const std::string& what) const;
  std::string file_url(const std::string& model, const std::string& commit,
                       const std::string& file) const;
  HttpRequest request(std::string url) const;

  HubSettings settings_;
  Notice notice_;
  HttpClient http_;
  std::int64_t received_ = 0;  // bytes of bodies that were asked for
};

}  // namespace pellucid
