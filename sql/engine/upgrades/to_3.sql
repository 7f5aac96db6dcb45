-- From layout 2: a file's hash is entered together with what it says.
drop function if exists crossfade.enter_script(text, text, text);
