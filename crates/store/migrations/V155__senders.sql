-- Who sent a report of user counts or a charge (F7). Null: it came before this was stored.

-- token: through our API, by the token's name. message: from the broker; sent_by is its user, where the message names it and
-- RabbitMQ so vouches for it, and sent_app is what the sender calls itself. file: applied from a settings file.
alter table report_parts
    add column sent_way text check (sent_way in ('token', 'message', 'file')),
    add column sent_by text,
    add column sent_app text,
    add constraint report_parts_sender check (case sent_way
        when 'token' then sent_by is not null and sent_app is null
        when 'message' then true
        else sent_by is null and sent_app is null
    end);

-- Parts that the API passed on by message and that have not come in yet. A message cannot say which token sent it: whoever
-- may publish counts could invent one.
create table reports_handed_in (
    partner_id text not null references partners,
    report_id text not null,
    part integer not null check (part > 0),
    -- SHA-256 of the report's head and the part's content in its canonical form.
    content bytea not null,
    token_name text not null,
    handed_at timestamptz not null,
    primary key (partner_id, report_id, part, content)
);

-- The token's name, and the instant of what it told: a program of the version before tells more and writes neither.
alter table charged_months add column told_by text, add column told_by_at timestamptz;
