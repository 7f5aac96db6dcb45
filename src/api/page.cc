#include "api/page.h"

#include <embedded_web.h>

namespace crossfade::api {
namespace {

Endpoint file(std::string path, std::string content_type, std::string_view text) {
  const Response whole{200, std::move(content_type), std::string(text)};
  const auto answer = [](Response response) -> asio::awaitable<Response> { co_return response; };
  return {"GET", std::move(path), Surface::kObserver, [whole, answer](Request) { return answer(whole); }};
}

}  // namespace

std::vector<Endpoint> page_endpoints() {
  return {
      file("/", "text/html; charset=utf-8", web::page::index),
      file("/style.css", "text/css; charset=utf-8", web::page::style),
      file("/script.js", "text/javascript; charset=utf-8", web::page::script),
      file("/icon.svg", "image/svg+xml", web::page::icon),
  };
}

}  // namespace crossfade::api
