#pragma once

#include <map>
#include <string>

#include "mapping/derive/query_tree.h"
#include "mapping/derive/trace.h"

namespace crossfade::mapping::derive {

/// Whether a value may come for which the server refuses to compute it: text that is no number, a zero to divide by.
bool may_fail(const Node& expression);

/// What of the columns that a select gives the server refuses to compute for some values: text cast to a number, an integer cast to one that has
/// less room, a division. "" where nothing is, or a case keeps it from what it cannot take. `types` are those of columns of `changed`.
std::string risky_output(const std::string& select, const std::map<std::string, std::string>& types);

/// Whether what a statement gives depends on rows of tables: it reads one, calls a function that may, or is not understood.
bool reads_tables(const std::string& sql);

/// Whether the server asks the condition before any that compares what may fail: it asks them in the order of what they cost.
bool asked_first(const Node& condition);

/// The collation by which the expression is compared, as SQL, where texts are equal by it that are not the same; "" of any other.
std::string loose_collation(const Facts& facts, const Level& level, const Node* expression);
std::string loose_collation(const Facts& facts, const Place& place);
/// Of a column that a select gives.
std::string loose_collation(const Facts& facts, const Level& level, std::size_t output);

/// Of two sides that are compared.
std::string together(const std::string& one, const std::string& other);

/// Whether equal values of the expression are the same whatever it is made of: of an integer, of a text by any collation but a loose one.
bool gives_the_same(const Node& expression);

}  // namespace crossfade::mapping::derive
