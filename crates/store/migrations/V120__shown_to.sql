-- Whether an open hold has come to hold another number since it was opened: an approval must say which it is about.
alter table holds add column to_changed boolean not null default false;
