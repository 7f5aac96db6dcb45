#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <cctype>
#include <memory>
#include <optional>
#include <utility>

#include "pg/connection.h"
#include "pg/connection_state.h"
#include "pg/name_lookup.h"
#include "pg/row.h"

/// How a session begins.
namespace crossfade::pg {
namespace {

/// What changes how statements are read, or what they see, is pinned, and so is what would print a value as less than it is. How
/// values are read otherwise (time zone, order of day and month, …) is the database's own: its views mean that. The limits that a role or
/// a database has are meant for applications, and so is the role that it puts on; whoever needs one here sets it. A synchronous standby that is
/// away must stop no command, least of all one that holds locks: what is committed here is flushed here. To compile a
/// statement takes a hundred times what ours take, and what the planner guesses of views and catalogs has it compile many.
constexpr const char* kSessionOptions =
    "-c extra_float_digits=3 -c row_security=off -c standard_conforming_strings=on -c quote_all_identifiers=off "
    "-c transform_null_equals=off -c array_nulls=on -c gin_fuzzy_search_limit=0 -c default_transaction_isolation=read\\ committed "
    "-c default_transaction_read_only=off -c default_transaction_deferrable=off -c role=none -c synchronous_commit=local "
    "-c statement_timeout=0 -c lock_timeout=0 -c idle_in_transaction_session_timeout=0 -c idle_session_timeout=0 -c jit=off";

/// Everything is written with its schema; whatever search_path the role has must not matter. Dates print so that any order of day
/// and month reads them: keys travel as text between sessions, the one that reads the WAL included. Behind a pooler another process
/// answers than the one that was connected to, and nothing is set: it would stay on a connection that an application is given next.
/// transaction_timeout is of PostgreSQL 17, and what keeps a dump from reading views came with a minor version. A role that has no
/// triggers would write v2 past its foreign keys. Of all that is set here, this alone wants a superuser, or whom one lets.
std::string pin(int process) {
  return fmt::format("select case when pg_catalog.pg_backend_pid() = {} then "
                     "pg_catalog.set_config('search_path', '', false) || pg_catalog.set_config('datestyle', 'ISO', false) || "
                     "case when pg_catalog.current_setting('transaction_timeout', true) is null then '' else pg_catalog.set_config('transaction_timeout', '0', false) end || "
                     "case when pg_catalog.current_setting('restrict_nonsystem_relation_kind', true) <> '' then pg_catalog.set_config('restrict_nonsystem_relation_kind', '', false) else '' end || "
                     "case pg_catalog.current_setting('session_replication_role') when 'origin' then '' else pg_catalog.set_config('session_replication_role', 'origin', false) end end",
                     process);
}

/// Who set it, and what sets it for our role alone; asked while search_path is anybody's.
constexpr const char* kWhoSet =
    "select s.setting as value, case s.source when 'database' then pg_catalog.format('database %s has it', pg_catalog.current_database()) "
    "when 'user' then pg_catalog.format('role %s has it', session_user) "
    "when 'database user' then pg_catalog.format('role %s has it in database %s', session_user, pg_catalog.current_database()) "
    "when 'global' then 'all roles have it' else pg_catalog.format('it comes from the server''s %s', s.source) end as said_by, "
    "pg_catalog.format('alter role %I in database %I set %s = origin;  -- by a superuser, or by whom PostgreSQL 15 or newer has granted set on that parameter; other roles keep theirs', "
    "session_user, pg_catalog.current_database(), s.name) as mend "
    "from pg_catalog.pg_settings s where s.name operator(pg_catalog.=) 'session_replication_role'";

/// All of it can be set by anybody, but for the one that only superusers may, and those whom they let.
Failure explain_pin(const Failure& refused, const Row& who) {
  auto facts = refused.facts();
  facts.message = fmt::format("a session here begins with session_replication_role = {} ({}), by which no foreign key and no trigger of v2 would be heeded, and this role may not set it back",
                              who.text("value"), who.text("said_by"));
  facts.advice = std::string(who.text("mend"));
  facts.hint.clear();
  return Failure(std::move(facts));
}

/// Sessions that are somebody else's between two statements cannot hold a lock, a lease or a stream.
Failure behind_pooler(const std::string& whom, std::string_view how) {
  Failure::Facts facts;
  facts.exit = ExitCode::kUsage;
  facts.message = fmt::format("{} is a connection pooler ({})", whom, how);
  facts.advice = "connect past the pooler: name host and port of PostgreSQL itself in --source";
  return Failure(std::move(facts));
}

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using Options = std::unique_ptr<PQconninfoOption, FreeOptions>;

struct EndSession {
  void operator()(PGconn* conn) const { PQfinish(conn); }
};

/// Not a word of the text itself: where it is not read as it was meant, any part of it can be one of the password.
Failure not_understood() {
  return usage_failure("the connection string is not understood",
                       "write it as libpq does: host=… dbname=… password='…', or postgresql://…; in a URI the @ / : ? # % of a password are %40 %2F %3A %3F %23 %25");
}

/// A URI whose password has an @ or a / in it is read another way than it was meant: as a host, a port or a database.
bool reads_otherwise(std::string_view conninfo) {
  const auto scheme = conninfo.find("://");
  if (!conninfo.starts_with("postgres") || scheme == std::string_view::npos) return false;
  const auto rest = conninfo.substr(scheme + 3);
  const auto at = rest.find('@');
  const auto place = rest.substr(0, rest.find('?', at < rest.find('/') ? at : 0));
  const auto authority = place.substr(0, place.find('/'));
  return std::count(place.begin(), place.end(), '@') > 1 || (place.find('@') != std::string_view::npos && authority.find('@') == std::string_view::npos);
}

/// As libpq has them from the string, the service, the environment and its defaults. It is asked for something that it refuses before
/// it does anything.
std::vector<Host> hosts_of(const Endpoint& endpoint) {
  const char* names[] = {"dbname", "target_session_attrs", nullptr};
  const char* values[] = {endpoint.conninfo.c_str(), "nothing", nullptr};
  const std::unique_ptr<PGconn, EndSession> conn(PQconnectStartParams(names, values, 1));
  const Options options(PQconninfo(conn.get()));
  std::string host, address, port;
  for (const auto* option = options.get(); option != nullptr && option->keyword != nullptr; ++option) {
    const std::string_view keyword = option->keyword;
    auto* part = keyword == "host" ? &host : keyword == "hostaddr" ? &address : keyword == "port"       ? &port : nullptr;
    if (part != nullptr && option->val != nullptr) *part = option->val;
  }
  return read_hosts(host, address, port);
}

void expect_readable(const Endpoint& endpoint, const std::vector<Host>& hosts) {
  const auto& conninfo = endpoint.conninfo;
  if (conninfo.find('=') != std::string::npos || conninfo.find("://") != std::string::npos) {
    const Options given(PQconninfoParse(conninfo.c_str(), nullptr));
    if (!given || reads_otherwise(conninfo)) throw not_understood();
  }
  for (const auto& host : hosts) {
    const bool number = std::all_of(host.port.begin(), host.port.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
    if (!number || host.name.find('@', 1) != std::string::npos) throw not_understood();
  }
}

/// Parameters of libpq that say where the server is, "" where the conninfo itself does.
struct Place {
  std::string host, address, port;
};

asio::awaitable<Place> place_of(const Endpoint& endpoint, Clock::time_point until) {
  auto hosts = hosts_of(endpoint);
  expect_readable(endpoint, hosts);
  const bool named = std::any_of(hosts.begin(), hosts.end(), is_to_look_up);
  if (!named) co_return Place{};
  std::string not_found;
  const auto asked = names_of(hosts);
  hosts = co_await look_up(std::move(hosts), until, not_found);
  if (hosts.empty()) {
    Failure::Facts facts;
    facts.message = fmt::format("cannot connect to host={}: {}", asked, not_found);
    facts.exit = endpoint.unreachable;
    facts.advice = "check host, and that names are resolved here";
    facts.connection_lost = true;
    throw Failure(std::move(facts));
  }
  co_return Place{names_of(hosts), addresses_of(hosts), ports_of(hosts)};
}

PGconn* begin_session(const Endpoint& endpoint, const Place& place) {
  const std::string replication = endpoint.replication ? "database" : "";
  // An expanded dbname lets the user's own conninfo or URI win over nothing and lose to what must hold.
  const char* names[] = {"dbname", "client_encoding", "application_name", "replication", "options", "fallback_application_name", "keepalives_idle", "keepalives_interval",
                         "keepalives_count", "tcp_user_timeout", "host", "hostaddr", "port", nullptr};
  const char* values[] = {endpoint.conninfo.c_str(), "UTF8", endpoint.application_name.c_str(), replication.c_str(), kSessionOptions, "crossfade", "10", "5", "3", "30000",
                          place.host.c_str(), place.address.c_str(), place.port.c_str(), nullptr};
  // The shell's own, for libpq to send along: views mean the database's.
  for (const auto* of_the_shell : {"PGTZ", "PGDATESTYLE", "PGGEQO"}) unsetenv(of_the_shell);
  return PQconnectStartParams(names, values, 1);
}

/// What the person at the terminal can mend is not tried again; all else may pass by itself.
Failure explain_refusal(const std::string& whom, std::string_view why, bool needs_password, ExitCode unreachable) {
  const auto refusal = read_refusal(why);
  const auto& state = refusal.sqlstate;
  // A violation of the protocol in what libpq sends is one of a pooler's own rules.
  if (state == "08P01") return behind_pooler(whom, log::redact(refusal.text));
  const bool secret = state.starts_with("28") || state == "42501" || needs_password;
  const bool no_database = state == "3D000";
  Failure::Facts facts;
  facts.message = fmt::format("cannot connect to {}: {}", whom, log::redact(refusal.text));
  facts.exit = secret ? ExitCode::kPermission : no_database ? rule_for(state).exit : unreachable;
  facts.advice = secret ? "check user, password (PGPASSWORD, ~/.pgpass) and pg_hba.conf" : no_database ? std::string(rule_for(state).advice) : "check host, port and that the server runs";
  if (secret || no_database || (!state.empty() && rule_for(state).verdict != Verdict::kStop)) facts.sqlstate = state;
  facts.connection_lost = !secret && !no_database;
  return Failure(std::move(facts));
}

/// What the session is to mean by everything, and that it is the server's own.
asio::awaitable<void> settle(Connection& connection) {
  auto settings = pin(connection.backend_pid());
  std::optional<Failure> refused_pin;
  bool other_process = false;
  try {
    const auto pinned = co_await connection.script(std::move(settings));
    other_process = pinned.is_null(0, 0);
  } catch (const Failure& failure) {
    refused_pin = failure;
  }
  if (refused_pin && refused_pin->sqlstate() == "42501") {
    const std::string ask = kWhoSet;
    const auto who = co_await connection.script(ask);
    throw explain_pin(*refused_pin, first(who));
  }
  if (refused_pin) throw *refused_pin;
  if (other_process) throw behind_pooler(connection.describe(), "another process answers than the one that was connected to");
}

}  // namespace

asio::awaitable<Connection> Connection::open_one(Endpoint endpoint) {
  const auto executor = co_await asio::this_coro::executor;
  const auto until = Clock::now() + endpoint.deadline;
  const auto place = co_await place_of(endpoint, until);
  auto state = std::make_unique<State>(executor);
  state->unreachable = endpoint.unreachable;
  state->conn = begin_session(endpoint, place);
  Connection connection(std::move(state));
  auto& s = *connection.state_;
  const auto refused = [&](std::string_view why) { return explain_refusal(connection.describe(), why, PQconnectionNeedsPassword(s.conn) != 0, endpoint.unreachable); };
  if (!s.conn) throw refused("out of memory");
  if (PQstatus(s.conn) == CONNECTION_BAD) throw refused(PQerrorMessage(s.conn));
  // The SQLSTATE of what the server says to a session that it does not let begin stands in the text alone.
  PQsetErrorVerbosity(s.conn, PQERRORS_VERBOSE);
  PQsetNoticeReceiver(s.conn, &State::receive_notice, &s);
  for (auto polled = PGRES_POLLING_WRITING; polled != PGRES_POLLING_OK; polled = PQconnectPoll(s.conn)) {
    if (polled == PGRES_POLLING_FAILED) throw refused(PQerrorMessage(s.conn));
    s.follow_socket();
    const int events = polled == PGRES_POLLING_READING ? kReadable : kWritable;
    const bool ready = co_await connection.wait_until_ready(events, until);
    if (!ready) throw refused(fmt::format("no answer within {} ms", endpoint.deadline.count()));
  }
  PQsetErrorVerbosity(s.conn, PQERRORS_DEFAULT);
  s.follow_socket();
  if (PQsetnonblocking(s.conn, 1) != 0) throw refused(PQerrorMessage(s.conn));
  co_await settle(connection);
  co_return connection;
}

Endpoint Endpoint::of_source() const {
  auto alone = *this;
  if (!source.empty()) alone.conninfo = source;
  alone.source.clear();
  return alone;
}

asio::awaitable<Connection> Connection::open(Endpoint endpoint) {
  if (endpoint.source.empty()) co_return co_await open_one(std::move(endpoint));
  auto beside = std::make_unique<Connection>(co_await open_one(endpoint.of_source()));
  endpoint.unreachable = ExitCode::kTargetUnreachable;
  Connection connection = co_await open_one(std::move(endpoint));
  // What the source prints is read here: there values are printed as its views mean it.
  const std::string ask = "select pg_catalog.current_setting('intervalstyle'), pg_catalog.current_setting('xmloption')";
  const auto prints = co_await beside->query(ask);
  const std::string follow = "select pg_catalog.set_config('intervalstyle', $1, false), pg_catalog.set_config('xmloption', $2, false)";
  Parameters as_there = {prints.optional_text(0, 0), prints.optional_text(0, 1)};
  co_await connection.query(follow, std::move(as_there));
  connection.state_->source = std::move(beside);
  co_return connection;
}

}  // namespace crossfade::pg
