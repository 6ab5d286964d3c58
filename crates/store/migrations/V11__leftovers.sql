-- Lines that were ours and that nothing is mapped to any more (D-13).

-- What a target was mapped as when a job last worked on it: once nothing is mapped there any more, nothing else tells whose
-- account the contract is and what people call it. Null before that.
alter table targets add column account_id integer;
alter table targets add column account_name text;
alter table targets add column contract_name text;
alter table targets add column service_name text;
alter table targets add constraint targets_names_check
    check (num_nulls(account_id, account_name, contract_name, service_name) in (0, 4));

update targets set account_id = mapped.account_id, account_name = mapped.account_name,
                   contract_name = mapped.contract_name, service_name = mapped.service_name
from (select distinct on (partner_id, contract_id, service_id)
             partner_id, mapped_targets.contract_id, service_id, account_id, account_name, service_name,
             coalesce(own.contract_name, company_mappings.contract_name) as contract_name
      from mapped_targets
           join company_mappings using (partner_id, company_id)
           join product_mappings using (partner_id, product_id, service_id)
           left join company_product_contracts own using (partner_id, company_id, product_id)
      order by partner_id, mapped_targets.contract_id, service_id, company_id, product_id) as mapped
where targets.partner_id = mapped.partner_id and targets.contract_id = mapped.contract_id
  and targets.service_id = mapped.service_id;
