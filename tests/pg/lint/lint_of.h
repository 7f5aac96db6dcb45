#pragma once

#include <cstddef>

#include "lint/lint_reply.h"
#include "mapping/catalog/read_catalog.h"
#include "mapping/preflight/build_model.h"

namespace crossfade::test {

/// What lint says of a migration that is installed in the open transaction, by the rules that the catalog has of it.
inline boost::asio::awaitable<v1::LintReply> lint_of(pg::Connection& connection, const mapping::DirectedMigration& directed, const mapping::Catalog& catalog, std::size_t samples) {
  const auto model = mapping::build_model(directed, catalog).model;
  lint::LintOptions options;
  options.samples = samples;
  const auto scope = co_await lint::prepare_lint(connection, model, true, options.samples);
  const auto linted = co_await lint::lint(connection, model, scope, options);
  co_return lint::reply_of(model, scope, linted);
}

}  // namespace crossfade::test
