#include <fmt/format.h>
#include <gmock/gmock.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <fstream>
#include <iterator>

#include "api/client.h"
#include "support/flip.h"
#include "support/move.h"

namespace crossfade::test {
namespace {

namespace fs = std::filesystem;
using boost::asio::ip::tcp;
using testing::HasSubstr;
using testing::Not;

const std::string kSecret = "hunter2-secret";

/// A way to give a password.
struct Way {
  std::string name;
  std::vector<std::string> arguments;
  Environment environment;
};

std::string text_of(const fs::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// A server that lets role locked in by its password alone.
class SecretsTest : public testing::Test {
 protected:
  SecretsTest() {
    move.sql().exec(fmt::format("create role locked superuser login password '{}'", kSecret));
    const fs::path rules = move.sql().value("show hba_file");
    const auto others = text_of(rules);
    std::ofstream(rules) << "host all locked 127.0.0.1/32 scram-sha-256\n" << others;
    server.reload();
    const auto guarded = [&] {
      try {
        Sql guest(fmt::format("host=127.0.0.1 port={} user=locked dbname={} password=wrong", server.port(), database));
        return false;
      } catch (const std::runtime_error&) {
        return true;
      }
    };
    EXPECT_TRUE(eventually(guarded));
  }

  std::vector<Way> ways() {
    const auto port = std::to_string(server.port());
    const auto nobody = fmt::format("host=127.0.0.1 port={} user=locked dbname={}", port, database);
    const auto keywords = fmt::format("{} password='{}'", nobody, kSecret);
    const auto uri = fmt::format("postgresql://locked:{}@127.0.0.1:{}/{}", kSecret, port, database);
    const auto file = server.directory() / "passwords";
    std::ofstream(file) << fmt::format("127.0.0.1:{}:{}:locked:{}\n", port, database, kSecret);
    fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
    return {{"a URI", {"--source", uri}, {}},
            {"keywords", {"--source", keywords}, {}},
            {"a parameter of a URI", {"--source", fmt::format("postgresql://127.0.0.1:{}/{}?user=locked&password={}", port, database, kSecret)}, {}},
            {"the target", {"--source", keywords, "--target", keywords}, {}},
            {"CROSSFADE_SOURCE", {}, {{"CROSSFADE_SOURCE", uri}}},
            {"PGPASSWORD", {"--source", nobody}, {{"PGPASSWORD", kSecret}}},
            {"a file", {"--source", nobody + " passfile=" + file.string()}, {}}};
  }

  std::unique_ptr<Program> begin(const Way& way, std::vector<std::string> words) {
    words.insert(words.begin(), CROSSFADE_BINARY);
    words.insert(words.end(), {"--migration", move.folder(), "--control", move.control(), "--no-input"});
    words.insert(words.end(), way.arguments.begin(), way.arguments.end());
    return std::make_unique<Program>(words, server.directory() / fmt::format("call-{}", ++calls_), way.environment);
  }
  /// What a call writes, whatever comes of it.
  std::string said(const Way& way, const std::vector<std::string>& words) {
    const auto program = begin(way, words);
    EXPECT_TRUE(program->exit_within(kLimit)) << words.front();
    return program->output();
  }
  std::string done(const Way& way, const std::vector<std::string>& words) {
    const auto program = begin(way, words);
    EXPECT_EQ(program->exit_within(kLimit), 0) << way.name << ": " << words.front() << program->output();
    return program->output();
  }

  /// What an observer is told by TCP: the first event of a stream, or the whole of another answer.
  std::string observed(const std::string& path) {
    boost::asio::io_context io;
    tcp::socket socket(io);
    socket.connect({boost::asio::ip::address_v4::loopback(), port_});
    boost::asio::write(socket, boost::asio::buffer("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
    std::string answer;
    boost::system::error_code closed;
    boost::asio::read_until(socket, boost::asio::dynamic_buffer(answer), path == "/events" ? "data: {" : "\r\n\r\n", closed);
    boost::asio::read_until(socket, boost::asio::dynamic_buffer(answer), path == "/events" ? "}\n\n" : "never", closed);
    return answer;
  }

  void start_daemon(const Way& way, const std::string& format) {
    daemon_ = begin(way, {"run", "--prepare", "--http", fmt::format("127.0.0.1:{}", port_), "--log-level", "debug", "--log-format", format});
    const auto leads = [&] {
      try {
        return api::ask(move.control(), {"GET", "/readyz", ""}).status == 200;
      } catch (const std::exception&) {
        return false;
      }
    };
    ASSERT_TRUE(eventually([&] { return leads() || !daemon_->running(); }, kLimit) && daemon_->running()) << way.name << daemon_->output();
  }
  std::string stop_daemon() {
    daemon_->signal(SIGTERM);
    EXPECT_EQ(daemon_->exit_within(kLimit), 0);
    return daemon_->output();
  }
  bool caught_up() {
    const auto lsn = move.sql().value("select pg_current_wal_insert_lsn()");
    return eventually([&] {
      return move.sql().value(fmt::format("select consistent_lsn >= '{}' from crossfade.checkpoint", lsn)) == "t";
    }, kLimit);
  }

  ThrowawayServer server{{.tcp = true}};
  Move move{test_migration("gym"), server};
  const std::string database = move.sql().value("select current_database()");

 private:
  static unsigned short free_port() {
    boost::asio::io_context io;
    return tcp::acceptor(io, {boost::asio::ip::address_v4::loopback(), 0}).local_endpoint().port();
  }

  unsigned short port_ = free_port();
  std::unique_ptr<Program> daemon_;
  int calls_ = 0;
};

TEST_F(SecretsTest, HoweverAPasswordIsGivenNobodySeesIt) {
  const std::vector<std::string> formats = {"text", "logfmt", "json"};
  std::size_t number = 0;
  for (const auto& way : ways()) {
    start_daemon(way, formats[number++ % formats.size()]);
    ASSERT_TRUE(caught_up()) << way.name;
    auto seen = observed("/status") + observed("/metrics") + observed("/events");
    EXPECT_THAT(seen, HasSubstr(R"("migration":"gym")"));
    for (const auto& words : std::vector<std::vector<std::string>>{{"status"}, {"status", "--json"}, {"report"}}) seen += done(way, words);
    seen += stop_daemon();
    EXPECT_THAT(seen, HasSubstr("leading"));
    EXPECT_THAT(seen, Not(HasSubstr(kSecret))) << way.name;
  }
}

TEST_F(SecretsTest, NoCommandShowsIt) {
  const auto way = ways().front();
  std::string seen;
  for (const auto& words : std::vector<std::vector<std::string>>{{"plan", "--print-sql"}, {"plan", "--json"}, {"prepare", "--print-sql"}, {"prepare", "--dry-run"}}) {
    seen += done(way, words);
  }
  start_daemon(way, "text");
  ASSERT_TRUE(caught_up());
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"wait", "--phase", "following"}, {"verify"}, {"verify", "--json"}, {"account"}, {"check"}, {"lint"}, {"quarantine"}, {"refresh", "plans", "7"}, {"throttle"},
           {"pause"}, {"resume"}, {"doctor"}, {"cutover", "reads", "--dry-run"}, {"cutover", "writes", "--dry-run"}, {"cancel", "--confirm", "gym"}}) {
    seen += said(way, words);
  }
  seen += stop_daemon() + move.sql().value("select string_agg(a::text, ' ') from crossfade.audit a");
  EXPECT_THAT(seen, Not(HasSubstr(kSecret)));
}

TEST_F(SecretsTest, WhatCannotConnectDoesNotSayWithWhat) {
  const auto port = std::to_string(server.port());
  for (const auto& source : {"postgresql://locked:" + kSecret + "x@127.0.0.1:" + port + "/" + database, "host=/nowhere password=" + kSecret,
                             "postgresql://u:" + kSecret + "@127.0.0.1:1/x", "host=x sslmode=nonsense password=" + kSecret,
                             "postgresql://u:" + kSecret + "@127.0.0.1:port/x", "password=" + kSecret + " nonsense"}) {
    const auto text = said({"", {"--source", source}, {}}, {"plan"});
    EXPECT_THAT(text, HasSubstr("crossfade: ")) << source;
    EXPECT_THAT(text, Not(HasSubstr(kSecret))) << source;
  }
  // A slip of the fingers: the command line itself is quoted.
  const auto text = said({"", {"--sauce", "postgresql://u:" + kSecret + "@h/x"}, {}}, {"plan"});
  EXPECT_THAT(text, HasSubstr("--sauce"));
  EXPECT_THAT(text, Not(HasSubstr(kSecret)));
}

TEST_F(SecretsTest, AMessageOrAQueryThatQuotesOneIsBlottedOutWhereverItGoes) {
  const auto way = ways().front();
  start_daemon(way, "json");
  ASSERT_TRUE(caught_up());
  // As a function would that asks another database.
  move.sql().exec(fmt::format(R"(create function refuse() returns trigger language plpgsql as $$ begin
      if new.title = 'bad' then raise exception 'could not connect: host=db password={}'; end if; return new; end $$;
    create trigger refuse before insert or update on gym_v2.exercises for each row execute function refuse();
    alter table gym_v2.exercises enable always trigger refuse;
    update exercises set title = 'bad' where id = 17)", kSecret));
  EXPECT_TRUE(eventually([&] { return move.sql().value("select count(*) from crossfade.quarantine") == "1"; }, kLimit));
  auto seen = done(way, {"quarantine"});
  EXPECT_THAT(seen, HasSubstr("could not connect: host=db password=***"));
  const auto page = observed("/events");
  EXPECT_THAT(page, HasSubstr("could not connect"));
  seen += page + done(way, {"report"}) + done(way, {"quarantine", "accept", "17"}) + done(way, {"verify"}) + done(way, {"account"});
  Sql other(move.conninfo());
  other.exec(fmt::format("begin; update plans set owner = owner where id = 1; alter role locked password '{}'", kSecret));
  std::string blocked;
  EXPECT_TRUE(eventually([&] { return (blocked = said(way, {"cutover", "writes", "--dry-run"})).find("✗ long transaction") != std::string::npos; }, kLimit)) << blocked;
  EXPECT_THAT(blocked, HasSubstr("alter role locked password ***"));
  other.exec("rollback");
  const auto evidence = server.directory() / "evidence";
  seen += blocked + done(way, {"cutover", "writes", "--confirm", "gym", "--evidence", evidence});
  int pages = 0;
  for (const auto& file : fs::directory_iterator(evidence)) {
    const auto text = text_of(file.path());
    EXPECT_THAT(text, HasSubstr("P0001")) << "what was waived is told";
    EXPECT_THAT(text, Not(HasSubstr("could not connect"))) << "but not what the server said of it";
    seen += text;
    ++pages;
  }
  EXPECT_EQ(pages, 2);
  seen += stop_daemon() + move.sql().value("select concat((select string_agg(a::text, ' ') from crossfade.audit a), (select string_agg(f::text, ' ') from crossfade.cutover_step f), "
                                           "(select string_agg(q::text, ' ') from crossfade.quarantine q))");
  EXPECT_THAT(seen, HasSubstr("\"event\":\"key is set aside\""));
  EXPECT_THAT(seen, Not(HasSubstr(kSecret)));
}

}  // namespace
}  // namespace crossfade::test
