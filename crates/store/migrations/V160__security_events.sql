-- Who came in, who was refused, who changed what. Rows are added, and neither changed nor deleted.
create table security_events (
    number bigint primary key generated always as identity,
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
create index security_events_of_partner on security_events (partner_id, number);
create index security_events_by_age on security_events (at);

-- A token ends by itself. Those that are already there get the longest time a new one may have, from their last use on.
alter table api_tokens add column expires_at timestamptz;
update api_tokens set expires_at = coalesce(last_used_at, created_at) + interval '365 days';
alter table api_tokens alter column expires_at set not null;

-- When somebody last proved who it is, and from where it came, for whoever looks through its own sessions.
alter table sessions
    add column confirmed_at timestamptz,
    add column address inet,
    add column browser text;
update sessions set confirmed_at = created_at;
alter table sessions alter column confirmed_at set not null;
create index sessions_of_token on sessions (token_id, created_at) where ended_at is null;
create index sessions_of_person on sessions (issuer, subject, created_at) where ended_at is null;

-- For portals of the version before, which know neither column.
create function token_expiry() returns trigger language plpgsql as $$
begin
    new.expires_at := coalesce(new.expires_at, new.created_at + interval '90 days');
    return new;
end
$$;
create trigger token_expiry before insert on api_tokens for each row execute function token_expiry();
create function session_confirmation() returns trigger language plpgsql as $$
begin
    new.confirmed_at := coalesce(new.confirmed_at, new.created_at);
    return new;
end
$$;
create trigger session_confirmation before insert on sessions for each row execute function session_confirmation();
