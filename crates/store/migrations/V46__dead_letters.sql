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
