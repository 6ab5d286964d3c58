-- How each company stands by what is stored, one row per company: a partner's list of 10,000 is searched, filtered and counted
-- without putting the statuses together anew. Kept by triggers on what it is made of; what lies over it for a while (the
-- integration is off, a job is open) is not in it.

-- The contracts that companies are shown with: the company's own, 0 while it is unmapped, and those of single products. One
-- is left out when nothing is synced there and nothing was.
create or replace function shown_contracts(of_partner text, of_companies text[])
returns table (company_id text, contract_id integer, state text, code text, last_sync timestamptz)
language sql stable as $$
    with served as (select count(*) as products from product_mappings where partner_id = of_partner),
    own as (
        select company_id, contract_id, service_id is not null as is_served, statuses.company_id is not null as has_status,
               state, code, last_sync
        from company_product_contracts
             left join product_mappings using (partner_id, product_id)
             left join statuses using (partner_id, company_id, contract_id)
        where partner_id = of_partner and company_id = any(of_companies)
    ),
    own_together as (
        select company_id, count(*) filter (where is_served) as served, bool_or(has_status) as has_status
        from own group by company_id
    )
    select companies.company_id, coalesce(company_mappings.contract_id, 0), coalesce(state, 'never'), code, last_sync
    from companies cross join served
         left join company_mappings using (partner_id, company_id)
         left join own_together using (company_id)
         left join statuses on statuses.partner_id = of_partner and statuses.company_id = companies.company_id
                           and statuses.contract_id = coalesce(company_mappings.contract_id, 0)
    where companies.partner_id = of_partner and companies.company_id = any(of_companies)
      and (company_mappings.contract_id is null or served.products > coalesce(own_together.served, 0) or statuses.company_id is not null
           or served.products = 0 and own_together.has_status is not true)
    union
    select company_id, contract_id, coalesce(state, 'never'), code, last_sync from own where is_served or has_status
$$;

-- A contract on which nothing is billed has no number of ours: that none was ever seen there takes nothing from how long ago the
-- company's other contracts were.
create or replace function keep_standings(of_partner text, of_companies text[]) returns void language plpgsql as $$
begin
    insert into company_standings (partner_id, company_id)
    select partner_id, company_id from companies
    where partner_id = of_partner and company_id = any(of_companies)
    order by company_id
    on conflict do nothing;
    -- Of two who write of one company the second looks when the first has committed: so it finds what both have written.
    perform from company_standings
    where partner_id = of_partner and company_id = any(of_companies)
    order by company_id for update;
    update company_standings as kept
    set states = new.states, codes = new.codes, last_sync = new.last_sync, unmapped = new.unmapped, users = new.users
    from (
        select known.company_id, coalesce(array_agg(distinct state) filter (where state is not null), '{}') as states,
               coalesce(array_agg(distinct code) filter (where contract_id <> 0 and code is not null), '{}') as codes,
               case when bool_and(shown.last_sync is not null or state = 'not_billed')
                    then min(shown.last_sync) filter (where state <> 'not_billed') end as last_sync,
               not exists (select from company_mappings as mapped
                           where mapped.partner_id = of_partner and mapped.company_id = known.company_id) as unmapped,
               (select users from newest_reports as newest
                where newest.partner_id = of_partner and newest.company_id = known.company_id) as users
        from unnest(of_companies) as known (company_id)
             left join shown_contracts(of_partner, of_companies) as shown using (company_id)
        group by known.company_id
    ) as new
    where kept.partner_id = of_partner and kept.company_id = new.company_id
      and (kept.states, kept.codes, kept.last_sync, kept.unmapped, kept.users)
          is distinct from (new.states, new.codes, new.last_sync, new.unmapped, new.users);
end
$$;

create or replace function keep_standings_of_written() returns trigger language plpgsql as $$
begin
    perform keep_standings(partner_id, array_agg(distinct company_id)) from written group by partner_id order by partner_id;
    return null;
end
$$;
create or replace trigger standings_of_new after insert on companies referencing new table as written
    for each statement execute function keep_standings_of_written();
create or replace trigger standings_of_new after insert on statuses referencing new table as written
    for each statement execute function keep_standings_of_written();
create or replace trigger standings_of_changed after update on statuses referencing new table as written
    for each statement execute function keep_standings_of_written();
create or replace trigger standings_of_gone after delete on statuses referencing old table as written
    for each statement execute function keep_standings_of_written();
create or replace trigger standings_of_new after insert on company_mappings referencing new table as written
    for each statement execute function keep_standings_of_written();
create or replace trigger standings_of_changed after update on company_mappings referencing new table as written
    for each statement execute function keep_standings_of_written();
create or replace trigger standings_of_gone after delete on company_mappings referencing old table as written
    for each statement execute function keep_standings_of_written();
create or replace trigger standings_of_new after insert on newest_reports referencing new table as written
    for each statement execute function keep_standings_of_written();
create or replace trigger standings_of_changed after update on newest_reports referencing new table as written
    for each statement execute function keep_standings_of_written();
create or replace trigger standings_of_gone after delete on newest_reports referencing old table as written
    for each statement execute function keep_standings_of_written();
create or replace trigger standings_of_new after insert on company_product_contracts referencing new table as written
    for each statement execute function keep_standings_of_written();
create or replace trigger standings_of_changed after update on company_product_contracts referencing new table as written
    for each statement execute function keep_standings_of_written();
create or replace trigger standings_of_gone after delete on company_product_contracts referencing old table as written
    for each statement execute function keep_standings_of_written();

-- Whether a product has a service decides for all companies whether a contract of its own is synced.
create or replace function keep_all_standings() returns trigger language plpgsql as $$
begin
    perform keep_standings(partner_id, array_agg(company_id))
    from companies where partner_id in (select partner_id from written) group by partner_id order by partner_id;
    return null;
end
$$;
create or replace trigger standings_of_new after insert on product_mappings referencing new table as written
    for each statement execute function keep_all_standings();
create or replace trigger standings_of_gone after delete on product_mappings referencing old table as written
    for each statement execute function keep_all_standings();
