-- What the portal's edits do to targets and to the record of changes sent, with the rights of the tables' owner: the portal's role
-- has no right to write these tables. Each does one thing, so that no unit and no change sent can be written by them.

-- Another Kaseya is called from now on: deletes a partner's lines and targets and voids the record of changes sent. The journal
-- stays.
create or replace function forget_targets(of_partner text) returns void language sql security definer as $$
    delete from lines where partner_id = of_partner;
    delete from targets where partner_id = of_partner;
    update intents set forgotten = true where partner_id = of_partner and not forgotten;
$$;

-- Nothing is mapped to these lines any more: when they are mapped again, they may be another partner's.
create or replace function give_up_unmapped_targets(of_partner text) returns void language sql security definer as $$
    update targets set claimed_at = null
    where partner_id = of_partner and claimed_at is not null
      and not exists (select from mapped_targets mapped
                      where mapped.partner_id = of_partner and mapped.contract_id = targets.contract_id
                        and mapped.service_id = targets.service_id);
$$;

-- Kaseya shows other names than those entered, each at the same place of the three arrays: the names of targets follow.
create or replace function name_targets(of_partner text, kind text, ids integer[], entered text[], shown text[])
returns void language sql security definer as $$
    update targets told set
        service_name = case when kind = 'service' then follow.shown else told.service_name end,
        contract_name = case when kind = 'contract' then follow.shown else told.contract_name end,
        account_name = case when kind = 'account' then follow.shown else told.account_name end
    from unnest(ids, entered, shown) as follow (id, entered, shown)
    where told.partner_id = of_partner
      and follow.id = case kind when 'service' then told.service_id when 'contract' then told.contract_id
                                when 'account' then told.account_id end
      and follow.entered = case kind when 'service' then told.service_name when 'contract' then told.contract_name
                                     when 'account' then told.account_name end;
$$;
