-- Who may come in by the portal and its API, and who did what.

-- Tokens of programs, and of the first person; of each only the hash.
create table api_tokens (
    token_id uuid primary key,
    partner_id text not null references partners,
    name text not null check (name <> ''),
    role text not null check (role in ('viewer', 'editor', 'admin', 'provider')),
    -- SHA-256 of 256 random bits.
    token_hash bytea not null unique check (length(token_hash) = 32),
    created_at timestamptz not null,
    created_by text not null,
    last_used_at timestamptz,
    revoked_at timestamptz,
    -- A token ends by itself.
    expires_at timestamptz not null
);
create index api_tokens_of_partner on api_tokens (partner_id, created_at);

-- People who may sign in by OpenID Connect. They are named by e-mail; whoever first signs in with that e-mail, verified by the
-- provider, is the one from then on, whatever becomes of the address.
create table members (
    member_id uuid primary key,
    partner_id text not null references partners,
    email text not null check (email <> '' and email = lower(email)),
    issuer text,
    subject text,
    role text not null check (role in ('viewer', 'editor', 'admin')),
    added_at timestamptz not null,
    added_by text not null,
    removed_at timestamptz,
    check ((issuer is null) = (subject is null))
);
create index members_of_person on members (issuer, subject) where removed_at is null;
create index members_to_come on members (email) where removed_at is null and issuer is null;
create unique index one_member_per_email on members (partner_id, email) where removed_at is null;
create unique index one_member_per_person on members (partner_id, issuer, subject) where removed_at is null;

-- Who is signed in: with a token, which has one partner, or as a person, who has those where it is a member.
create table sessions (
    session_hash bytea primary key check (length(session_hash) = 32),
    token_id uuid references api_tokens,
    issuer text,
    subject text,
    -- As pages show it, and as decisions name it.
    name text not null,
    created_at timestamptz not null,
    last_seen_at timestamptz not null,
    ended_at timestamptz,
    confirmed_at timestamptz not null,
    address inet,
    browser text,
    check ((issuer is null) = (subject is null)),
    check ((token_id is null) = (issuer is not null))
);
create index sessions_by_age on sessions (last_seen_at);
create index sessions_of_person on sessions (issuer, subject, created_at) where ended_at is null;
create index sessions_of_token on sessions (token_id, created_at) where ended_at is null;

-- Attempts that are limited, per minute: counted here because there are several portals.
create table attempts (
    -- What is attempted and by whom, such as sign-in:192.0.2.7.
    whose text not null,
    minute timestamptz not null,
    attempts integer not null check (attempts > 0),
    primary key (whose, minute)
);
create index attempts_by_age on attempts (minute);

-- Answers to calls that came with a key of the caller's, so that a repeat is answered and not done.
create table idempotency_keys (
    partner_id text not null references partners,
    key text not null check (key <> ''),
    route text not null,
    request_hash bytea not null,
    -- Null while the first call is being answered.
    status smallint,
    body text,
    created_at timestamptz not null,
    caller uuid not null,
    primary key (partner_id, caller, key),
    check ((status is null) = (body is null))
);
create index idempotency_keys_by_age on idempotency_keys (created_at);

-- Who came in, who was refused, who changed what. Rows are added, and neither changed nor deleted.
create table security_events (
    number bigint generated always as identity primary key,
    at timestamptz not null,
    kind text not null,
    -- Null where it is no partner's, such as a sign-in that failed.
    partner_id text references partners,
    -- As pages show who it was; a command names its user.
    by_name text not null,
    by_token uuid,
    by_issuer text,
    by_subject text,
    -- The client's address; null for a command.
    address inet,
    -- What it was about: an id, or an address of mail.
    object text not null,
    details jsonb not null,
    trace_id text,
    check ((by_issuer is null) = (by_subject is null)),
    check (by_token is null or by_issuer is null)
);
create index security_events_by_age on security_events (at);
create index security_events_of_partner on security_events (partner_id, number);
