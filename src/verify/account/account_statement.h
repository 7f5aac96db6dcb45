#pragma once

#include <cstdint>
#include <string>

#include "mapping/model/model.h"

namespace crossfade::verify {

/// Where the rows of one source went, as one statement: set operations only, so that it stays fast on millions of rows.
///
/// A row is looked for by its key where views show that, and by every direct rule that covers it, or by all direct rules where nothing
/// does; first in the shadow tables, then, where those lack it, in rejects, and last in the views (it is on its way, or in quarantine).
/// First row: total rows, rows found in no shadow table, rejected rows, reasons (text[]) and their rows (text[]),
/// unaccounted rows; then the key (text[]) of an unaccounted row, one a row, 20 at most; null where there is none.
/// A source whose rows are only looked up, or that both sides use, has none to look for: found and unaccounted are 0.
std::string account_statement(const mapping::Model& model, SourceId source, bool has_rejects);

/// True if rows of the source are looked for: a target follows it by columns, not by lookups alone. What both sides use stays where it is,
/// and no row of it can be lost; where some are rejected they are looked for all the same.
bool is_accountable(const mapping::Model& model, SourceId source, bool has_rejects);

}  // namespace crossfade::verify
