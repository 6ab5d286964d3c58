-- What people look up in Kaseya, Authenticate too: kept for the hour that it counts, so that nobody uses up what others need.
create table look_ups (
    look_up bigint generated always as identity primary key,
    partner_id text not null,
    host text not null,
    tenant text not null,
    alone text not null,
    begun_at timestamptz not null,
    -- Null while it may still call.
    ended_at timestamptz,
    -- The calls that it may make or, once it has ended, has made.
    v2 integer not null check (v2 >= 0),
    v1 integer not null check (v1 >= 0)
);
create index look_ups_of_partner on look_ups (partner_id, begun_at);
create index look_ups_open on look_ups (tenant) where ended_at is null;
