-- Events to announce, dead letters, and parts of messages.

-- What is announced to listeners, numbered per partner without gaps, kept for replay.
create table events (
    partner_id text not null references partners,
    number bigint not null check (number > 0),
    topic text not null,
    kind text not null,
    body jsonb not null,
    created_at timestamptz not null,
    announced_at timestamptz,
    primary key (partner_id, number)
);
create index events_unannounced on events (created_at) where announced_at is null;

-- Messages that could not be worked on (G-11): kept to be shown, sent again or dropped by a person.
create table dead_letters (
    -- Follows from queue and body: the same message put aside again is the same letter.
    letter_id uuid primary key,
    queue text not null,
    reason text not null,
    kind text,
    message_id text,
    -- All of it up to 256 KiB; of a larger one the first 4 KiB.
    body bytea not null,
    body_bytes bigint not null,
    body_sha256 text not null,
    -- As the message says; nobody has checked it.
    partner_id text,
    first_at timestamptz not null,
    last_at timestamptz not null,
    times integer not null default 1,
    -- kept, sending (where only the services reach the bus), sent, dropped.
    state text not null default 'kept' check (state in ('kept', 'sending', 'sent', 'dropped')),
    decided_at timestamptz,
    decided_by text
);
create index dead_letters_open on dead_letters (last_at) where state in ('kept', 'sending');

-- Messages between our services that are larger than a consumer takes come in parts, each to whichever replica is free. They are
-- put together here. What never becomes whole is forgotten after a day: its sender has sent it again by then.
create table message_parts (
    whole_id uuid not null,
    place integer not null,
    parts integer not null,
    bytes bytea not null,
    arrived_at timestamptz not null,
    primary key (whole_id, place)
);
