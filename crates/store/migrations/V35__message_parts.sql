-- Messages between our services that are larger than a consumer takes come in parts, each to whichever replica is free. They are
-- put together here. What never becomes whole is forgotten after a day: its sender has sent it again by then.
create table message_parts (
    whole_id uuid not null,
    place int not null,
    parts int not null,
    bytes bytea not null,
    arrived_at timestamptz not null,
    primary key (whole_id, place)
);
