#pragma once

#include <string>

#include "mapping/derive/query_tree.h"
#include "mapping/derive/trace.h"

namespace crossfade::mapping::derive {

/// Whether a value may come for which the server refuses to compute it: text that is no number, a zero to divide by.
bool may_fail(const Node& expression);

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
