-- Which counts go to which target: what a company's product is mapped to and billed as.
create or replace view mapped_targets as
    select partner_id, company_id, product_id, company_mappings.version,
           coalesce(own.contract_id, company_mappings.contract_id) as contract_id, product_mappings.service_id
    from company_mappings
         join product_mappings using (partner_id)
         left join company_product_contracts own using (partner_id, company_id, product_id)
         left join billing_rules using (partner_id, company_id, product_id)
    where not coalesce(not_billed, false);
