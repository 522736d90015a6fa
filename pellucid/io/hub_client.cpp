// SPDX-License-Identifier: Apache-2.0
#include "pellucid/io/hub_client.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "pellucid/base/error.h"
#include "pellucid/base/file.h"
#include "pellucid/base/json.h"
#include "pellucid/base/spelling.h"
#include "pellucid/io/hub_cache.h"

namespace pellucid {
namespace {

constexpr int kMostRedirects = 10;
constexpr std::size_t kLongestAnswer = 64U << 20;  // JSON
constexpr std::size_t kLongestErrorPage = 1U << 20;
constexpr std::size_t kLongestToken = 4096;
constexpr std::int64_t kLongestWait = 300;  // seconds

bool is_redirect(long status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool may_pass(long status) { return status == 408 || status == 429 || status >= 500; }

std::string percent_encoded(std::string_view text, bool keep_slashes) {
  std::string result;
  for (const char c : text) {
    const bool plain = ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || ('0' <= c && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~' || (keep_slashes && c == '/');
    if (plain) {
      result += c;
    } else {
      result += fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    }
  }
  return result;
}

std::string status_text(long status) {
  switch (status) {
    case 401:
      return "401 (not authorised)";
    case 403:
      return "403 (forbidden)";
    case 404:
      return "404 (not found)";
    case 429:
      return "429 (too many requests)";
    case 500:
      return "500 (server error)";
    default:
      return std::to_string(status);
  }
}

/// One line for an answer that is no success.
[[noreturn]] void fail_answer(const HttpResponse& response, const std::string& what,
                              const HubSettings& settings) {
  if (!response.problem.empty()) fail("{}: {}", what, response.problem);
  std::string hint;
  const std::string code = response.header("x-error-code");
  const std::string token =
      settings.token.empty() ? "no token was found (HF_TOKEN)" : "the token was not accepted";
  if (code == "GatedRepo" || response.status == 403) {
    hint = "; access must be granted on the model's page, and " + token;
  } else if (code == "RevisionNotFound") {
    hint = "; there is no such revision";
  } else if (response.status == 401) {
    hint = "; there is no such model, or it is private: " + token;
  } else if (response.status == 404) {
    hint = code == "EntryNotFound" ? "; there is no such file" : "; there is no such model";
  }
  std::string message = response.header("x-error-message");
  if (!message.empty()) message = "; it says " + quote(message);
  fail("{}: the hub answers {}{}{}", what, status_text(response.status), hint, message);
}

/// Without quotes and the mark of a weak tag.
std::string plain_etag(std::string etag) {
  if (etag.starts_with("W/")) etag.erase(0, 2);
  etag.erase(std::remove(etag.begin(), etag.end(), '"'), etag.end());
  return etag;
}

std::optional<std::int64_t> parse_size(const std::string& text) {
  if (text.empty() || text.size() > 18) return std::nullopt;
  if (text.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  return std::atoll(text.c_str());
}

/// Where the bytes of an answer begin: "bytes 100-199/200".
std::int64_t first_byte(const HttpResponse& response, const std::string& what) {
  if (response.status != 206) return 0;
  const std::string range = response.header("content-range");
  const auto begin =
      range.starts_with("bytes ") ? parse_size(range.substr(6, range.find('-') - 6)) : std::nullopt;
  check(begin.has_value(), "{}: the hub sends a part without saying which ({})", what,
        quote(range));
  return *begin;
}

std::string read_token() {
  for (const char* name : {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"}) {
    if (auto token = hub_variable(name)) return *token;
  }
  if (hub_switch("HF_HUB_DISABLE_IMPLICIT_TOKEN")) return "";
  const auto given = hub_variable("HF_TOKEN_PATH");
  const std::filesystem::path path =
      given ? std::filesystem::path(*given) : hub_home_folder() / "token";
  std::error_code problem;
  if (!std::filesystem::exists(path, problem)) return "";
  return read_text_file(path.string(), kLongestToken);
}

long seconds_of(const char* name, long otherwise) {
  const auto text = hub_variable(name);
  if (!text) return otherwise;
  const auto value = parse_size(*text);
  check(value && *value >= 1 && *value <= 86400, "{} is {}, expected seconds from 1 to 86400", name,
        quote(*text));
  return static_cast<long>(*value);
}

}  // namespace

HubSettings HubSettings::from_environment() {
  for (const char* name : {"HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"}) {
    check(!hub_switch(name), "{} is set: nothing is downloaded", name);
  }
  HubSettings settings;
  if (const auto endpoint = hub_variable("HF_ENDPOINT")) settings.endpoint = *endpoint;
  while (settings.endpoint.ends_with('/')) settings.endpoint.pop_back();
  check(!http_origin(settings.endpoint).empty(),
        "HF_ENDPOINT is {}, expected an address that begins with http:// or https://",
        quote(settings.endpoint));
  std::string token = read_token();
  token.erase(0, token.find_first_not_of(" \t\r\n"));
  token.erase(token.find_last_not_of(" \t\r\n") + 1);
  // A line end would begin another header.
  const auto visible = [](char c) { return '!' <= c && c <= '~'; };
  check(std::all_of(token.begin(), token.end(), visible),
        "the token (HF_TOKEN or its file) holds characters that no token has");
  settings.token = token;
  settings.metadata_seconds = seconds_of("HF_HUB_ETAG_TIMEOUT", settings.metadata_seconds);
  settings.stalled_seconds = seconds_of("HF_HUB_DOWNLOAD_TIMEOUT", settings.stalled_seconds);
  return settings;
}

HubClient::HubClient(HubSettings settings, Notice notice)
    : settings_(std::move(settings)), notice_(std::move(notice)) {}

HttpRequest HubClient::request(std::string url) const {
  HttpRequest result;
  result.url = std::move(url);
  result.headers = {"Accept-Encoding: identity"};  // sizes and hashes are those of the plain file
  result.connect_seconds = settings_.metadata_seconds;
  result.stalled_seconds = settings_.stalled_seconds;
  return result;
}

/// The last answer of a chain of redirects. A redirect that already carries the facts of a file
/// ends it for HEAD: what it leads to, often another host, does not know them.
HttpResponse HubClient::follow(HttpRequest request, const HttpClient::Sink& sink) {
  const std::string home = http_origin(settings_.endpoint);
  const std::vector<std::string> headers = request.headers;
  for (int count = 0; count <= kMostRedirects; ++count) {
    const std::string origin = http_origin(request.url);
    request.headers = headers;
    if (origin == home && !settings_.token.empty()) {
      request.headers.push_back("Authorization: Bearer " + settings_.token);
    }
    HttpResponse response = http_.perform(request, sink);
    const std::string location = response.header("location");
    if (!response.problem.empty() || !is_redirect(response.status) || location.empty() ||
        (request.head && response.headers.count("x-linked-etag") != 0)) {
      return response;
    }
    const std::string next = http_join(request.url, location);
    check(!http_origin(next).empty(), "{}: redirects to {}, expected http or https", request.url,
          quote(location));
    check(!origin.starts_with("https:") || http_origin(next).starts_with("https:"),
          "{}: redirects from https to {}, which is not encrypted", request.url, quote(location));
    request.url = next;
  }
  fail("{}: more than {} redirects", settings_.endpoint, kMostRedirects);
}

void HubClient::wait(const HttpResponse& response, int attempt, const std::string& what) const {
  auto milliseconds = std::int64_t{500} << std::min(attempt, 5);
  if (response.retry_after > 0) milliseconds = 1000 * response.retry_after;
  const std::string reason = !response.problem.empty() ? response.problem
                             : may_pass(response.status)
                                 ? "the hub answers " + status_text(response.status)
                                 : "less came than was said";
  check(milliseconds <= 1000 * kLongestWait, "{}: {} and asks to wait {} seconds", what, reason,
        response.retry_after);
  if (notice_) {
    notice_(fmt::format("{}: {}; trying again in {:.1f} s", what, reason,
                        static_cast<double>(milliseconds) / 1000));
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

/// Tries until there is a complete answer; bodies reach the sink only with 200 and 206.
HttpResponse HubClient::persist(const Make& make, const HttpClient::Sink& sink,
                                const std::string& what,
                                const std::function<bool(const HttpResponse&)>& is_complete) {
  for (int attempt = 0;; ++attempt) {
    std::size_t unwanted = 0;
    const std::int64_t before = received_;
    const HttpResponse response =
        follow(make(), [&](const HttpResponse& answer, std::string_view bytes) {
          if (answer.status == 200 || answer.status == 206) {
            received_ += static_cast<std::int64_t>(bytes.size());
            return sink(answer, bytes);
          }
          unwanted += bytes.size();
          return unwanted <= kLongestErrorPage;
        });
    const bool whole = response.problem.empty();
    if (whole && !may_pass(response.status) && is_complete(response)) return response;
    if (received_ > before) attempt = 0;
    if (attempt >= settings_.retries) {
      if (!whole || response.status >= 300) fail_answer(response, what, settings_);
      fail("{}: less came than the hub said, {} times", what, attempt + 1);
    }
    wait(response, attempt, what);
  }
}

HubClient::Revision HubClient::revision(const std::string& model, const std::string& revision) {
  const std::string what = fmt::format("{}, revision {}", model, quote(revision));
  const std::string url = fmt::format("{}/api/models/{}/revision/{}", settings_.endpoint, model,
                                      percent_encoded(revision, false));
  std::string body;
  const auto make = [&] {
    body.clear();
    return request(url);
  };
  const auto sink = [&](const HttpResponse&, std::string_view bytes) {
    check(bytes.size() <= kLongestAnswer - body.size(), "{}: the answer has more than {} bytes",
          what, kLongestAnswer);
    body += bytes;
    return true;
  };
  const HttpResponse response = persist(make, sink, what, [](const HttpResponse&) { return true; });
  if (response.status != 200) fail_answer(response, what, settings_);
  const JsonObject object(url, parse_json(body, url));
  Revision found;
  found.commit = object.text("sha");
  check(is_commit_hash(found.commit), "{}: \"sha\" is {}, expected 40 hexadecimal digits", url,
        quote(found.commit));
  const nlohmann::ordered_json* siblings = object.value("siblings");
  if (siblings == nullptr || !siblings->is_array()) object.refuse("siblings", "a list of files");
  for (const auto& sibling : *siblings) {
    found.files.push_back(JsonObject(url, sibling).text("rfilename"));
  }
  return found;
}

std::string HubClient::file_url(const std::string& model, const std::string& commit,
                                const std::string& file) const {
  return fmt::format("{}/{}/resolve/{}/{}", settings_.endpoint, model, commit,
                     percent_encoded(file, true));
}

HubClient::FileFacts HubClient::facts(const std::string& model, const std::string& commit,
                                      const std::string& file) {
  const std::string what = fmt::format("{}/{}", model, file);
  const auto make = [&] {
    HttpRequest head = request(file_url(model, commit, file));
    head.head = true;
    return head;
  };
  const HttpResponse response = persist(
      make, [](const HttpResponse&, std::string_view) { return true; }, what,
      [](const HttpResponse&) { return true; });
  const bool linked = response.headers.count("x-linked-etag") != 0;
  if (response.status != 200 && !(linked && is_redirect(response.status))) {
    fail_answer(response, what, settings_);
  }
  const std::string served = response.header("x-repo-commit");
  check(served.empty() || served == commit, "{}: the hub gives commit {}, expected {}", what,
        quote(served), commit);
  FileFacts facts;
  facts.etag = plain_etag(response.header(linked ? "x-linked-etag" : "etag"));
  const auto plain = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
  };
  check(!facts.etag.empty() && facts.etag.size() <= 128 && facts.etag[0] != '.' &&
            std::all_of(facts.etag.begin(), facts.etag.end(), plain),
        "{}: its tag is {}, expected letters and digits", what, quote(facts.etag));
  facts.size = parse_size(response.header("x-linked-size"));
  if (!facts.size && response.status == 200) {
    facts.size = parse_size(response.header("content-length"));
  }
  return facts;
}

void HubClient::fetch(const std::string& model, const std::string& commit, const std::string& file,
                      std::int64_t from, std::optional<std::int64_t> size, const Write& write) {
  const std::string what = fmt::format("{}/{}", model, file);
  std::int64_t have = from;
  bool begun = false;  // bytes of this answer have come
  const auto make = [&] {
    HttpRequest get = request(file_url(model, commit, file));
    begun = false;
    if (!size) have = 0;
    if (have > 0) get.headers.push_back(fmt::format("Range: bytes={}-", have));
    return get;
  };
  const auto sink = [&](const HttpResponse& response, std::string_view bytes) {
    if (!begun) {
      const std::int64_t first = first_byte(response, what);
      check(first == 0 || first == have, "{}: the hub sends bytes from {} on, asked for {}", what,
            first, have);
      have = first;
      begun = true;
    }
    const auto count = static_cast<std::int64_t>(bytes.size());
    check(!size || count <= *size - have, "{}: the hub sends more than the {} bytes it said", what,
          size.value_or(0));
    write(have, bytes);
    have += count;
    return true;
  };
  const HttpResponse response = persist(make, sink, what, [&](const HttpResponse& answer) {
    if (answer.status == 416 && have > 0) {  // no such part: all of it, then
      have = 0;
      return false;
    }
    return answer.status >= 300 || !size || have == *size;
  });
  if (response.status != 200 && response.status != 206) fail_answer(response, what, settings_);
}

}  // namespace pellucid
