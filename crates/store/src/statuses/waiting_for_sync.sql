-- Rows whose mapping, billing rule or basis of counting was edited after the sync that they show: they wait for the next one and
-- are not green until then (G-01, G-04). Kept by the tables that a plan is made of, whoever writes them.


-- Companies wait on each contract that they are shown with, and so does everybody on these contracts: a line is a sum.
create or replace function wait_for_next_sync(of_partner text, of_companies text[], of_contracts integer[]) returns void language sql as $$
    update statuses
    set state = 'deferred', deferred_until = null,
        edited_during = array(select job_id || '/' || attempt from jobs
                              where partner_id = of_partner
                                and (state = 'started' or kind = 'local' and state = 'emitted'))
    where partner_id = of_partner and contract_id <> 0
      and (state in ('changed', 'unchanged', 'not_billed') or edited_during is not null)
      and (contract_id = any(of_contracts)
           or contract_id in (select contract_id from statuses as own
                              where own.partner_id = of_partner and own.company_id = any(of_companies)))
$$;

create or replace function wait_after_mapping() returns trigger language plpgsql as $$
begin
    perform wait_for_next_sync(partner_id, array_agg(company_id), array_agg(contract_id))
    from written group by partner_id order by partner_id;
    return null;
end
$$;
create or replace trigger waits_after_new after insert on company_mappings referencing new table as written
    for each statement execute function wait_after_mapping();
create or replace trigger waits_after_gone after delete on company_mappings referencing old table as written
    for each statement execute function wait_after_mapping();

-- The version goes up with all that the plan of a company is made of; another name alone leaves it.
create or replace function wait_after_edit() returns trigger language plpgsql as $$
begin
    perform wait_for_next_sync(partner_id, array_agg(company_id),
                               array_agg(written.contract_id) || array_agg(before.contract_id))
    from written join before using (partner_id, company_id)
    where written.version <> before.version
    group by partner_id order by partner_id;
    return null;
end
$$;
create or replace trigger waits_after_edit after update on company_mappings referencing old table as before new table as written
    for each statement execute function wait_after_edit();

-- A company's product that goes to a contract where the company had nothing. Others are known by the company's version.
create or replace function wait_after_own_contract() returns trigger language plpgsql as $$
begin
    perform wait_for_next_sync(partner_id, '{}', array_agg(contract_id))
    from written
    where not exists (select from statuses
                      where (statuses.partner_id, statuses.company_id, statuses.contract_id)
                            = (written.partner_id, written.company_id, written.contract_id))
    group by partner_id order by partner_id;
    return null;
end
$$;
create or replace trigger waits_after_new after insert on company_product_contracts referencing new table as written
    for each statement execute function wait_after_own_contract();

-- A product's service, or none, is every company's: also where nobody was counted, an old line of it may stand.
create or replace function wait_after_product() returns trigger language plpgsql as $$
begin
    perform wait_for_next_sync(partner_id, '{}', array_agg(distinct contract_id))
    from statuses where partner_id in (select partner_id from written) group by partner_id order by partner_id;
    return null;
end
$$;
create or replace trigger waits_after_new after insert on product_mappings referencing new table as written
    for each statement execute function wait_after_product();
create or replace trigger waits_after_gone after delete on product_mappings referencing old table as written
    for each statement execute function wait_after_product();

create or replace function wait_after_all_were_edited() returns trigger language plpgsql as $$
begin
    perform wait_for_next_sync(new.partner_id, '{}', array_agg(distinct contract_id))
    from statuses where partner_id = new.partner_id;
    return null;
end
$$;
create or replace trigger waits_after_edit after update of service_id on product_mappings
    for each row when (old.service_id <> new.service_id) execute function wait_after_all_were_edited();
create or replace trigger waits_after_edit after update of count_basis on partners
    for each row when (old.count_basis <> new.count_basis) execute function wait_after_all_were_edited();
