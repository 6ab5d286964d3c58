-- Whose line it is, and what Kaseya calls what our settings name by id (G-06, G-13).

-- Since when a partner writes a target's line, or has found it to hold its number: the first of two partners of one Kaseya
-- goes on, and the other writes nothing there. Null: it does not.
alter table targets add column claimed_at timestamptz;
update targets set claimed_at = coalesce(
    (select min(granted_at) from intents
     where intents.partner_id = targets.partner_id and intents.contract_id = targets.contract_id
       and intents.service_id = targets.service_id),
    confirmed_at);

-- The account that the contract was last found to be one of, by id. Null: nobody has asked.
alter table contracts add column owner_account_id integer;

-- The newest name that Kaseya showed for an id.
create table kaseya_names (
    partner_id text not null references integrations,
    kind text not null check (kind in ('service', 'contract', 'account')),
    id integer not null,
    name text not null check (name <> ''),
    seen_at timestamptz not null,
    primary key (partner_id, kind, id)
);
