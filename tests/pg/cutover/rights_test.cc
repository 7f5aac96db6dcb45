#include "pg/cutover/inventory.h"

namespace crossfade::test {
namespace {

TEST_F(InventoryTest, WhoMayWriteV1MayWriteWhatItBecomes) {
  auto& sql = move.sql();
  with_roles({"gym_app", "gym_reader"});
  sql.exec("grant select, insert, update, delete on plans, exercises to gym_app; grant select on exercises to gym_reader; grant select (owner) on plans to gym_reader");
  expect_done(flip("cutover"));
  EXPECT_NO_THROW(sql.exec("set role gym_app; insert into plans values (700, 'app'); insert into weeks values (700, 1); insert into exercises values (7000, 700, 'app', 'mine'); reset role"));
  EXPECT_NO_THROW(sql.exec("set role gym_reader; select title from exercises; select owner from plans; reset role"));
  EXPECT_EQ(sql.value("select has_table_privilege('gym_reader', 'weeks', 'select')::text || has_table_privilege('gym_reader', 'plans', 'select') || has_table_privilege('gym_reader', 'exercises', 'insert')"),
            "falsefalsefalse")
      << "nothing is opened";
}

TEST_F(InventoryTest, WhoMayInsertMayDrawFromWhatTheDefaultsOfItsColumnsDrawFrom) {
  auto& sql = move.sql();
  with_roles({"gym_owner", "gym_app", "gym_some"});
  sql.exec("alter table exercises owner to gym_owner; grant select, insert on exercises to gym_app; grant insert (id, plan_id, title) on exercises to gym_some;"
           "create sequence gym_v2.\"Numbers\" start 100000; alter table gym_v2.exercises alter id set default nextval('gym_v2.\"Numbers\"'), alter owner set default 'nobody';"
           "grant insert (owner) on gym_v2.exercises to gym_some");
  const auto text = move.call({"cutover", "writes", "--dry-run"}).second;
  EXPECT_NE(text.find("grant to gym_app on gym_v2.exercises, has it on v1 · carried · in the flip: may usage of gym_v2.\"Numbers\""), std::string::npos) << text;
  say("sequence: accept");
  expect_done(flip("cutover"));
  for (const auto* role : {"gym_owner", "gym_app", "gym_some"}) {
    EXPECT_NO_THROW(sql.exec(fmt::format("set role {}; insert into exercises (plan_id, title) values (3, 'drawn')", role))) << role;
    sql.exec("reset role");
  }
  expect_v1_follows(move);
  EXPECT_EQ(sql.value("select count(*) from exercises_v1 where id >= 100000"), "3");
}

TEST_F(InventoryTest, RightsThatWereGivenWhileV2WasWrittenAreNamedByTheRollback) {
  auto& sql = move.sql();
  with_roles({"gym_owner", "gym_app", "gym_new"});
  sql.exec("alter table plans owner to gym_owner; grant select, insert on plans to gym_app");
  expect_done(flip("cutover"));
  expect_v1_follows(move);
  const auto plain = move.call({"rollback", "writes", "--dry-run"}).second;
  EXPECT_EQ(plain.find("grant to "), std::string::npos) << plain;
  EXPECT_EQ(plain.find("row security"), std::string::npos) << plain;
  sql.exec("grant select, update on plans to gym_new; grant select (title) on exercises to gym_new; grant select on weeks to public;"
           "alter table plans enable row level security; create policy mine on plans to gym_new using (owner = 'new')");
  const auto text = move.call({"rollback", "writes", "--dry-run"}).second;
  for (const auto* each : {"grant to gym_new on public.plans, may select, update there · to know · in the flip: stays with v2's table · in a rollback: is not given on public.plans_v1, which has the name again; "
                           "if it is to be: grant select, update on public.plans to gym_new",
                           "grant to gym_new on public.exercises, may select (title) there · to know", "grant select (title) on public.exercises to gym_new",
                           "grant to public on public.weeks, may select there · to know",
                           "row security of public.plans, v2 has it, with policies mine · to know · in the flip: stays with v2's table · in a rollback: public.plans_v1 has none, and is open"}) {
    EXPECT_NE(text.find(each), std::string::npos) << each << " in " << text;
  }
  EXPECT_EQ(text.find("grant to gym_app"), std::string::npos) << text;
  EXPECT_EQ(text.find("grant to gym_owner"), std::string::npos) << text;
  expect_done(flip("rollback"));
  EXPECT_EQ(sql.value("select has_table_privilege('gym_new', 'plans', 'select')"), "f") << "nothing is opened by itself";
}

TEST_F(InventoryTest, AGrantOfColumnsIsCarriedWithItsGrantOption) {
  auto& sql = move.sql();
  with_roles({"gym_app"});
  sql.exec("grant select (owner), update (owner) on plans to gym_app; grant select (id) on plans to gym_app with grant option");
  expect_done(flip("cutover"));
  EXPECT_EQ(sql.value("select concat_ws(' ', has_column_privilege('gym_app', 'plans', 'id', 'select with grant option'), has_column_privilege('gym_app', 'plans', 'owner', 'select'), "
                      "has_column_privilege('gym_app', 'plans', 'owner', 'select with grant option'), has_column_privilege('gym_app', 'plans', 'owner', 'update'))"),
            "t t f t");
}

TEST_F(InventoryTest, WhoMayDrawFromASequenceOfV1MayDrawFromTheOneThatTakesItsPlace) {
  auto& sql = move.sql();
  with_roles({"gym_app"});
  sql.exec("create sequence plans_id_seq owned by plans.id; grant usage, select on sequence plans_id_seq to gym_app with grant option; grant select on sequence plans_id_seq to public;"
           "alter table gym_v2.plans alter column id add generated by default as identity");
  expect_done(flip("cutover"));
  EXPECT_EQ(sql.value("select pg_get_serial_sequence('plans', 'id') || has_sequence_privilege('gym_app', 'plans_id_seq', 'usage') || has_sequence_privilege('gym_app', 'plans_id_seq', 'select') "
                      "|| has_sequence_privilege('gym_app', 'plans_id_seq', 'update')"), "public.plans_id_seqtruetruefalse");
}

TEST_F(InventoryTest, TheOwnerOfV1OwnsWhatItBecomes) {
  auto& sql = move.sql();
  with_roles({"gym_owner"});
  sql.exec("alter table plans owner to gym_owner");
  expect_done(flip("cutover"));
  EXPECT_EQ(sql.value("select string_agg(relname || ' ' || pg_get_userbyid(relowner), ', ' order by relname) from pg_class where oid in ('plans'::regclass, 'weeks'::regclass)"),
            "plans gym_owner, weeks gym_owner");
  sql.exec("insert into plans values (701, 'owner')");
  expect_v1_follows(move);
  expect_done(flip("rollback"));
  sql.exec("update plans set owner = 'v1 again' where id = 701; insert into plans values (702, 'v1', 2)");
  move.expect_equal();
}

TEST_F(InventoryTest, ASequenceThatGoesAlongBelongsToWhomTheTablesBelongThatDrawFromIt) {
  auto& sql = move.sql();
  with_roles({"gym_owner"});
  sql.exec("grant create on schema public to gym_owner; alter table exercises owner to gym_owner; create sequence gym_v2.\"Numbers\" start 100000; create sequence gym_v2.tickets;"
           "alter table gym_v2.exercises alter id set default nextval('gym_v2.\"Numbers\"')");
  const auto text = move.call({"cutover", "writes", "--dry-run"}).second;
  EXPECT_NE(text.find("sequence gym_v2.\"Numbers\", stands in the shadow schema · carried · in the flip: goes to schema public and belongs to gym_owner"), std::string::npos) << text;
  EXPECT_NE(text.find("sequence gym_v2.tickets, stands in the shadow schema · carried · in the flip: goes to schema public ·"), std::string::npos) << "v1's tables have several owners: " << text;
  say("sequence: accept");
  expect_done(flip("cutover"));
  EXPECT_EQ(sql.value("select string_agg(relname || ' ' || (pg_get_userbyid(relowner) = 'gym_owner'), ', ' order by relname) from pg_class where relname in ('Numbers', 'tickets') and relnamespace = 'public'::regnamespace"),
            "Numbers true, tickets false");
  EXPECT_NO_THROW(sql.exec("set role gym_owner; alter sequence public.\"Numbers\" restart with 200000; reset role"));
  expect_v1_follows(move);
  expect_done(flip("rollback"));
  EXPECT_EQ(sql.value("select to_regclass('gym_v2.\"Numbers\"') is not null"), "t");
}

TEST_F(InventoryTest, WhoOwnsATableThatFollowsCannotHaveTheDaemonRunCode) {
  auto& sql = move.sql();
  with_roles({"gym_owner"});
  sql.exec("alter table plans owner to gym_owner; alter table exercises owner to gym_owner;"
           "create function evil(text) returns boolean language plpgsql as $$ begin raise 'runs as %', current_user; end $$; alter function evil owner to gym_owner");
  const auto attaches = [&](const std::string& table) {
    bool refused = false;
    try {
      sql.exec("set role gym_owner; alter table " + table + " add constraint c check (public.evil(owner))");
    } catch (const std::runtime_error& failure) {
      refused = std::string(failure.what()).find("must be owner") != std::string::npos;
    }
    sql.exec("reset role");
    return !refused;
  };
  const auto owners = [&] { return sql.value("select string_agg(distinct (pg_get_userbyid(relowner) = 'gym_owner')::text || ' ' || (relname ~ '_v1$' or relnamespace::regnamespace::text = 'gym_v2')::text, ', ') "
                                             "from pg_class where relname ~ '^(plans|exercises)(_v1)?$' and relkind = 'r'"); };
  for (int cycle = 0; cycle < 2; ++cycle) {
    SCOPED_TRACE(cycle);
    prove();
    expect_done(flip("cutover"));
    EXPECT_EQ(owners(), "false true, true false") << "what follows is not theirs";
    EXPECT_FALSE(attaches("plans_v1"));
    sql.exec("set role gym_owner; select from plans_v1; insert into plans values (" + std::to_string(710 + cycle) + ", 'owner'); reset role");
    expect_v1_follows(move);
    expect_done(flip("rollback"));
    EXPECT_EQ(owners(), "false true, true false");
    EXPECT_FALSE(attaches("gym_v2.plans"));
    sql.exec("set role gym_owner; update plans set duration = 3; reset role");
    move.expect_equal();
  }
  prove();
  expect_done(flip("cutover"));
  expect_done({"complete", "--confirm", "gym"});
  EXPECT_EQ(owners(), "true false, true true") << "what was lent is given back";
}

TEST_F(InventoryTest, PartitionsHaveTheOwnerOfTheirTable) {
  Move parts(test_migration("partitions"));
  auto& sql = parts.sql();
  with_roles({"gym_owner"});
  sql.exec("alter table reading owner to gym_owner");
  parts.start_daemon();
  parts.expect_equal();
  for (const auto& words : std::vector<std::vector<std::string>>{{"verify"}, {"account"}, {"cutover", "writes", "--confirm", "partitions", "--evidence", evidence().string()}}) {
    const auto [exit, text] = parts.call(words);
    EXPECT_EQ(exit, 0) << text;
  }
  EXPECT_EQ(sql.value("select string_agg(distinct pg_get_userbyid(relowner), ' ') from pg_partition_tree('reading') p join pg_class c on c.oid = p.relid"), "gym_owner");
  EXPECT_NO_THROW(sql.exec("set role gym_owner; alter table reading add column x int; reset role"));
}

TEST_F(InventoryTest, WhoMayMakeTriggersMayAgainOnceItsTableIsGivenBack) {
  auto& sql = move.sql();
  with_roles({"gym_owner", "gym_app"});
  sql.exec("alter table plans owner to gym_owner; alter table exercises owner to gym_owner; grant all on plans to gym_app; grant trigger on exercises to gym_app with grant option; grant trigger on exercises to public");
  const auto may = [&](const std::string& suffix) {
    return sql.value(fmt::format("select concat_ws(' ', has_table_privilege('gym_app', 'plans{0}', 'trigger'), has_table_privilege('gym_app', 'exercises{0}', 'trigger with grant option'), "
                                 "has_table_privilege('public', 'exercises{0}', 'trigger'))", suffix));
  };
  EXPECT_EQ(may(""), "t t t");
  expect_done(flip("cutover"));
  EXPECT_EQ(may("_v1"), "f f f");
  EXPECT_EQ(may(""), "t t t") << "of v2's, as of any privilege";
  expect_done(flip("rollback"));
  EXPECT_EQ(may(""), "t t t");
  EXPECT_EQ(sql.value("select has_table_privilege('gym_app', 'gym_v2.plans', 'trigger')"), "f");
  move.expect_equal();
  prove();
  expect_done(flip("cutover"));
  EXPECT_EQ(may(""), "t t t");
  expect_done({"complete", "--confirm", "gym"});
  EXPECT_EQ(may("_v1"), "t t t");
}

TEST_F(InventoryTest, WhoMayWriteSomeColumnsAloneIsAWriterToo) {
  auto& sql = move.sql();
  with_roles({"gym_day"});
  sql.exec("grant update (day) on exercises to gym_day");
  const auto text = refused("cutover");
  EXPECT_NE(text.find("grant to gym_day on what becomes of public.exercises (may write it) could write none of gym_v2.exercises"), std::string::npos) << text;
  sql.exec("grant update (title) on gym_v2.exercises to gym_day");
  expect_done(flip("cutover"));
}

TEST_F(InventoryTest, CodeOfAnotherRoleThatWouldRunAsTheDaemonIsInTheWay) {
  with_roles({"gym_owner"});
  move.sql().exec("create function harmless(text) returns boolean language sql immutable as 'select true'; alter function harmless owner to gym_owner;"
                  "alter table exercises add constraint looks_harmless check (harmless(title))");
  const auto text = refused("cutover");
  EXPECT_NE(text.find("code public.harmless(text) on public.exercises (is called by constraint looks_harmless, and is gym_owner's to change) "
                      "runs with the rights of the daemon while v1 follows"), std::string::npos) << text;
  move.sql().exec("alter function harmless owner to current_user");
  expect_done(flip("cutover"));
}

TEST_F(InventoryTest, RowSecurityThatV2LacksHoldsTheFlipUpUntilItIsCarriedOrAccepted) {
  auto& sql = move.sql();
  sql.exec("alter table plans enable row level security; create policy own on plans using (owner = current_user)");
  const auto text = refused("cutover");
  EXPECT_NE(text.find("row security of gym_v2.plans (public.plans has it, with 1 policies) would be open"), std::string::npos) << text;
  EXPECT_NE(text.find("row security of gym_v2.weeks (public.plans has it"), std::string::npos) << text;
  EXPECT_NE(text.find("row security of gym_v2.exercises (public.plans has it"), std::string::npos) << "it shows whose plan it is: " << text;
  say("\"row security of gym_v2.plans\": carry, row security: accept");
  expect_done(flip("cutover"));
  EXPECT_EQ(sql.value("select relrowsecurity || pg_get_expr(polqual, polrelid) from pg_class join pg_policy on polrelid = pg_class.oid where pg_class.oid = 'plans'::regclass"),
            "true(owner = CURRENT_USER)");
}

/// As a schema dump has it: row security is enabled, and the policies are left out.
TEST_F(InventoryTest, RowSecurityWithoutAPolicyHoldsTheFlipUpUntilV1sPoliciesAreCarried) {
  auto& sql = move.sql();
  with_roles({"gym_app"});
  sql.exec("grant select, insert, update, delete on plans to gym_app; alter table plans enable row level security; create policy own on plans to gym_app using (owner = 'Owner 7') with check (owner <> 'no');"
           "update plans set owner = 'Owner 7' where id = 7; alter table gym_v2.plans enable row level security; alter table gym_v2.weeks enable row level security");
  say("\"row security of gym_v2.exercises\": accept");
  const auto text = refused("cutover");
  EXPECT_NE(text.find("row security of gym_v2.plans (public.plans has it, with 1 policies) has no policy: nobody but its owner would see or write a row"), std::string::npos) << text;
  EXPECT_NE(text.find("create the policies of gym_v2.plans in v2.sql; or let it have those of v1"), std::string::npos) << text;
  EXPECT_NE(text.find("row security of gym_v2.weeks (public.plans has it, with 1 policies) has no policy"), std::string::npos) << text;
  sql.exec("create policy all_of_them on gym_v2.weeks to gym_app using (number > 0)");
  std::filesystem::copy_file(test_migration("gym") / "migration.yaml", move.folder() / "migration.yaml", std::filesystem::copy_options::overwrite_existing);
  say("row security: carry, \"row security of gym_v2.exercises\": accept");
  expect_done(flip("cutover"));
  EXPECT_EQ(sql.value("select string_agg(relname || ' ' || polname, ', ' order by relname) from pg_class join pg_policy on polrelid = pg_class.oid where pg_class.oid in ('plans'::regclass, 'weeks'::regclass)"),
            "plans own, weeks all_of_them") << "a table that has its own keeps to them";
  EXPECT_EQ(sql.value("set role gym_app; select string_agg(id::text, ' ') from plans"), "7");
  EXPECT_NO_THROW(sql.exec("insert into plans values (720, 'mine'); reset role"));
  expect_v1_follows(move);
  expect_done(flip("rollback"));
  prove();
  expect_done(flip("cutover"));
}

TEST_F(InventoryTest, WhatV2GivesAndV1DoesNotHoldsTheFlipUpUntilItIsTakenBackOrAccepted) {
  auto& sql = move.sql();
  with_roles({"gym_app", "gym_reader", "gym_group"});
  sql.exec("grant gym_group to gym_app; grant select on plans, exercises to gym_group; grant update on plans to gym_app;"
           "grant select, update on gym_v2.plans to gym_app; grant select on gym_v2.weeks to gym_app; grant select on gym_v2.exercises to public; grant insert, delete on gym_v2.weeks to gym_reader");
  const auto text = refused("cutover");
  EXPECT_NE(text.find("access of public to gym_v2.exercises (v1 does not give it that) may select, which it may not where the rows come from"), std::string::npos) << text;
  EXPECT_NE(text.find("mend: revoke select on gym_v2.exercises from public"), std::string::npos) << text;
  EXPECT_NE(text.find("access of gym_reader to gym_v2.weeks (v1 does not give it that) may delete, insert"), std::string::npos) << text;
  EXPECT_EQ(text.find("access of gym_app"), std::string::npos) << "it has it on v1, by its group: " << text;
  sql.exec("revoke insert, delete on gym_v2.weeks from gym_reader");
  say("\"access of public to gym_v2.exercises\": accept");
  expect_done(flip("cutover"));
}

TEST_F(InventoryTest, RowSecurityThatIsMoreOpenThanV1sHoldsTheFlipUp) {
  auto& sql = move.sql();
  sql.exec("alter table plans enable row level security; alter table plans force row level security; create policy own on plans using (owner = current_user);"
           "alter table gym_v2.plans enable row level security; create policy everybody on gym_v2.plans for select using (true); create policy own on gym_v2.plans using (owner = current_user)");
  say("\"row security of gym_v2.weeks\": accept, \"row security of gym_v2.exercises\": accept");
  const auto text = refused("cutover");
  EXPECT_NE(text.find("row security of gym_v2.plans (public.plans has it for its owner too) does not hold for the table's owner"), std::string::npos) << text;
  EXPECT_NE(text.find("row security of gym_v2.plans (its policy everybody lets every row pass) is open, which v1 is not"), std::string::npos) << text;
  sql.exec("drop policy everybody on gym_v2.plans; alter table gym_v2.plans force row level security");
  expect_done(flip("cutover"));
}

TEST_F(InventoryTest, RowSecurityThatClosesWhatV1LeavesOpenHoldsTheFlipUp) {
  auto& sql = move.sql();
  with_roles({"gym_app", "gym_reader"});
  sql.exec("grant select, insert, update, delete on plans to gym_app; grant select on plans to gym_reader;"
           "alter table gym_v2.plans enable row level security; alter table gym_v2.weeks enable row level security, force row level security");
  const auto text = refused("cutover");
  EXPECT_NE(text.find("row security of gym_v2.plans (public.plans is open) has no policy: nobody but its owner would see or write a row"), std::string::npos) << text;
  EXPECT_NE(text.find("or alter table gym_v2.plans disable row level security"), std::string::npos) << text;
  EXPECT_NE(text.find("row security of gym_v2.weeks (public.plans is open) has no policy: nobody would see"), std::string::npos) << text;
  sql.exec("create policy own on gym_v2.plans for select to gym_app using (true); create policy everybody on gym_v2.weeks using (true)");
  const auto some = refused("cutover");
  EXPECT_NE(some.find("row security of gym_v2.plans (gym_app may delete, insert, update on v1) has no policy for gym_app to delete, insert, update"), std::string::npos) << some;
  EXPECT_NE(some.find("row security of gym_v2.plans (gym_reader may select on v1) has no policy for gym_reader to select"), std::string::npos) << some;
  EXPECT_EQ(some.find("gym_v2.weeks ("), std::string::npos) << some;
  sql.exec("create policy writes on gym_v2.plans to gym_app using (true); create policy reads on gym_v2.plans for select to public using (true)");
  expect_done(flip("cutover"));
  EXPECT_EQ(sql.value("set role gym_reader; select count(*) > 0 from plans"), "t");
}

TEST_F(InventoryTest, RowSecurityOfV1WithoutAPolicyIsClosedAndV2WithoutItIsOpen) {
  move.sql().exec("alter table plans enable row level security");
  const auto text = refused("cutover");
  EXPECT_NE(text.find("row security of gym_v2.plans (public.plans has it, with 0 policies) would be open"), std::string::npos) << text;
  EXPECT_NE(text.find("row security of gym_v2.weeks (public.plans has it, with 0 policies) would be open"), std::string::npos) << text;
  say("\"row security of gym_v2.plans\": carry, row security: accept");
  expect_done(flip("cutover"));
  EXPECT_EQ(move.sql().value("select relrowsecurity from pg_class where oid = 'plans'::regclass"), "t");
}

}  // namespace
}  // namespace crossfade::test
