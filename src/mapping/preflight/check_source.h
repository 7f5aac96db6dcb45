#pragma once

#include <string>
#include <vector>

#include "mapping/catalog/catalog.h"
#include "mapping/preflight/preflight.h"

namespace crossfade::mapping {

/// Whether the server streams changes, and lets our role do so.
void check_server(const ServerCatalog& server, std::vector<Finding>& findings);

/// Whether a source is a table whose changes and rows we get to see whole. `key` is the file's, or empty. `role` is ours.
void check_source(const RelationCatalog& source, const std::vector<std::string>& key, const std::string& role,
                  std::vector<Finding>& findings);

/// Whether a server that does not send what is generated when it is read would refuse the application's updates once the source is
/// published.
void check_virtual(const RelationCatalog& source, std::vector<Finding>& findings);

/// Whether the WAL tells `rule` what it needs of a row that was changed, moved or deleted.
///
/// Invariant 5: a source's replica identity contains every column its follow rules use. Otherwise a row that moves from
/// one key to another would offer its new key only, and what it left behind would stay for ever.
void check_identity(const WrittenRule& rule, const RelationCatalog& source, std::vector<Finding>& findings);

}  // namespace crossfade::mapping
