#include "support/server.h"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <thread>

#include "app/ephemeral/server_programs.h"

namespace crossfade::test {
namespace {

using Outcome = std::unique_ptr<PGresult, decltype(&PQclear)>;

Outcome answer(PGconn* session, const std::string& statements) {
  Outcome outcome(PQexec(session, statements.c_str()), &PQclear);
  const auto status = PQresultStatus(outcome.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY) {
    throw std::runtime_error(fmt::format("{}in: {}", PQerrorMessage(session), statements));
  }
  return outcome;
}

/// Slots are the cluster's; one that a test left behind would keep its database from being dropped.
constexpr auto kEndWalsenders = R"(select pg_terminate_backend(active_pid, 5000) from pg_replication_slots
  where database = '{}' and active)";
constexpr auto kDropSlots = "select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = '{}'";

}  // namespace

ThrowawayServer& shared_server() {
  static ThrowawayServer server;
  return server;
}

bool server_lacks(const std::string& program) {
  return std::getenv(kPostgresVariable) != nullptr && !std::filesystem::exists(server_programs() / program);
}

Sql::Sql(const std::string& conninfo) : session_(PQconnectdb(conninfo.c_str())) {
  if (PQstatus(session_) != CONNECTION_OK) {
    const std::string message = PQerrorMessage(session_);
    PQfinish(session_);
    throw std::runtime_error(message);
  }
  PQsetNoticeProcessor(session_, [](void*, const char*) {}, nullptr);
}

Sql::~Sql() { PQfinish(session_); }

void Sql::exec(const std::string& statements) { answer(session_, statements); }

std::string Sql::value(const std::string& query) {
  const auto outcome = answer(session_, query);
  return PQntuples(outcome.get()) == 0 ? "" : PQgetvalue(outcome.get(), 0, 0);
}

std::vector<std::string> Sql::rows(const std::string& query) {
  const auto outcome = answer(session_, query);
  std::vector<std::string> rows;
  for (int row = 0; row < PQntuples(outcome.get()); ++row) {
    std::string line;
    for (int column = 0; column < PQnfields(outcome.get()); ++column) {
      if (column > 0) line += '|';
      line += PQgetisnull(outcome.get(), row, column) ? "NULL" : PQgetvalue(outcome.get(), row, column);
    }
    rows.push_back(std::move(line));
  }
  return rows;
}

std::vector<std::string> Sql::notifications() {
  answer(session_, "");  // reads what has come
  std::vector<std::string> payloads;
  while (auto* notified = PQnotifies(session_)) {
    payloads.emplace_back(notified->extra);
    PQfreemem(notified);
  }
  return payloads;
}

int Sql::backend_pid() const { return PQbackendPID(session_); }

Database::Database() : Database(shared_server()) {}

Database::Database(ThrowawayServer& server, const std::string& as_in) : server_(server) {
  static std::atomic<int> count = 0;
  name_ = fmt::format("test_{}", ++count);
  // Whatever an earlier test broke or stopped, this one begins with a server that runs.
  server_.start();
  Sql(server_.conninfo()).exec(fmt::format("create database {} template {}", name_, as_in.empty() ? "template0" : as_in));
}

Database::~Database() {
  try {
    server_.start();
    Sql sql(server_.conninfo());
    sql.exec(fmt::format(kEndWalsenders, name_));
    sql.exec(fmt::format(kDropSlots, name_));
    sql.exec(fmt::format("drop database {} with (force)", name_));
  } catch (const std::exception& error) {
    ADD_FAILURE() << "the test's database cannot be dropped: " << error.what();
  }
}

bool eventually(const std::function<bool()>& predicate, std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!predicate()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

}  // namespace crossfade::test
