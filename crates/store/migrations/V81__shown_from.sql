-- Whether what Kaseya shows of an open hold's line has changed since the hold was opened: an approval then says from what (G-12).
alter table holds add column from_changed boolean not null default false;
