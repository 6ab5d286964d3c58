-- What people need to know beside a code stands as facts, so that each reader has it in their own language. The column
-- `detail` has the English sentences of programs before this; nothing reads it any more.
alter table statuses add column remarks jsonb not null default '[]';
