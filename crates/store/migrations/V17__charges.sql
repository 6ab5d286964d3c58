-- What the provider charges the partner for a month, as it told it last (S-28). It is shown beside the frozen count and
-- decides about no unit. A month that was told of has a row here; what is not listed in it is charged nothing.
create table charged_months (
    partner_id text not null references partners,
    month date not null check (extract(day from month) = 1),
    told_at timestamptz not null,
    primary key (partner_id, month)
);

create table charges (
    partner_id text not null,
    month date not null,
    company_id text not null,
    product_id text not null,
    users integer not null check (users >= 0),
    primary key (partner_id, month, company_id, product_id),
    foreign key (partner_id, month) references charged_months on delete cascade,
    foreign key (partner_id, company_id) references companies,
    foreign key (partner_id, product_id) references products
);
