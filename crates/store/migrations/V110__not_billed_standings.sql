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

select keep_standings(partner_id, array_agg(company_id)) from companies group by partner_id;

-- The rows that say that a line counts later than its users do: they are few, and readiness asks for them.
create index rows_counting_later on statuses (partner_id, company_id) where remarks @> '[{"kind": "counts_later"}]';
