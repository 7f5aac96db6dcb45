-- A flip that came to no commit, or was not to. Its id is not called `flip`: that is what a commit in doubt is looked up by.
insert into crossfade.audit (migration, who, action, detail)
values ($1, coalesce(nullif($2, ''), session_user), $3, jsonb_build_object('tried', $4::text, 'attempts', $5::int, 'because', $6::text, 'role', session_user))
