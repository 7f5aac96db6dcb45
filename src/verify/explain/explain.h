#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "crossfade/v1/explain.pb.h"
#include "mapping/model/model.h"
#include "pg/connection.h"
#include "sync/state/runtime.h"

namespace crossfade::verify {

namespace asio = boost::asio;

/// For whoever asks about rows as people know them: each target has its primary key for a locator, the last, where it has none by it.
mapping::Model with_primary_keys(mapping::Model model);

/// The key of a target that a person means by `words`: values of its first locator's columns in their order, or
/// column=value for each column of any locator that is no lookup; column=null for none. Throws a usage Failure that names the locators.
Key key_from_words(const mapping::Model& model, TargetId target, const std::vector<std::string>& words);

/// The keys of the first locator that a person means by `words`, of which crossfade.touch takes each: column=value as above; where each word
/// alone names a key so, each of them; else each word is a value of it. Reads where the rows have to be asked.
asio::awaitable<std::vector<std::string>> first_keys_from_words(pg::Connection& connection, const mapping::Model& model, TargetId target, std::vector<std::string> words);

/// "id 42", "user_id 1, day null".
std::string key_text(const std::string& locator, const KeyValues& values);

/// Keys that lead to the same rows: a locator's name, and its values as text[].
using LeadingKeys = std::set<std::pair<std::string, std::string>>;

/// Everything that lies behind a key: rows of the sources, of the view and of the shadow table, what differs, whether it
/// waits or was refused, and how far the target can be read. Reads alone, at one snapshot, in a transaction of its own. `leading`
/// gets the keys by which a daemon can be asked for what waits in its memory.
asio::awaitable<v1::ExplainReply> explain(pg::Connection& connection, const mapping::Model& model, Key key, LeadingKeys& leading);

/// kMismatch where a row of the view and the shadow's differ.
ExitCode exit_code(const v1::ExplainReply& reply);

}  // namespace crossfade::verify
