#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "mapping/model/model.h"
#include "pg/connection.h"
#include "setup/state/state_schema.h"
#include "support/server.h"
#include "verify/diff/recheck.h"

namespace crossfade::test {

/// Two old tables, three new ones filled with what their views say: weeks are generated, sets are found by their week's plan.
class Gym : public Postgres {
 protected:
  Gym() {
    sql.exec(setup::engine_sql(0));
    sql.exec(R"(
      create schema v2; create schema map;
      create table plans (id int primary key, owner text, weeks int not null default 2);
      create table moves (id int primary key, plan_id int, title text);
      insert into plans select n, case when n % 10 > 0 then 'owner ' || n end, 2 from generate_series(1, 100) n;
      insert into moves select n, 1 + n % 100, 'move ' || n from generate_series(1, 1000) n;
      create table v2.plans (id int primary key, owner text not null);
      create table v2.weeks (id text primary key, plan_id int not null references v2.plans, number int not null);
      create table v2.moves (id int primary key, week_id text not null references v2.weeks, title varchar(40), factor float8 not null);
      create view map.plans as select id, owner from plans where owner is not null;
      create view map.weeks as select p.id || '/' || n as id, p.id as plan_id, n as number
        from plans p cross join generate_series(1, p.weeks) n where p.owner is not null;
      create view map.moves as select m.id, p.id || '/1' as week_id, m.title, 1.5::float8 as factor, m.plan_id
        from moves m join plans p on p.id = m.plan_id and p.owner is not null;
      create view map.rejected_plans as select id, 'no owner' as reason from plans where owner is null;
      create view map.rejected_moves as select m.id, 'its plan has no owner' as reason
        from moves m join plans p on p.id = m.plan_id where p.owner is null;
      insert into v2.plans select * from map.plans;
      insert into v2.weeks select * from map.weeks;
      insert into v2.moves select id, week_id, title, factor from map.moves;
      insert into crossfade.migration (name, phase, shadow_schema, mapping_schema) values ('gym', 'following', 'v2', 'map');
    )");
    model.name = "gym";
    model.shadow_schema = "v2";
    model.mapping_schema = "map";
    model.sources = {{"public", "plans", {"id"}, 0}, {"public", "moves", {"id"}, 0}};
    mapping::Locator id{{"id"}, {"integer"}, "", {}, ""};
    mapping::Locator plan_id{{"plan_id"}, {"integer"}, "", {}, ""};
    mapping::Locator plan_of_week = plan_id;
    plan_of_week.path = {{{"v2", "weeks"}, {"week_id"}, {"id"}}};
    model.targets = {
        {"plans", {{"id", "integer"}, {"owner", "text"}}, {"id"}, {id}, 0, "id", 0},
        {"weeks", {{"id", "text"}, {"plan_id", "integer"}, {"number", "integer"}}, {"id"}, {plan_id}, 0, "id", 0},
        {"moves", {{"id", "integer"}, {"week_id", "text"}, {"title", "character varying(40)"}, {"factor", "double precision"}},
         {"id"}, {plan_of_week, id}, 0, "id", 0},
    };
    for (auto& target : model.targets) target.table = {"v2", target.name};
    const auto rule = [](SourceId source, TargetId target, LocatorId locator, const std::string& column) {
      return mapping::FollowRule{source, target, locator, {column}, {}};
    };
    model.rules = {rule(0, 0, 0, "id"), rule(0, 1, 0, "id"), rule(0, 2, 0, "id"), rule(1, 2, 1, "id"), rule(1, 2, 0, "plan_id")};
  }

  std::unique_ptr<pg::Connection> connect() { return run(io, open(database.conninfo())); }

  boost::asio::io_context io;
  mapping::Model model;

 private:
  static boost::asio::awaitable<std::unique_ptr<pg::Connection>> open(std::string conninfo) {
    pg::Endpoint endpoint;
    endpoint.conninfo = std::move(conninfo);
    co_return std::make_unique<pg::Connection>(co_await pg::Connection::open(endpoint));
  }
};

}  // namespace crossfade::test
